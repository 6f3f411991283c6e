"""The machine's errors are counted by what they are, and by what they are about."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.transcription.doubt_rules import critical_lists
from pipeline.transcripts.accuracy import Accuracy, Tally, measure
from pipeline.transcripts.corrections import Change, Correction, Merge, Revision, Split
from pipeline.transcripts.standing import stand
from pipeline.transcripts.transcript import Speaker, Turn, Word, word_error_rate

NOON = datetime(2026, 3, 14, 12, tzinfo=UTC)
NAMES = frozenset({"marlowe", "eastmere"})


def draft(*texts: str, speaker: Speaker = Speaker.UNKNOWN) -> tuple[Turn, ...]:
    turns = []
    for number, text in enumerate(texts, 1):
        words = tuple(
            Word(text=one, start=10 * number + place, end=10 * number + place + 0.9, probability=0.9, speaker=speaker)
            for place, one in enumerate(text.split())
        )
        turns.append(Turn(number=number, speaker=speaker, words=words))
    return tuple(turns)


def measured(turns: tuple[Turn, ...], *changes: Change) -> Accuracy:
    corrections = [
        Correction(number=number, author="ruth", at=NOON, change=change) for number, change in enumerate(changes, 1)
    ]
    return measure(stand(turns, corrections).standing, critical_lists(), NAMES)


def test_a_draft_that_nobody_corrected_has_no_errors() -> None:
    found = measured(draft("He did not come."))
    assert (found.every, found.every.rate) == (Tally(words=4), 0.0)
    assert found.kinds["negation"] == Tally(words=1)


def test_marks_in_brackets_are_no_words_that_were_missed() -> None:
    changed = Revision(texts={1: "he [inaudible 00:00:11] came (3) in [laughs] (laughs)"})
    assert measured(draft("he came in"), changed).every == Tally(words=3)
    assert measured(draft("he came in"), Revision(texts={1: "he came (twice) in"})).every == Tally(words=4, missed=1)


def test_errors_are_told_apart() -> None:
    changed = Revision(texts={1: "The midwife came, and went on Monday"})
    found = measured(draft("the met wife came and went"), changed)
    assert found.every == Tally(words=7, wrong=1, missed=2, invented=1)
    assert found.every.rate == pytest.approx(4 / 7)


@pytest.mark.parametrize(
    ("heard", "said", "kind", "tally"),
    [
        ("he can come", "he can't come", "negation", Tally(words=1, wrong=1)),
        ("he can't come", "he can come", "negation", Tally(wrong=1)),
        ("he came not", "he came", "negation", Tally(invented=1)),
        ("she was fifteen then", "she was fifty then", "number", Tally(words=1, wrong=1)),
        ("I told Marlow", "I told Marlowe's", "name", Tally(words=1, wrong=1)),
        ("in", "in Eastmere", "name", Tally(words=1, missed=1)),
    ],
)
def test_an_error_counts_for_what_it_is_about(heard: str, said: str, kind: str, tally: Tally) -> None:
    found = measured(draft(heard), Revision(texts={1: said}))
    assert found.kinds[kind] == tally
    assert {other: one.errors for other, one in found.kinds.items() if one.errors} == {kind: 1}


def test_how_a_word_is_written_is_no_error() -> None:
    assert measured(draft("well i dont know"), Revision(texts={1: "Well, I … dont know!"})).every == Tally(words=4)


def test_a_speaker_is_wrong_or_was_not_known() -> None:
    two = draft("one two three", speaker=Speaker.INTERVIEWER)
    cut = Split(turn=1, at=3, new=2, speaker=Speaker.PARTICIPANT)
    assert measured(two, cut).wrong_speaker == 2
    assert measured(draft("one two"), Revision(speakers={1: Speaker.PARTICIPANT})).unknown_speaker == 2
    assert measured(two, cut).every == Tally(words=3)


def test_turns_that_were_merged_are_compared_with_all_they_came_from() -> None:
    found = measured(draft("one two", "three four"), Merge(turn=1, other=2), Revision(texts={1: "one two three five"}))
    assert found.every == Tally(words=4, wrong=1)


def test_what_is_kept_is_counts_and_comes_back_the_same() -> None:
    found = measured(draft("I told Marlow twice"), Revision(texts={1: "I told Marlowe once"}))
    kept = found.to_json()
    assert Accuracy.from_json(kept) == found
    assert "arlow" not in repr(kept)


@given(*[st.lists(st.sampled_from(["a", "b", "not", "two"]), min_size=1, max_size=9).map(" ".join)] * 2)
def test_the_rate_is_the_word_error_rate(heard: str, said: str) -> None:
    assert measured(draft(heard), Revision(texts={1: said})).every.rate == pytest.approx(word_error_rate(said, heard))
