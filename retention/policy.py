"""Retention schedules: how long each class of object may live, from which moment, and the date nothing outlives.

A schedule is TOML (`configs/retention/`). Periods are ISO 8601 durations in years, months, weeks and days (`P6M`, `P1Y2M`).
What is due is a pure function of a schedule and the dates of a conversation, so that a plan can be shown without touching
anything.
"""

import calendar
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, TypeVar

from storage.errors import BadInput

Choice = TypeVar("Choice", bound=StrEnum)


class BadSchedule(BadInput):
    """retention schedule: {field}: {reason}; see configs/retention/learning-together.toml for a complete one"""


class ObjectClass(StrEnum):
    """What goes: the recording key and all it opens, the extract key, a review's names key, and the review's own key, which
    has no rule: its codebook and the reasons of its holds are needed until all else is gone.
    """

    RECORDING = "recording"
    EXTRACTS = "extracts"
    NAMES = "names"
    REVIEW = "review"


class Trigger(StrEnum):
    """The moment a period counts from."""

    SIGNED_OFF = "signed off"
    RECORDED = "recorded"
    REVIEW_CLOSED = "review closed"


@dataclass(frozen=True, kw_only=True, slots=True)
class Period:
    """Calendar months and days; months come first, and a day that does not exist becomes the month's last."""

    months: int
    days: int

    def after(self, moment: datetime) -> datetime:
        years, month = divmod(moment.month - 1 + self.months, 12)
        year = moment.year + years
        day = min(moment.day, calendar.monthrange(year, month + 1)[1])
        return moment.replace(year=year, month=month + 1, day=day) + timedelta(days=self.days)


NEVER_RECORDED: Final = "never recorded, review closed"
LONGEST: Final = 200  # years; a calendar ends somewhere
_DURATION = re.compile(r"P(?=\d)(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?")


def parse_period(text: str, field: str = "period") -> Period:
    """A period from its ISO 8601 form, such as `P14D` or `P1Y6M`.

    Raises:
        BadSchedule: another form, or a unit below a day.
    """
    match = _DURATION.fullmatch(text)
    if match is None:
        raise BadSchedule(field=field, reason="not an ISO 8601 period of years, months, weeks and days, such as P14D")
    years, months, weeks, days = (int(group or 0) for group in match.groups())
    period = Period(months=12 * years + months, days=7 * weeks + days)
    if period.months > 12 * LONGEST or period.days > 366 * LONGEST:
        raise BadSchedule(field=field, reason=f"is longer than {LONGEST} years")
    return period


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """Destroy objects of a class a period after a trigger; and never keep them beyond a backstop counted from recording."""

    object_class: ObjectClass
    trigger: Trigger
    period: Period
    backstop: Period | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Schedule:
    name: str
    rules: tuple[Rule, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Dates:
    """The dates of one conversation that rules count from; `keep_until` is an extension with a reason."""

    recorded: datetime | None
    signed_off: datetime | None
    review_closed: datetime | None
    keep_until: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Deadline:
    """When objects of a class are to go, and why; `at` is None while the trigger has not come and there is no backstop.

    `at_once`: the day is that of the trigger itself, so that no time need pass.
    """

    object_class: ObjectClass
    at: datetime | None
    reason: str
    at_once: bool = False


def parse(text: str) -> Schedule:
    """A schedule from its TOML.

    Raises:
        BadSchedule: a field is missing, unknown or not of the expected form.
    """
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadSchedule(field="TOML", reason=str(error)) from None
    _only(data, {"name", "rule"}, "schedule")
    name, entries = data.get("name"), data.get("rule")
    if not isinstance(name, str) or not isinstance(entries, list) or not entries:
        raise BadSchedule(field="schedule", reason="needs a name and at least one [[rule]]")
    rules = tuple(_rule(entry, f"rule {n}") for n, entry in enumerate(entries, 1))
    classes = [rule.object_class for rule in rules]
    if len(set(classes)) != len(classes):
        raise BadSchedule(field="rule", reason="two rules for the same class")
    if not any(r.object_class is ObjectClass.RECORDING and r.backstop for r in rules):
        raise BadSchedule(field="rule", reason="the recording needs a backstop, so that none is kept for ever")
    return Schedule(name=name, rules=rules)


def _only(data: Mapping[str, object], known: set[str], field: str) -> None:
    for name in data:
        if name not in known:
            raise BadSchedule(field=f"{field}.{name}", reason="no such field")


def _rule(entry: object, field: str) -> Rule:
    if not isinstance(entry, dict) or not all(isinstance(value, str) for value in entry.values()):
        raise BadSchedule(field=field, reason="is not a table of texts")
    _only(entry, {"class", "after", "period", "backstop"}, field)
    for name in ("class", "after", "period"):
        if name not in entry:
            raise BadSchedule(field=f"{field}.{name}", reason="is missing")
    object_class = _one_of(ObjectClass, entry["class"], f"{field}.class", but=ObjectClass.REVIEW)
    trigger = _one_of(Trigger, entry["after"], f"{field}.after")
    if object_class is ObjectClass.NAMES and (trigger is not Trigger.REVIEW_CLOSED or "backstop" in entry):
        raise BadSchedule(field=field, reason="the names of a review count from its closing, without a backstop")
    return Rule(
        object_class=object_class,
        trigger=trigger,
        period=parse_period(entry["period"], f"{field}.period"),
        backstop=parse_period(entry["backstop"], f"{field}.backstop") if "backstop" in entry else None,
    )


def _one_of(kind: type[Choice], text: str, field: str, *, but: Choice | None = None) -> Choice:
    known = [one for one in kind if one is not but]
    if text not in known:
        raise BadSchedule(field=field, reason=f"is none of {', '.join(known)}")
    return kind(text)


def deadlines(schedule: Schedule, dates: Dates) -> tuple[Deadline, ...]:
    """When each class of objects of a conversation is to be destroyed, and by which rule."""
    rules = [rule for rule in schedule.rules if rule.object_class is not ObjectClass.NAMES]
    if dates.recorded is None:
        # Its keys wait for a recording that can no longer come in; a recorder may still have one.
        return tuple(_never_recorded(rule, dates) for rule in rules)
    return tuple(_extended(_deadline(rule, dates), dates.keep_until) for rule in rules)


def review_deadlines(
    schedule: Schedule, closed: datetime | None, others: Iterable[datetime | None]
) -> tuple[Deadline, ...]:
    """When the names key and the review's own key are to be destroyed; `others` are the deadlines in its conversations."""
    dates = Dates(recorded=None, signed_off=None, review_closed=closed)
    names = [_deadline(rule, dates) for rule in schedule.rules if rule.object_class is ObjectClass.NAMES]
    if not names:
        return ()
    last: list[datetime] = []
    for moment in (closed, *(one.at for one in names), *others):
        if moment is None:
            return (*names, Deadline(object_class=ObjectClass.REVIEW, at=None, reason="waits for all else to be due"))
        last.append(moment)
    at_once = max(last) == closed
    return (*names, Deadline(object_class=ObjectClass.REVIEW, at=max(last), reason="with the last", at_once=at_once))


def _never_recorded(rule: Rule, dates: Dates) -> Deadline:
    return Deadline(object_class=rule.object_class, at=dates.review_closed, reason=NEVER_RECORDED, at_once=True)


def _extended(deadline: Deadline, until: datetime | None) -> Deadline:
    if (
        deadline.object_class is not ObjectClass.RECORDING
        or until is None
        or deadline.at is None
        or deadline.at >= until
    ):
        return deadline
    return replace(deadline, at=until, reason=f"{deadline.reason}, extended", at_once=False)


def after(trigger: Trigger) -> str:
    """The reason of a deadline that counts from this moment."""
    return f"period after {trigger}"


def _deadline(rule: Rule, dates: Dates) -> Deadline:
    moments: list[tuple[datetime, str]] = []
    start = {
        Trigger.SIGNED_OFF: dates.signed_off,
        Trigger.RECORDED: dates.recorded,
        Trigger.REVIEW_CLOSED: dates.review_closed,
    }[rule.trigger]
    if start is not None:
        moments.append((rule.period.after(start), after(rule.trigger)))
    if rule.backstop is not None and dates.recorded is not None:
        moments.append((rule.backstop.after(dates.recorded), "backstop after recorded"))
    if not moments:
        return Deadline(object_class=rule.object_class, at=None, reason=f"waits for {rule.trigger}")
    at, reason = min(moments)
    return Deadline(object_class=rule.object_class, at=at, reason=reason, at_once=at == start)
