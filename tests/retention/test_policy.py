"""What is due when: a pure function of a schedule and the dates of a conversation."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from configs import names, read
from retention.policy import (
    LONGEST,
    BadSchedule,
    Dates,
    Deadline,
    ObjectClass,
    Period,
    Rule,
    Schedule,
    Trigger,
    deadlines,
    parse,
    parse_period,
    review_deadlines,
)

RULE = '[[rule]]\nclass = "recording"\nafter = "signed off"\nperiod = "P0D"\nbackstop = "P6M"\n'
NOTHING = Dates(recorded=None, signed_off=None, review_closed=None)


def day(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("period", "start", "end"),
    [
        ("P0D", "2026-01-31", "2026-01-31"),
        ("P14D", "2026-02-20", "2026-03-06"),
        ("P2W", "2028-02-20", "2028-03-05"),
        ("P1M", "2026-01-31", "2026-02-28"),
        ("P1M", "2028-01-31", "2028-02-29"),
        ("P1M", "2026-03-31", "2026-04-30"),
        ("P6M", "2026-08-31", "2027-02-28"),
        ("P1Y", "2028-02-29", "2029-02-28"),
        ("P4Y", "2028-02-29", "2032-02-29"),
        ("P12M", "2026-12-15", "2027-12-15"),
        ("P1Y2M10D", "2026-12-25", "2028-03-06"),
        ("P75Y", "2026-11-22", "2101-11-22"),
    ],
)
def test_a_period_ends_on_its_day(period: str, start: str, end: str) -> None:
    assert parse_period(period).after(day(start)) == day(end)


def test_the_time_of_day_stays() -> None:
    start = datetime(2026, 1, 31, 23, 59, 58, 7, tzinfo=UTC)
    assert parse_period("P1M").after(start) == datetime(2026, 2, 28, 23, 59, 58, 7, tzinfo=UTC)


@pytest.mark.parametrize(
    "period", ["", "P", "14D", "PT1H", "P1DT1H", "P-1D", "P1.5D", "P1D1M", "p1d", " P1D", "P1D\n", "PD", "P1"]
)
def test_anything_else_is_no_period(period: str) -> None:
    with pytest.raises(BadSchedule):
        parse_period(period)


@pytest.mark.parametrize("period", [f"P{LONGEST + 1}Y", "P99999999999999999999D", "P9999999999M"])
def test_a_period_beyond_the_calendar_is_refused(period: str) -> None:
    with pytest.raises(BadSchedule, match="longer than"):
        parse_period(period)


@given(months=st.integers(0, 12 * LONGEST), days=st.integers(0, 366 * LONGEST), start=st.datetimes())
def test_a_period_never_ends_before_it_begins(months: int, days: int, start: datetime) -> None:
    start = start.replace(year=2000 + start.year % 100, day=min(start.day, 28), tzinfo=UTC)
    assert Period(months=months, days=days).after(start) >= start


@given(months=st.integers(0, 1200), start=st.datetimes(day("2000-01-01").replace(tzinfo=None)))
def test_a_period_of_months_ends_in_that_month(months: int, start: datetime) -> None:
    start = start.replace(year=2000 + start.year % 100, day=min(start.day, 28))
    end = Period(months=months, days=0).after(start)
    assert 12 * end.year + end.month == 12 * start.year + start.month + months


moments = st.none() | st.datetimes(datetime(2020, 1, 1), datetime(2060, 1, 1), timezones=st.just(UTC))
periods = st.builds(Period, months=st.integers(0, 240), days=st.integers(0, 4000))
rules = st.builds(
    Rule,
    object_class=st.sampled_from([ObjectClass.RECORDING, ObjectClass.EXTRACTS]),
    trigger=st.sampled_from(Trigger),
    period=periods,
    backstop=st.none() | periods,
)
dates = st.builds(Dates, recorded=moments, signed_off=moments, review_closed=moments, keep_until=moments)


@given(rule=rules, known=dates)
def test_nothing_is_due_before_what_it_counts_from(rule: Rule, known: Dates) -> None:
    (line,) = deadlines(Schedule(name="any", rules=(rule,)), known)
    starts = {
        Trigger.SIGNED_OFF: known.signed_off,
        Trigger.RECORDED: known.recorded,
        Trigger.REVIEW_CLOSED: known.review_closed,
    }
    start = starts[rule.trigger]
    if known.recorded is None:
        assert (line.at, line.reason) == (known.review_closed, "never recorded, review closed")
    elif line.at is None:
        assert start is None
        assert rule.backstop is None
        assert line.reason == f"waits for {rule.trigger}"
    elif line.reason.endswith("extended"):
        assert line.at == known.keep_until
    elif line.reason.startswith("period"):
        assert start is not None
        assert line.at == rule.period.after(start) >= start
        assert line.at_once is (line.at == start)
    else:
        assert rule.backstop is not None
        assert line.at == rule.backstop.after(known.recorded) >= known.recorded


@given(rule=rules, known=dates)
def test_nothing_outlives_its_backstop_unless_it_was_extended(rule: Rule, known: Dates) -> None:
    (line,) = deadlines(Schedule(name="any", rules=(rule,)), known)
    if rule.backstop is not None and known.recorded is not None:
        last = rule.backstop.after(known.recorded)
        assert line.at is not None
        assert line.at <= max(last, known.keep_until or last)


@given(rule=rules, known=dates, until=moments)
def test_an_extension_never_shortens_and_keeps_recordings_only(
    rule: Rule, known: Dates, until: datetime | None
) -> None:
    schedule = Schedule(name="any", rules=(rule,))
    (without,), (line,) = (deadlines(schedule, replace(known, keep_until=day)) for day in (None, until))
    if without.at is not None and line.at is not None:
        assert line.at == without.at or line.at == until
        assert line.at >= without.at
    if rule.object_class is ObjectClass.EXTRACTS:
        assert line == without


def planned(text: str, known: Dates) -> dict[ObjectClass, Deadline]:
    return {line.object_class: line for line in deadlines(parse(text), known)}


def test_the_backstop_counts_when_nobody_signs_off() -> None:
    known = Dates(recorded=day("2026-08-31"), signed_off=None, review_closed=None)
    line = planned(f'name = "x"\n{RULE}', known)[ObjectClass.RECORDING]
    assert (line.at, line.reason) == (day("2027-02-28"), "backstop after recorded")


def test_the_earlier_of_period_and_backstop_counts() -> None:
    text = f'name = "x"\n{RULE.replace("P0D", "P1Y")}'
    known = Dates(recorded=day("2026-01-01"), signed_off=day("2026-02-01"), review_closed=None)
    assert planned(text, known)[ObjectClass.RECORDING].at == day("2026-07-01")
    early = planned(text.replace("P1Y", "P1M"), known)[ObjectClass.RECORDING]
    assert (early.at, early.reason) == (day("2026-03-01"), "period after signed off")


def test_an_extension_moves_backstop_and_period() -> None:
    text = f'name = "x"\n{RULE}'
    kept = Dates(recorded=day("2026-01-01"), signed_off=None, review_closed=None, keep_until=day("2027-01-01"))
    line = planned(text, kept)[ObjectClass.RECORDING]
    assert (line.at, line.reason) == (day("2027-01-01"), "backstop after recorded, extended")
    signed = Dates(
        recorded=day("2026-01-01"), signed_off=day("2026-03-01"), review_closed=None, keep_until=day("2027-01-01")
    )
    assert planned(text, signed)[ObjectClass.RECORDING].at == day("2027-01-01")
    assert planned(text, replace(signed, keep_until=None))[ObjectClass.RECORDING].at == day("2026-03-01")
    shorter = Dates(recorded=day("2026-01-01"), signed_off=None, review_closed=None, keep_until=day("2026-02-01"))
    assert planned(text, shorter)[ObjectClass.RECORDING].at == day("2026-07-01"), "an extension never shortens"


@given(first=st.integers(0, 4000), second=st.integers(0, 4000))
def test_another_period_is_another_plan(first: int, second: int) -> None:
    known = Dates(recorded=day("2026-01-01"), signed_off=day("2026-01-02"), review_closed=None)
    one, two = (
        planned(f'name = "x"\n{RULE.replace("P0D", f"P{days}D").replace("P6M", "P100Y")}', known)
        for days in (first, second)
    )
    assert (one == two) is (first == second)
    assert one[ObjectClass.RECORDING].at == day("2026-01-02") + timedelta(days=first)


@pytest.mark.parametrize("name", names("retention"))
def test_every_schedule_that_comes_with_candour_ends_every_recording(name: str) -> None:
    schedule = parse(read(f"retention/{name}.toml"))
    assert schedule.name == name
    known = Dates(recorded=day("2026-01-01"), signed_off=None, review_closed=None)
    line = {one.object_class: one for one in deadlines(schedule, known)}[ObjectClass.RECORDING]
    assert line.at is not None
    assert all(one.at is None for one in deadlines(schedule, NOTHING))


NAMES = '[[rule]]\nclass = "names"\nafter = "review closed"\nperiod = "P1Y"\n'
BOTH = parse(f'name = "x"\n{RULE}{NAMES}')


def of_review(closed: str | None, *others: str | None) -> dict[ObjectClass, datetime | None]:
    found = review_deadlines(BOTH, day(closed) if closed else None, [day(one) if one else None for one in others])
    return {line.object_class: line.at for line in found}


def test_the_names_of_a_review_count_from_its_closing() -> None:
    assert of_review(None) == {ObjectClass.NAMES: None, ObjectClass.REVIEW: None}
    assert of_review("2026-01-01")[ObjectClass.NAMES] == day("2027-01-01")
    assert ObjectClass.NAMES not in {line.object_class for line in deadlines(BOTH, NOTHING)}


def test_the_key_of_a_review_goes_with_the_last_of_it() -> None:
    assert of_review("2026-01-01")[ObjectClass.REVIEW] == day("2027-01-01")
    assert of_review("2026-01-01", "2026-05-01", "2036-01-01")[ObjectClass.REVIEW] == day("2036-01-01")
    assert of_review("2026-01-01", "2026-05-01", None)[ObjectClass.REVIEW] is None


def test_a_schedule_without_names_says_nothing_about_a_review() -> None:
    assert review_deadlines(parse(f'name = "x"\n{RULE}'), day("2026-01-01"), []) == ()


@pytest.mark.parametrize("name", names("retention"))
def test_every_schedule_that_comes_with_candour_ends_every_name(name: str) -> None:
    found = review_deadlines(parse(read(f"retention/{name}.toml")), day("2026-01-01"), [day("2026-01-01")])
    assert [line.object_class for line in found if line.at] == [ObjectClass.NAMES, ObjectClass.REVIEW]


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("name = ", "TOML"),
        ('name = "x"\n' + RULE + NAMES.replace("review closed", "recorded"), "rule 2"),
        ('name = "x"\n' + RULE + NAMES + 'backstop = "P1Y"\n', "rule 2"),
        ('name = "x"\n' + RULE + NAMES.replace('"names"', '"review"'), "rule 2.class"),
        ("", "schedule"),
        (RULE, "schedule"),
        ('name = "x"', "schedule"),
        ('name = "x"\nrule = 5', "schedule"),
        ('name = "x"\nrule = []', "schedule"),
        ("name = 5\n" + RULE, "schedule"),
        ('name = "x"\nrule = ["recording"]', "rule 1"),
        ('name = "x"\nowner = "y"\n' + RULE, "schedule.owner"),
        ('name = "x"\n' + RULE + 'unit = "days"\n', "rule 1.unit"),
        ('name = "x"\n' + RULE.replace('period = "P0D"\n', ""), "rule 1.period"),
        ('name = "x"\n' + RULE.replace('class = "recording"\n', ""), "rule 1.class"),
        ('name = "x"\n' + RULE.replace('after = "signed off"\n', ""), "rule 1.after"),
        ('name = "x"\n' + RULE.replace('"P0D"', "14"), "rule 1"),
        ('name = "x"\n' + RULE.replace("recording", "audio"), "rule 1.class"),
        ('name = "x"\n' + RULE.replace("signed off", "the meeting"), "rule 1.after"),
        ('name = "x"\n' + RULE.replace("P0D", "two weeks"), "rule 1.period"),
        ('name = "x"\n' + RULE.replace("P6M", "PT6H"), "rule 1.backstop"),
        ('name = "x"\n' + RULE + RULE, "rule"),
        ('name = "x"\n' + RULE.replace('backstop = "P6M"\n', ""), "rule"),
        ('name = "x"\n' + RULE.replace("recording", "extracts"), "rule"),
    ],
)
def test_a_schedule_with_a_mistake_is_refused_and_the_field_named(text: str, field: str) -> None:
    with pytest.raises(BadSchedule) as refused:
        parse(text)
    assert str(refused.value).startswith(f"retention schedule: {field}: ")


def test_the_rule_those_mistakes_are_made_in_is_a_good_one() -> None:
    assert len(parse(f'name = "x"\n{RULE}').rules) == 1
