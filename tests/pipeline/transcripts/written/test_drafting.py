"""What was written elsewhere becomes turns with a speaker and times, and nothing is claimed that the file did not say."""

from itertools import pairwise

import pytest

from pipeline.transcription.imported import has_times, laid
from pipeline.transcripts.transcript import Speaker, Turn, Word
from pipeline.transcripts.written.drafting import Drafted, draft, paced, roles
from pipeline.transcripts.written.reading import parse

ONE, TWO, NOBODY = Speaker.INTERVIEWER, Speaker.PARTICIPANT, Speaker.UNKNOWN


def drafted(*lines: str, given: dict[str, Speaker] | None = None) -> Drafted:
    written = parse("\n".join(lines).encode())
    return draft(written, roles(written, given or {}))


def turns(made: Drafted) -> list[tuple[Speaker, str]]:
    return [(turn.speaker, turn.text) for turn in made.turns]


@pytest.mark.parametrize(
    ("tags", "given", "expected"),
    [
        (["Interviewer", "Participant"], {}, [ONE, TWO]),
        (["Q", "A"], {}, [ONE, TWO]),
        (["Anna", "Ben"], {}, [NOBODY, NOBODY]),
        (["Anna", "Ben"], {"ben": ONE}, [TWO, ONE]),
        (["Interviewer", "HV1"], {}, [ONE, TWO]),
        (["Interviewer", "Anna", "Ben"], {}, [ONE, NOBODY, NOBODY]),
        (["I", "Anna", "Ben"], {"anna": TWO, "ben": TWO}, [ONE, TWO, TWO]),
    ],
)
def test_who_the_tags_stand_for(tags: list[str], given: dict[str, Speaker], expected: list[Speaker]) -> None:
    written = parse("\n".join(f"{tag}: Yes." for tag in tags * 2).encode())
    assert list(roles(written, given).values()) == expected


def test_paragraphs_stay_turns_and_go_on_with_the_speaker() -> None:
    made = drafted("I: What happened?", "P: I rang her.", "", "Nobody answered.", "I: And then?")
    assert turns(made) == [(ONE, "What happened?"), (TWO, "I rang her."), (TWO, "Nobody answered."), (ONE, "And then?")]
    assert not made.timed and not has_times(made.turns)


def test_captions_are_joined_until_somebody_else_speaks_or_pauses() -> None:
    cues = [(0, 2, "I: One"), (2, 4, "two."), (4, 5, "P: Three."), (7, 8, "Four."), (8, 9, "I: Five.")]
    made = drafted("WEBVTT", *(f"\n00:0{start}.000 --> 00:0{end}.000\n{text}" for start, end, text in cues))
    assert turns(made) == [(ONE, "One two."), (TWO, "Three."), (TWO, "Four."), (ONE, "Five.")]
    assert [word.start for word in made.turns[0].words] == [0.0, 2.0], "each caption keeps its own time"
    assert (made.turns[2].start, made.turns[2].end) == (7.0, 8.0)


def test_a_dash_in_a_caption_is_somebody_else_and_nobody_says_who() -> None:
    cues = [(0, 2, "I: One"), (2, 4, "- Two\n– Three"), (4, 5, "four"), (5, 6, "- I: Five"), (6, 7, "- Six")]
    made = drafted("WEBVTT", *(f"\n00:0{start}.000 --> 00:0{end}.000\n{text}" for start, end, text in cues))
    assert turns(made) == [(ONE, "One"), (NOBODY, "Two"), (NOBODY, "Three four"), (ONE, "Five"), (NOBODY, "Six")]


def test_a_long_caption_turn_ends_with_a_sentence() -> None:
    cues = [f"\n00:{second:02}.000 --> 00:{second + 5:02}.000\nand so it went." for second in range(0, 55, 5)]
    made = drafted("WEBVTT", *cues)
    assert [turn.end - turn.start for turn in made.turns] == [35.0, 20.0]


def test_times_between_those_of_the_file_follow_the_letters() -> None:
    made = drafted("[00:10] I: aaaa", "P: bbbbbbbb", "[00:22] I: cccc", "P: dddd")
    assert made.timed
    starts = [turn.start for turn in made.turns]
    assert starts[0] == 10.0 and starts[2] == 22.0
    assert starts[1] == pytest.approx(10 + 12 * 4 / 12)
    assert starts[3] > 22.0
    assert all(one.end <= other.start for one, other in pairwise(made.turns))


def test_times_at_the_end_of_paragraphs() -> None:
    made = drafted("I: aaaa #00:00:04-0#", "P: bbbb #00:00:10-0#")
    assert [(turn.start, turn.end) for turn in made.turns] == [(pytest.approx(3.68), 4.0), (4.0, 10.0)]


def test_a_time_that_goes_back_is_named_and_not_used() -> None:
    made = drafted("[01:00] I: one", "[00:10] P: two", "[01:10] I: three", "P: four")
    assert [problem.place for problem in made.problems] == [2]
    assert all(one.start <= other.start for one, other in pairwise(made.turns))


def test_without_times_or_sound_it_is_as_if_read_aloud() -> None:
    made = paced(drafted("I: What happened?", "P: I rang her.").turns)
    assert all(word.end > word.start for turn in made for word in turn.words)
    assert made[0].end < made[1].start


def test_words_without_times_take_those_of_what_the_model_heard() -> None:
    heard = [
        Word(text=text, start=float(place), end=place + 0.5, probability=0.4)
        for place, text in enumerate(["what", "happen", "then", "i", "rang", "the", "met", "wife", "yes"])
    ]
    made = laid(drafted("I: What happened then?", "P: I rang the midwife, yes. Certainly.").turns, heard)
    flat = [(word.text, word.start, word.end) for turn in made for word in turn.words]
    assert flat[0] == ("What", 0.0, 0.5) and flat[1] == ("happened", 1.0, 1.5)
    assert [start for text, start, _ in flat if text in {"I", "rang", "the"}] == [3.0, 4.0, 5.0]
    assert 6.0 <= next(start for text, start, _ in flat if text.startswith("midwife")) <= 7.5
    assert all(one[1] <= other[1] + 1e-6 for one, other in pairwise(flat))
    assert [turn.speaker for turn in made] == [ONE, TWO]
    assert {word.speaker for word in made[1].words} == {TWO}


def test_where_nothing_was_heard_there_are_no_times() -> None:
    made = drafted("I: What happened?").turns
    assert laid(made, []) == made
    assert isinstance(made[0], Turn)
