"""Corrections lie over the draft, and times follow the words."""

from datetime import UTC, datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.transcripts.transcript import (
    Correction,
    Estimate,
    Heard,
    NoSuchTurn,
    Span,
    Speaker,
    Turn,
    Word,
    apply,
    correction_from_json,
    correction_to_json,
    heard_from_json,
    heard_to_json,
    plain,
    retimed,
    timestamp,
    timestamp_ms,
    turns_from_json,
    turns_to_json,
    word_error_rate,
)

NOW = datetime(2026, 3, 14, 10, 30, tzinfo=UTC)
PERSON = "7f0c"


def said(text: str, start: float = 10.0, speaker: Speaker = Speaker.PARTICIPANT) -> tuple[Word, ...]:
    return tuple(
        Word(text=one, start=start + 0.5 * place, end=start + 0.5 * place + 0.4, probability=0.8, speaker=speaker)
        for place, one in enumerate(text.split())
    )


DRAFT = (
    Turn(number=1, speaker=Speaker.INTERVIEWER, words=said("What happened then", 0.0, Speaker.INTERVIEWER)),
    Turn(number=2, speaker=Speaker.PARTICIPANT, words=said("I rang the met wife on Monday")),
)


def correction(turn: int, text: str | None = None, speaker: Speaker | None = None) -> Correction:
    return Correction(turn=turn, text=text, speaker=speaker, author=PERSON, at=NOW)


def test_the_draft_stays_and_the_later_correction_counts() -> None:
    before = turns_to_json(DRAFT)
    made = apply(DRAFT, [correction(2, "I rang her"), correction(2, "I rang the midwife on Monday.")])
    assert [turn.text for turn in made] == ["What happened then", "I rang the midwife on Monday."]
    assert turns_to_json(DRAFT) == before
    assert apply(DRAFT, []) == DRAFT


def test_a_new_word_takes_the_time_of_what_it_replaces() -> None:
    words = apply(DRAFT, [correction(2, "I rang the midwife on Monday.")])[1].words
    old = DRAFT[1].words
    midwife = words[3]
    assert (midwife.start, midwife.end, midwife.probability) == (old[3].start, old[4].end, 1.0)
    assert words[:3] == old[:3]
    assert (words[5].start, words[5].end, words[5].probability) == (old[6].start, old[6].end, 1.0), (
        "a full stop was added"
    )
    assert words[4] == old[5]


def test_inserted_words_lie_between_their_neighbours_by_their_length() -> None:
    words = retimed(DRAFT[1].words, "I rang and rang the met wife on Monday afternoon")
    inserted = words[2:4]
    assert inserted[0].start >= words[0].end
    assert inserted[-1].end <= words[4].start
    assert words[-1].start == DRAFT[1].words[-1].end
    long, short = retimed(said("a b"), "wonderful it b")[:2]
    assert long.end - long.start > 3 * (short.end - short.start)


def test_nothing_said_is_an_empty_turn_that_keeps_its_time() -> None:
    turn = apply(DRAFT, [correction(2, "  ")])[1]
    assert turn.text == ""
    assert (turn.start, turn.end) == (DRAFT[1].start, DRAFT[1].end)
    again = apply(DRAFT, [correction(2, ""), correction(2, "I rang the midwife")])[1]
    assert again.text == "I rang the midwife"
    assert DRAFT[1].start <= again.start < again.end <= DRAFT[1].end


def test_a_new_speaker_is_said_of_the_words_too() -> None:
    turn = apply(DRAFT, [correction(1, speaker=Speaker.PARTICIPANT)])[0]
    assert turn.speaker is Speaker.PARTICIPANT
    assert {word.speaker for word in turn.words} == {Speaker.PARTICIPANT}
    assert turn.text == DRAFT[0].text
    assert {word.probability for word in turn.words} == {0.8}


def test_a_turn_that_is_not_there() -> None:
    with pytest.raises(NoSuchTurn, match=r"no turn 3 .* last one is 2"):
        apply(DRAFT, [correction(3, "x")])


@given(
    st.lists(st.sampled_from(["I", "was", "not", "there", "nobody", "came.", "came"]), min_size=1, max_size=12),
    st.lists(st.sampled_from(["I", "was,", "not", "here", "Nobody", "came", "two"]), min_size=1, max_size=12),
)
def test_any_edit_keeps_times_in_order_and_inside_the_turn(old: list[str], new: list[str]) -> None:
    before = said(" ".join(old))
    words = retimed(before, " ".join(new))
    assert [word.text for word in words] == new
    assert all(word.start <= word.end for word in words)
    assert all(one.end <= other.start + 1e-3 for one, other in pairwise(words))
    assert words[0].start >= before[0].start - 1e-9
    assert words[-1].end <= before[-1].end + 1e-3


words_strategy = st.builds(
    Word,
    text=st.text(min_size=1),
    start=st.floats(0, 6000),
    end=st.floats(0, 6000),
    probability=st.floats(0, 1),
    speaker=st.sampled_from(Speaker),
)
span_strategy = st.builds(Span, start=st.floats(0, 6000), end=st.floats(0, 6000))


@given(st.lists(words_strategy, max_size=5), st.lists(span_strategy, max_size=3), st.floats(-9, 0))
def test_what_is_sealed_comes_back_the_same(words: list[Word], spans: list[Span], figure: float) -> None:
    estimate = Estimate(span=Span(start=0, end=1), confidence=figure, compression=1.0, no_speech=0.1, temperature=0.2)
    heard = Heard(window=Span(start=0, end=9), speech=tuple(spans), words=tuple(words), estimates=(estimate,))
    assert heard_from_json(heard_to_json(heard)) == heard
    draft = (Turn(number=1, speaker=Speaker.UNKNOWN, words=tuple(words)),)
    assert turns_from_json(turns_to_json(draft)) == draft
    assert turns_to_json(turns_from_json(turns_to_json(draft))) == turns_to_json(draft)


def test_corrections_come_back_the_same() -> None:
    for one in (correction(1, "Straße, “so”"), correction(2, speaker=Speaker.UNKNOWN), correction(3, "")):
        assert correction_from_json(correction_to_json(one)) == one


def test_word_error_rate_counts_words_and_not_how_they_are_written() -> None:
    assert word_error_rate("I didn’t know, Nadia.", "i didn't know nadia") == 0
    assert word_error_rate("one two three four", "one three for") == pytest.approx(0.5)
    assert word_error_rate("a b", "a x b") == pytest.approx(0.5)
    assert word_error_rate("", "") == 0
    assert word_error_rate("– …", "two words") == 2


def test_plain_words() -> None:
    assert [plain(word) for word in ("“Don’t!”", "self-harm.", "–", "Straße", "2:30,")] == [
        "don't", "self-harm", "", "strasse", "2:30",
    ]  # fmt: skip


@given(st.floats(0, 100_000))
def test_times_are_written_so_that_they_read_back(seconds: float) -> None:
    text = timestamp_ms(seconds, ",")
    clock, _, fraction = text.partition(",")
    assert len(fraction) == 3
    hours, minutes, rest = (int(part) for part in clock.split(":"))
    assert minutes < 60 and rest < 60
    assert hours * 3600 + minutes * 60 + rest + int(fraction) / 1000 == pytest.approx(seconds, abs=0.000501)
    assert timestamp(seconds) == clock


def test_rounding_carries_over() -> None:
    assert timestamp_ms(59.9996) == "00:01:00.000"
    assert timestamp(62.4) == "00:01:02"
    assert timestamp(3599.9999) == "01:00:00"
    assert timestamp(-0.2) == "00:00:00"
