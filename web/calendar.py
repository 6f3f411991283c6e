"""The plan as people read it: by week, soonest first, and one month as a grid. Days are those of this machine's time."""

from calendar import Calendar
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from access.roles import ROLES, Act, Role
from pipeline.reviews import find_conversation, find_review
from retention import holds
from retention.plan import Planned
from retention.policy import ObjectClass
from storage.models import Conversation, Extension

# Who may put a day off; of anything but a recording nobody may, and only a hold delays it.
MAY_EXTEND: Final = " or ".join(role.value for role in Role if Act.EXTEND_RETENTION in ROLES[role])
_DAYS: Final = Calendar()


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """A line of the plan, with the holds that will stand in its way and how often its day was put off."""

    line: Planned
    day: date | None
    holds: tuple[int, ...]
    extended: int

    @property
    def about(self) -> str:
        return self.line.conversation or self.line.review

    @property
    def may_extend(self) -> str:
        """Which role may put its day off; empty where nobody may."""
        return MAY_EXTEND if self.line.object_class is ObjectClass.RECORDING and self.line.conversation else ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Month:
    """A month as weeks of seven days from Monday, each with what goes on it; and the months beside it."""

    first: date
    weeks: Sequence[Sequence[tuple[date, Sequence[Entry]]]]
    before: date
    after: date


def entries(session: Session, lines: Iterable[Planned]) -> list[Entry]:
    """The lines of a plan as entries, in the same order."""
    counted = select(Conversation.reference, func.count()).join(Extension, Extension.conversation_id == Conversation.id)
    times = {one[0]: one[1] for one in session.execute(counted.group_by(Conversation.reference))}
    return [_entry(session, line, times) for line in lines]


def _entry(session: Session, line: Planned, times: Mapping[str, int]) -> Entry:
    if line.conversation:
        standing = holds.standing(session, find_conversation(session, line.conversation))
    else:
        standing = holds.standing_in(session, find_review(session, line.review))
    recording = line.object_class is ObjectClass.RECORDING
    return Entry(
        line=line,
        day=line.at.astimezone().date() if line.at is not None else None,
        holds=tuple(standing),
        extended=times.get(line.conversation, 0) if recording else 0,
    )


def weeks(found: Iterable[Entry]) -> list[tuple[date, list[Entry]]]:
    """What has a day, by the Monday of its week; the soonest first."""
    dated = sorted((one for one in found if one.day is not None), key=lambda one: (one.day or date.max, one.about))
    return [(monday, list(of)) for monday, of in groupby(dated, _monday)]


def _monday(one: Entry) -> date:
    assert one.day is not None
    return one.day - timedelta(days=one.day.weekday())


def months(found: Iterable[Entry]) -> list[tuple[date, int]]:
    """Each month in which something goes, by its first day, with how much."""
    return sorted(Counter(one.day.replace(day=1) for one in found if one.day is not None).items())


def month(found: Sequence[Entry], first: date) -> Month:
    """The month that begins on a day."""
    on: dict[date, list[Entry]] = {}
    for one in found:
        if one.day is not None:
            on.setdefault(one.day, []).append(one)
    grid = [
        [(day, on.get(day, []) if day.month == first.month else []) for day in week]
        for week in _DAYS.monthdatescalendar(first.year, first.month)
    ]
    before, after = first - timedelta(days=1), first + timedelta(days=31)
    return Month(first=first, weeks=grid, before=before.replace(day=1), after=after.replace(day=1))
