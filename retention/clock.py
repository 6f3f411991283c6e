"""The date that deadlines are measured by: time that has surely passed, as the log vouches for it.

The machine's clock alone destroys nothing: one that was set forward would do so early. What counts is `storage.clock`: evidence
in the log, and the counter of the running machine since. The price is that after each restart the sure date lags behind by as
long as the machine was off, until a person confirms the date.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from sqlalchemy import update
from sqlalchemy.orm import Session

from access.people import Person
from access.roles import Act, require
from storage import clock
from storage.clock import Evidence
from storage.errors import Refused
from storage.home import Home
from storage.log.log import Event
from storage.models import Recording, Review, SignOff

ACTOR: Final = "clock"
OFTEN: Final = timedelta(hours=6)


class ClockDisagrees(Refused):
    """clock: the machine says it is {machine}; set its clock right first, or confirm that date"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Moment:
    """`sure`: the time that has surely come, `claimed`: what the machine's clock says it is."""

    sure: datetime
    claimed: datetime


def moment(home: Home, session: Session, claimed: datetime) -> Moment:
    """Now. A new home, whose log has no evidence yet, knows only its clock; one that was set back is not believed either."""
    evidence = home.evidence(session)
    sure = claimed if evidence is None else min(claimed, evidence.sure(clock.count()))
    return Moment(sure=sure, claimed=claimed)


def keep(home: Home) -> None:
    """Put evidence on record where there is none from this running of the machine, or none for six hours."""
    counter = clock.count()
    with home.reading() as session:
        evidence = home.evidence(session)
    if not is_due(evidence, counter):
        return
    with home.writing() as session:
        evidence = home.evidence(session)
        if is_due(evidence, counter):
            sure = home.machine_clock() if evidence is None else evidence.sure(counter)
            home.log_time(session, Event.CLOCK_SEEN, actor=ACTOR, evidence=Evidence(time=sure, counter=counter))


def is_due(evidence: Evidence | None, counter: clock.Counter | None) -> bool:
    """Whether new evidence would say more than the last one will after a restart."""
    if evidence is None:
        return True
    if counter is None:
        return False
    return evidence.counter is None or counter.boot != evidence.counter.boot or _since(evidence, counter) >= OFTEN


def _since(evidence: Evidence, counter: clock.Counter) -> timedelta:
    return evidence.sure(counter) - evidence.time


def confirm(home: Home, actor: Person, day: date) -> int:
    """A person says that the machine's clock, which shows this day, is right; returns how many dates were put right.

    What a clock that was ahead has dated later than now happened at the latest now, and counts from now.

    Raises:
        NotAllowed, ClockDisagrees.
    """
    require(actor.roles, Act.RUN_RETENTION, actor.name)
    now = home.machine_clock()
    if day not in {now.date(), now.astimezone().date()}:
        raise ClockDisagrees(machine=now.date().isoformat())
    with home.writing() as session:
        moved = sum(
            session.execute(update(table).where(column > now).values({column.key: now})).rowcount  # type: ignore[attr-defined]
            for table, column in (
                (Recording, Recording.sealed_at),
                (SignOff, SignOff.at),
                (Review, Review.closed_at),
            )
        )
        evidence = Evidence(time=now, counter=clock.count())
        home.log_time(session, Event.CLOCK_CONFIRMED, actor=actor.name, evidence=evidence, moved=moved)
    return moved
