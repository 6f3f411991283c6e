"""Two voices in one channel: what is said of them is right, and where they cannot be told apart nothing is said.

The sample conversations of the demo are spoken by synthetic voices, and their words have exact times.
"""

import json
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from demo.sample import SAMPLE
from pipeline.recording.sound import RATE
from pipeline.transcription import mixtures, one_channel, timbre, voices
from pipeline.transcription.ears import Frames
from pipeline.transcription.one_channel import who_asks
from pipeline.transcription.speakers import in_order
from pipeline.transcription.timbre import Cepstra
from pipeline.transcription.untrained import tell_apart
from pipeline.transcription.voices import Voices
from pipeline.transcripts.transcript import Speaker, Word
from tests.pipeline import media

I, P, U = Speaker.INTERVIEWER, Speaker.PARTICIPANT, Speaker.UNKNOWN  # noqa: E741


@cache
def sample(number: int) -> tuple[tuple[Word, ...], Cepstra]:
    """The words of a sample with who said them, and how its one channel sounds."""
    turns = json.loads((SAMPLE / f"conversation-{number}.json").read_text())["turns"]
    words = sorted((start, end, text, turn["speaker"]) for turn in turns for text, start, end in turn["words"])
    sound = media.sound((SAMPLE / f"conversation-{number}.m4a").read_bytes())
    made = (
        Word(text=text, start=start, end=end, probability=1, speaker=Speaker(who)) for start, end, text, who in words
    )
    return tuple(made), timbre.cepstra(sound[0])


@cache
def told(number: int) -> Voices:
    return tell_apart(*sample(number))


def word(text: str, start: float, speaker: Speaker = U) -> Word:
    return Word(text=text, start=start, end=start + 0.3, probability=0.9, speaker=speaker)


def test_words_of_two_voices_are_told_apart_and_none_is_given_to_the_wrong_one() -> None:
    words, _ = sample(1)
    made = one_channel.labelled([replace(word, speaker=U) for word in words], told(1).labels(words))
    found = [one.speaker for turn in made for one in turn.words]
    right = [who is word.speaker for who, word in zip(found, words, strict=True) if who is not U]
    assert all(right)
    assert len(right) > 0.6 * len(words)
    assert [one.text for turn in made for one in turn.words] == [word.text for word in words], (
        "in the order they were said"
    )
    assert all(one.speaker is turn.speaker for turn in made for one in turn.words)


def test_one_voice_alone_is_not_cut_in_two() -> None:
    words, sound = sample(1)
    alone = [word for word in words if word.speaker is P]
    found = tell_apart(alone, sound)
    assert not found.apart
    assert set(found.labels(alone)) == {None}
    assert told(1).apart, "the control: with both of them it is told"


def test_of_a_short_conversation_nothing_wrong_is_said() -> None:
    words, _ = sample(2)
    labels = told(2).labels(words)
    pairs = {(label, word.speaker) for label, word in zip(labels, words, strict=True) if label is not None}
    assert len({speaker for _, speaker in pairs}) == len({label for label, _ in pairs}) == len(pairs)


@pytest.mark.parametrize("words", [[], [word("Well", 0.5)], [word("so", n * 0.4) for n in range(20)]])
def test_with_next_to_nothing_said_nobody_is_named(words: list[Word]) -> None:
    sound = np.random.default_rng(1).normal(size=(500, timbre.SIZE)).astype(np.float32)
    assert set(tell_apart(words, sound).labels(words)) <= {None}
    made = one_channel.labelled(words, tell_apart(words, sound).labels(words))
    assert [one.text for turn in made for one in turn.words] == [one.text for one in words]


def test_words_after_the_end_of_the_sound_do_no_harm() -> None:
    words, sound = sample(2)
    assert len(tell_apart(words, sound[: len(sound) * 2 // 3]).labels(words)) == len(words)


def test_the_same_recording_gives_the_same_labels() -> None:
    assert np.array_equal(tell_apart(*sample(2)).runs, told(2).runs)


RUNS = np.array([[0.99, 0.95, 0.6, 0.02, 0.5], [0.99, 0.85, 0.7, 0.05, 0.4]])


def test_a_breath_goes_with_what_is_sure_in_it_unless_it_leans_the_other_way() -> None:
    words = [word("a", 0.0), word("b", 0.3), word("c", 0.6), word("d", 2.0), word("e", 4.0)]
    assert Voices(runs=RUNS).labels(words) == [0, 0, 0, 1, None]
    parted = [word("a", 0.0), word("b", 1.0), word("c", 2.0), word("d", 3.0), word("e", 4.0)]
    assert Voices(runs=RUNS).labels(parted) == [0, None, None, 1, None]
    leaning = RUNS.copy()
    leaning[:, 2] = 0.4
    assert Voices(runs=leaning).labels(words) == [0, None, None, 1, None]
    between = np.array([[0.99, 0.7, 0.99, 0.3]] * 2)
    assert Voices(runs=between).labels([*words[:3], word("d", 0.9)]) == [0, 0, 0, None]


def test_a_word_that_sounds_like_the_other_voice_by_itself_or_with_the_next_is_not_certain() -> None:
    words = [word(text, 0.3 * n) for n, text in enumerate("abcde")]
    runs = np.array([[0.99, 0.99, 0.99, 0.99, 0.02]] * 2)
    assert Voices(runs=runs).labels(words) == [0, 0, 0, 0, 1], "the control"

    def labels(*moments: int, words: list[Word] = words) -> list[int | None]:
        return Voices(runs=runs, moments=np.array(moments, np.int8)).labels(words)

    assert labels(1, 1, 1, 0, -1) == labels(0, 0, 0, 0, 0) == [0, 0, 0, 0, 1]
    assert labels(1, -1, 1, 0, -1) == [0, None, None, 0, 1]
    assert labels(1, 1, 1, 0, 1) == [0, 0, 0, 0, None]
    parted = [replace(one, start=2 * one.start, end=2 * one.start + 0.3) for one in words]
    assert labels(1, -1, 1, 0, -1, words=parted) == [0, None, 0, 0, 1], "after a pause the next word says nothing"


def test_what_words_sound_like_by_themselves_is_told_of_the_same_voice_as_the_runs() -> None:
    found = told(1)
    assert found.moments is not None
    same = np.sign(found.runs.mean(axis=0) - 0.5) == found.moments
    assert same.mean() > 0.95


def test_runs_that_do_not_agree_are_not_two_voices_even_where_another_way_bears_them_out() -> None:
    steady = np.array([[0.9, 0.8, 0.9, 0.1, 0.2, 0.1]] * 3)
    loose = steady.copy()
    loose[1, :3], loose[2, 3:] = 0.4, 0.6
    for runs, apart in ((steady, True), (loose, False)):
        voices = Voices(runs=runs, second=steady[:1])
        assert voices.accord == 1.0
        assert voices.apart is apart


def test_runs_that_do_not_agree_name_nobody() -> None:
    runs = np.array([[0.99, 0.99, 0.01, 0.01], [0.99, 0.01, 0.99, 0.01]])
    assert Voices(runs=runs).agreement == 0.5
    assert Voices(runs=runs).labels([word(text, n) for n, text in enumerate("abcd")]) == [None] * 4


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("0 so? 0 and? 1 yes 1 no 0 when?", 0),
        ("1 so? 1 and? 0 yes 0 no", 1),
        ("0 hello 1 so? 1 and? 1 then? 1 why? 0 yes", 1),
        ("0 hello 1 yes 0 well", None),
        ("0 hello 1 yes? 0 well", None),
        ("0 so? 0 and?", None),
        ("- so? - and?", None),
    ],
)
def test_who_asks_is_a_proposal_from_questions_and_beginning(said: str, expected: int | None) -> None:
    parts = said.split()
    words = [word(text, float(n)) for n, text in enumerate(parts[1::2])]
    assert who_asks(words, [None if label == "-" else int(label) for label in parts[::2]]) is expected


def test_where_nobody_is_known_to_ask_turns_are_still_cut_at_the_voice() -> None:
    words = [word(text, 0.3 * n) for n, text in enumerate(["well", "yes", "no", "so"])]
    made = one_channel.labelled(words, [0, 0, 1, 1])
    assert [(turn.speaker, turn.text) for turn in made] == [(U, "well yes"), (U, "no so")]
    assert len(one_channel.labelled(words, [None] * 4)) == 1


def test_turns_of_one_channel_follow_each_other() -> None:
    words = [
        word("Thank", 0, I), word("you", 0.4, I), word("um", 0.8, U), word("yes", 1.2, U), word("so", 3.0, U),
        word("it", 3.4, P), word("was", 9.0, P), word("then", 9.4, I),
    ]  # fmt: skip
    made = in_order(words)
    assert [(turn.number, turn.speaker, turn.text) for turn in made] == [
        (1, I, "Thank you"), (2, U, "um yes"), (3, U, "so"), (4, P, "it was"), (5, I, "then"),
    ]  # fmt: skip
    assert in_order([]) == ()


def test_the_pace_is_that_of_the_quickest_stretch(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([0.0, 3.0, 10.0, 11.0, 20.0, 22.0])
    monkeypatch.setattr("time.thread_time", lambda: next(clock))
    frames = Frames(timbre.cepstra, timbre.HOP, np.float32)
    assert frames.pace == 0.0, "before anything was heard"
    for pace in (3.0, 1.0, 1.0):
        frames.add(np.zeros(RATE, np.int16))
        assert frames.pace == pytest.approx(pace)


def test_cepstra_do_not_depend_on_how_a_recording_is_cut_up_or_how_loud_it_is() -> None:
    sound = media.person("woman")[0]
    whole = timbre.cepstra(sound)
    assert whole.shape == (len(sound) * 50 // RATE, timbre.SIZE)
    parts = Frames(timbre.cepstra, timbre.HOP, np.float32)
    for first, last in pairwise([0, 10_001, 10_002, 50_003, len(sound)]):
        parts.add(sound[first:last])
    # 25 ms windows reach a little over the cuts
    assert np.median(np.abs(parts.close() - whole)) < 1e-6
    assert parts.close().shape == whole.shape
    loud = np.abs(whole[:, 0]) > np.median(np.abs(whole[:, 0]))
    assert np.median(np.abs(timbre.cepstra(sound // 2)[loud] - whole[loud])) < 0.05
    assert Frames(timbre.cepstra, timbre.HOP, np.float32).close().shape == (0, timbre.SIZE)


def test_stretches_of_two_kinds_fall_into_two_groups() -> None:
    chance = np.random.default_rng(3)
    stretches = [chance.normal(place % 2, 1, (chance.integers(20, 60), 4)) for place in range(30)]
    groups = mixtures.halves(stretches)
    assert sorted([*groups[0], *groups[1]]) == list(range(30))
    assert {frozenset(place % 2 for place in group) for group in groups} == {frozenset({0}), frozenset({1})}


def test_a_mixture_finds_where_the_frames_are() -> None:
    chance = np.random.default_rng(4)
    frames = np.concatenate([chance.normal(-3, 0.5, (300, 2)), chance.normal(3, 0.5, (100, 2))]).astype(np.float32)
    made = mixtures.fit(frames, 2, chance)
    assert sorted(np.round(made.means[:, 0])) == [-3, 3]
    assert made.weights.max() == pytest.approx(0.75, abs=0.02)
    assert np.allclose(made.shares(frames).sum(axis=0), 1)
    near = made.likelihood(frames).mean()
    assert near > made.likelihood(frames + 5).mean()
    moved = made.adapted(frames + 1, made.shares(frames))
    assert np.all(moved.means > made.means)
    assert np.allclose(made.adapted(frames, np.zeros((2, 400), np.float32)).means, made.means), (
        "nothing heard moves nothing"
    )


def brute(evidence: Sequence[float], same: Sequence[float]) -> list[float]:
    """The probability of the first voice for each word, over every way the words can be shared out."""
    count = len(evidence)
    total, first = 0.0, [0.0] * count
    for ways in range(2**count):
        voice = [ways >> place & 1 for place in range(count)]
        weight = float(np.exp(sum(one for one, who in zip(evidence, voice, strict=True) if who == 0)))
        for place in range(1, count):
            weight *= same[place] if voice[place] == voice[place - 1] else 1 - same[place]
        total += weight
        for place in range(count):
            first[place] += weight * (voice[place] == 0)
    return [one / total for one in first]


@given(st.lists(st.tuples(st.floats(-4, 4), st.floats(0.05, 0.95)), min_size=1, max_size=6))
def test_smoothing_is_what_counting_every_way_gives(pairs: list[tuple[float, float]]) -> None:
    evidence, same = [one for one, _ in pairs], [one for _, one in pairs]
    found = voices.smoothed(np.array(evidence), np.array(same))
    assert found == pytest.approx(brute(evidence, same), abs=1e-6)
