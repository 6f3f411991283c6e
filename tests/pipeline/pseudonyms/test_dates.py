"""Dates as people say and write them, and what is said in their place."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.pseudonyms.dates import Relative, Said, Shift, instead, read
from pipeline.pseudonyms.hits import Rule
from pipeline.pseudonyms.names import Kind, NameKey, Term, replace
from pipeline.pseudonyms.uk_patterns import find
from tests.pipeline import corpus

MARCH = Relative(origin=date(2021, 3, 3), called="the birth")


def said(month: int, day: int | None, year: int | None = None, weekday: str = "") -> Said:
    return Said(year=year, month=month, day=day, weekday=weekday)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("3 June 2021", said(6, 3, 2021)),
        ("3rd of June", said(6, 3)),
        ("the third of March", said(3, 3)),
        ("March the third", said(3, 3)),
        ("June 3rd, 2021", said(6, 3, 2021)),
        ("Sept 9", said(9, 9)),
        ("03/06/2021", said(6, 3, 2021)),
        ("3.6.21", said(6, 3, 2021)),
        ("2021-06-03", said(6, 3, 2021)),
        ("4/5/87", said(5, 4, 1987)),
        ("June 2021", said(6, None, 2021)),
        ("June ’21", said(6, None, 2021)),
        ("March of nineteen ninety four", said(3, None, 1994)),
        ("the twenty-first of June two thousand and nineteen", said(6, 21, 2019)),
        ("the eleventh of May twenty twenty", said(5, 11, 2020)),
        ("the first of May twenty oh five", said(5, 1, 2005)),
        ("the first of May nineteen hundred and five", said(5, 1, 1905)),
        ("Tuesday, the fourteenth of March", said(3, 14, None, "Tuesday")),
        ("the third of the sixth twenty nineteen", said(6, 3, 2019)),
        ("the 3rd of the 6th", said(6, 3)),
        ("Christmas Day", said(12, 25)),
        ("Boxing Day 2019", said(12, 26, 2019)),
        ("New Year’s Eve", said(12, 31)),
    ],
)
def test_a_date_is_read_however_it_is_said(text: str, expected: Said) -> None:
    assert read(text) == expected


@pytest.mark.parametrize(
    "text", ["the 14th", "Tuesday the fourteenth", "Easter Monday", "Good Friday 2019", "3/13/2021", "2014"]
)
def test_what_says_too_little_is_no_date(text: str) -> None:
    assert read(text) is None
    assert instead(text, Shift(weeks=5)) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("3 June 2021", "8 July 2021"),
        ("the third of March", "7 April"),
        ("Tuesday, the fourteenth of March", "Tuesday 18 April"),
        ("03/12/2021", "7 January 2022"),
        ("June 2021", "July 2021"),
        ("29 February", "4 April"),
        ("31 June", None),
    ],
)
def test_a_shifted_date_is_five_weeks_later(text: str, expected: str | None) -> None:
    assert instead(text, Shift(weeks=5)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("the third of March", "the day of the birth"),
        ("4 March", "1 day after the birth"),
        ("Tuesday, the fourteenth of March", "11 days after the birth"),
        ("20 February 2021", "11 days before the birth"),
        ("28 December", "9 weeks before the birth"),
        ("3 June 2022", "65 weeks after the birth"),
        ("3 June 2013", "7 years before the birth"),
        ("29 February", "53 weeks before the birth"),
        ("March 2021", "the month of the birth"),
        ("January 2021", "2 months before the birth"),
    ],
)
def test_a_relative_date_is_a_time_from_one_day(text: str, expected: str) -> None:
    assert instead(text, MARCH) == expected


@given(st.dates(date(1950, 1, 1), date(2049, 12, 1)), st.integers(-26, 26))
def test_any_way_to_write_a_day_shifts_by_the_same_weeks_and_keeps_its_weekday(day: date, weeks: int) -> None:
    other = day + timedelta(weeks=weeks)
    ways = {
        f"{day:%Y-%m-%d}",
        f"{day.day}/{day.month}/{day.year}",
        f"{day.day} {day:%B} {day.year}",
        f"{day:%B} {day.day}, {day.year}",
    }
    assert {instead(way, Shift(weeks=weeks)) for way in ways} == {f"{other.day} {other:%B} {other.year}"}
    assert (
        instead(f"{day:%A} {day.day} {day:%B} {day.year}", Shift(weeks=weeks))
        == f"{other:%A} {other.day} {other:%B} {other.year}"
    )


def test_in_a_text_dates_are_replaced_and_terms_of_the_key_come_first() -> None:
    key = NameKey([Term(id="T1", real="the third of March", replacement="the birthday", kind=Kind.DATE)])
    text = "On the third of March, on 3 June 2021 and on the 14th."
    assert replace(text, key.with_dates(Shift(weeks=5))).text == "On [the birthday], on [8 July 2021] and on the 14th."
    assert replace(text, key).text == "On [the birthday], on 3 June 2021 and on the 14th."


def test_most_dates_of_the_corpus_can_be_shifted() -> None:
    dates = [text for text in corpus.PATTERNS if any(hit.rule in (Rule.DATE, Rule.BIRTH) for hit in find(text))]
    unread = [text for text in dates if instead(text, Shift(weeks=5)) is None]
    assert len(dates) >= 16
    assert unread == ["Tuesday the fourteenth"]
