"""What a transcript is made of is sealed and read back the same, and times are written so that they read back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.transcripts.transcript import (
    Estimate,
    Heard,
    Span,
    Speaker,
    Turn,
    Word,
    heard_from_json,
    heard_to_json,
    plain,
    timestamp,
    timestamp_ms,
    turns_from_json,
    turns_to_json,
    word_error_rate,
)

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
