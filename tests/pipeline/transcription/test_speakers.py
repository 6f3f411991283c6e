"""Who said it."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from pipeline.recording.audio import Window
from pipeline.recording.sound import RATE
from pipeline.transcription import speakers, speech
from pipeline.transcription.ready import ready
from pipeline.transcription.speakers import assign, energies, merge_channels, own_spans, turns
from pipeline.transcripts.transcript import Heard, Span, Speaker, Turn, Word
from tests import engines
from tests.pipeline.media import Samples, two_microphones

I, P, U = Speaker.INTERVIEWER, Speaker.PARTICIPANT, Speaker.UNKNOWN  # noqa: E741
Grid = NDArray[np.bool_]
BLEEDS = (-40.0, -20.0, -12.0, -6.0, -3.0)


def word(text: str, start: float, end: float | None = None, speaker: Speaker = U) -> Word:
    return Word(text=text, start=start, end=end if end is not None else start + 0.3, probability=0.9, speaker=speaker)


def voiced(samples: Samples) -> list[tuple[Span, ...]]:
    return [speech.voices(speech.floats(channel)) for channel in samples]


def grids(channels: Sequence[tuple[Span, ...]], count: int) -> Grid:
    """Speech of each channel in steps of 10 ms."""
    masks = np.zeros((len(channels), count), np.bool_)
    for mask, spans in zip(masks, channels, strict=True):
        for span in spans:
            mask[round(span.start * 100) : round(span.end * 100)] = True
    return masks


@pytest.mark.parametrize("bleed", BLEEDS)
@pytest.mark.parametrize("overlap", [-0.5, 0.3])
def test_each_channel_keeps_its_own_person(bleed: float, overlap: float) -> None:
    """Against voice detection on the clean channels, in steps of 10 ms without a collar, wherever somebody speaks."""
    samples, _ = two_microphones(bleed=bleed, overlap=overlap)
    count = samples.shape[1] * 100 // RATE
    truth = grids(voiced(two_microphones(bleed=-120.0, overlap=overlap)[0]), count)
    said = grids(own_spans(voiced(samples), energies(samples)), count)
    spoken = truth.any(axis=0)
    assert error(truth[:, spoken], said[:, spoken]) <= 0.08
    if overlap < 0:
        single = spoken & (said.astype(int).sum(axis=0) == 1)
        assert np.mean(truth[:, single] == said[:, single]) >= 0.99
    if bleed >= -20:  # the control: voice detection in each channel alone hears both people in both
        naive = grids(voiced(samples), count)
        assert error(truth[:, spoken], naive[:, spoken]) > 0.5


def error(truth: Grid, said: Grid) -> float:
    """Diarisation error: what is missed, too much or the other's, as a share of what is spoken."""
    most = np.maximum(truth.astype(int).sum(axis=0), said.astype(int).sum(axis=0))
    right = np.logical_and(truth, said).astype(int).sum(axis=0)
    return float((most - right).sum() / truth.sum())


def test_a_louder_microphone_does_not_win() -> None:
    samples, truth = two_microphones(bleed=-12.0)
    samples[1] //= 8  # 18 dB less
    own = own_spans(voiced(samples), energies(samples), balance=18.0)
    for who, start, end in truth:
        middle = (start + end) / 2
        assert any(span.start <= middle <= span.end for span in own[who])
        assert not any(span.start <= middle <= span.end for span in own[1 - who])


def test_no_speech_is_left_to_neither_channel() -> None:
    samples, _ = two_microphones(bleed=-3.0)
    count = samples.shape[1] * 100 // RATE
    found = voiced(samples)
    own = grids(own_spans(found, energies(samples)), count)
    lost = grids(found, count).any(axis=0) & ~own.any(axis=0)
    assert lost.sum() <= 0.02 * count


@pytest.mark.parametrize("bleed", [-40.0, -12.0, -3.0])
def test_from_two_channels_to_turns(tmp_path: Path, bleed: float) -> None:
    """The whole way with the real library; a channel's words come from its own stretches only, so nothing is there twice."""
    engine = speech.Engine.load(engines.scripted(tmp_path / "model", engines.script("I was there", step=0.6)), 1)
    samples, truth = two_microphones(bleed=bleed)
    waiting = ready(Window(index=0, start=0.0, samples=samples, damaged=(), final=True), balance=0.0)
    heard = [engine.hear(one.sound, seed=0, offset=0.0, speech=one.speech) for one in waiting.channels]
    assert waiting.levels is not None
    draft = turns(merge_channels(heard, waiting.levels))
    assert [turn.speaker for turn in draft] == [(I, P)[who] for who, _, _ in truth]
    for turn, (_, start, end) in zip(draft, truth, strict=True):
        assert start - 0.3 <= turn.start <= turn.end <= end + 0.3
        assert turn.text.startswith("I was there")


def heard(*words: Word) -> Heard:
    return Heard(window=Span(start=0, end=10), speech=(Span(start=0, end=10),), words=words, estimates=())


def levels(first: float, second: float) -> NDArray[np.float64]:
    return np.array([[first] * 500, [second] * 500])


def test_bleed_is_said_once_by_the_louder() -> None:
    both = [heard(word("Nobody", 1.0), word("came", 1.4)), heard(word("nobody,", 1.1), word("yes", 1.4))]
    assert [(one.text, one.speaker) for one in merge_channels(both, levels(-20, -30))] == [
        ("Nobody", I), ("came", I), ("yes", P),
    ]  # fmt: skip
    assert merge_channels(both, levels(-30, -20))[0].speaker is P
    assert merge_channels(both, levels(-20, -30), balance=20)[0].speaker is P
    swapped = merge_channels(both, levels(-20, -30), roles=(P, I))
    assert swapped[0].speaker is P


def test_a_word_repeated_later_or_by_the_same_person_stays() -> None:
    both = [heard(word("no", 1.0), word("no", 1.3)), heard(word("no", 3.0))]
    assert len(merge_channels(both, levels(-20, -30))) == 3


def test_both_are_kept_where_both_speak() -> None:
    both = [heard(word("I", 1.0), word("think", 1.3)), heard(word("mm", 1.1))]
    assert [one.text for one in merge_channels(both, levels(-20, -20))] == ["I", "mm", "think"]


def test_a_word_that_both_say_at_once_is_said_twice() -> None:
    both = [heard(word("Yes", 1.0), word("he", 1.4)), heard(word("yes,", 1.1))]
    said = merge_channels(both, levels(-20, -21))
    assert [(one.text, one.speaker) for one in said] == [("Yes", I), ("yes,", P), ("he", I)]
    assert len(merge_channels(both, levels(-20, -22))) == 2, "the control: one is clearly louder"


def test_turns_change_with_the_speaker_and_not_with_a_short_yes() -> None:
    words = [word(f"w{number}", number * 0.4, speaker=I) for number in range(6)]
    words += [word("yes", 0.9, speaker=P), word("so", 4.0, speaker=P), word("then", 8.0, speaker=P)]
    made = turns(sorted(words, key=lambda one: one.start))
    assert [(turn.number, turn.speaker, turn.text) for turn in made] == [
        (1, I, "w0 w1 w2 w3 w4 w5"), (2, P, "yes so then"),
    ]  # fmt: skip
    assert turns([]) == ()


def test_without_a_speaker_pauses_make_turns() -> None:
    words = [word("Well.", 0.0), word("Yes", 0.7), word("I", 1.9), word("do.", 2.2), word("And", 3.0), word("you", 4.3)]
    # pauses of 0.4 after a sentence, 0.9 within one, 0.5 after one, 1.0 within one
    assert [turn.text for turn in turns(words)] == ["Well. Yes I do.", "And", "you"]


def test_every_word_is_in_exactly_one_turn() -> None:
    source = np.random.default_rng(5)
    words = [
        word(f"w{number}", float(start), speaker=(I, P, U)[source.integers(3)])
        for number, start in enumerate(np.sort(source.uniform(0, 60, 200)))
    ]
    made = turns(words)
    assert sorted(one.text for turn in made for one in turn.words) == sorted(one.text for one in words)
    assert [turn.number for turn in made] == list(range(1, len(made) + 1))
    assert [turn.start for turn in made] == sorted(turn.start for turn in made)
    assert all(one.speaker is turn.speaker for turn in made for one in turn.words)


def test_assigning_changes_the_words_too() -> None:
    draft = (
        Turn(number=1, speaker=I, words=(word("a", 0, speaker=I),)),
        Turn(number=2, speaker=U, words=(word("c", 2),)),
    )
    named = assign(draft, {2: P})
    assert [turn.speaker for turn in named] == [I, P]
    assert named[1].words[0].speaker is P
    assert speakers.ROLES == (I, P)
