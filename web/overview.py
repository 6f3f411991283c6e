"""Where every conversation stands and what needs a person next: the rows of the first table, and their order."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from access.roles import Act
from pipeline.transcription import progress
from retention import holds
from retention.plan import Planned, plan
from retention.policy import ObjectClass
from storage.home import Home
from storage.models import Conversation, Correction, Doubt, Hearing, Person, State, Window
from web.arrivals import Coming
from web.pages.transcript_leases import LEASES

# What a person does next. Transcribing is the machine's, the rest of these are people's.
NEXT: Final[Mapping[State, str]] = {
    State.PLANNED: "Record or upload",
    State.RECORDED: "Wait for the machine",
    State.TRANSCRIBED: "Listen and correct",
    State.REVIEWED: "Decide names",
    State.PSEUDONYMISED: "Code",
    State.CODED: "Sign off",
    State.SIGNED_OFF: "Wait for the day of destruction",
    State.DESTROYED: "",
    State.WITHDRAWN: "",
}
# What those may do who take part in the work on conversations.
WORKING: Final = (Act.UPLOAD, Act.RUN_WORK, Act.READ_TRANSCRIPT, Act.SIGN_OFF)
PEOPLES: Final = (State.CODED, State.PSEUDONYMISED, State.REVIEWED, State.TRANSCRIBED)
_LATER: Final = (State.PLANNED, State.RECORDED, State.SIGNED_OFF, State.WITHDRAWN, State.DESTROYED)


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """A conversation in the table. `coming` tells how its recording comes, where it does; `seconds` is its length, `transcribed`
    how much of it is done (0 to 1) and `left` the seconds of work that takes, None where that cannot be told; `held_by` is at
    work on it now; `days` are left until its recording goes, negative once that is past, None when none is set.
    """

    reference: str
    review: str
    position: str
    state: State
    seconds: float | None
    transcribed: float
    left: float | None
    coming: Coming | None
    doubts: int
    trouble: str
    worked_on_by: str
    held_by: str
    days: int | None
    waits_for: str
    holds: tuple[int, ...]

    @property
    def overdue(self) -> bool:
        return self.days is not None and self.days < 0

    @property
    def next_step(self) -> str:
        """What a person does next."""
        if self.trouble:
            return "See what stopped the machine"
        if self.state in {State.SIGNED_OFF, State.WITHDRAWN} and self.waits_for == "two signatures":
            return "Approve the destruction"
        if self.state is State.RECORDED and self.transcribed:
            return f"Being transcribed, {self.transcribed:.0%}{_time_left(self.left)}"
        if self.state is State.PLANNED and self.coming:
            return self.coming
        if self.state is State.TRANSCRIBED and self.doubts:
            return f"Listen: {self.doubts} {'doubt' if self.doubts == 1 else 'doubts'}"
        return NEXT[self.state]


def _time_left(seconds: float | None) -> str:
    if seconds is None:
        return ""
    minutes = round(seconds / 60)
    return f", about {minutes} {'minute' if minutes == 1 else 'minutes'} left" if minutes else ", soon done"


def urgency(row: Row) -> tuple[int, float, str]:
    """Sorts what needs a person next to the top: what is overdue, what stopped, what people work on, then the rest."""
    days = float("inf") if row.days is None else row.days
    over = row.state in {State.DESTROYED, State.WITHDRAWN} and not row.waits_for
    if row.overdue and not row.holds and not over:
        group = 0
    elif row.trouble or row.waits_for == "two signatures" or row.coming in {Coming.BROKE_OFF, Coming.STOPPED}:
        group = 1
    elif row.state in PEOPLES:
        group = 2
    else:
        group = 3 + _LATER.index(row.state)
    return group, days, row.reference


def rows(home: Home, coming: Mapping[str, Coming]) -> list[Row]:
    """Every conversation, what needs a person next first; `coming` is what is on its way now."""
    now = home.now()
    planned = _soonest(plan(home, now))
    with home.reading() as session:
        done = _sums(session, select(Window.conversation_id, func.max(Window.end)).group_by(Window.conversation_id))
        open_doubts = select(Doubt.conversation_id, func.count()).where(Doubt.resolved_by.is_(None))
        doubts = _sums(session, open_doubts.group_by(Doubt.conversation_id))
        people = _last_at_work(session)
        found = [
            _row(
                home,
                session,
                one,
                planned.get(one.reference),
                now,
                done.get(one.id, 0.0),
                int(doubts.get(one.id, 0)),
                people,
                coming.get(one.reference),
            )
            for one in session.scalars(select(Conversation))
        ]
    return sorted(found, key=urgency)


def _row(
    home: Home,
    session: Session,
    one: Conversation,
    planned: Planned | None,
    now: datetime,
    done: float,
    doubts: int,
    people: Mapping[UUID, str],
    coming: Coming | None,
) -> Row:
    seconds = one.recording.duration if one.recording else None
    return Row(
        reference=one.reference,
        review=one.review.reference,
        position=one.participant.position,
        state=one.state,
        seconds=seconds,
        transcribed=min(1.0, done / seconds) if seconds else 0.0,
        left=progress.read(session, one, now).left if one.state is State.RECORDED else None,
        coming=coming,
        doubts=doubts,
        trouble=(one.trouble or "") if one.quarantined or one.runs > 1 else "",
        worked_on_by=people.get(one.id, ""),
        held_by=LEASES.holder((home.folder, one.reference)),
        days=(planned.at.astimezone().date() - now.astimezone().date()).days if planned and planned.at else None,
        waits_for=planned.waits_for if planned else "",
        holds=tuple(holds.standing(session, one)),
    )


def _soonest(lines: Iterable[Planned]) -> dict[str, Planned]:
    """The line about the recording of each conversation; the plan has the soonest first."""
    found: dict[str, Planned] = {}
    for line in lines:
        if line.object_class is ObjectClass.RECORDING:
            found.setdefault(line.conversation, line)
    return found


def _sums(session: Session, query: object) -> dict[UUID, float]:
    return {conversation: float(value or 0) for conversation, value in session.execute(query)}  # type: ignore[call-overload]


def _last_at_work(session: Session) -> dict[UUID, str]:
    """Who corrected or heard something of a conversation last."""
    last: dict[UUID, tuple[datetime, str]] = {}
    for table in (Correction, Hearing):
        newest = select(table.conversation_id, Person.name, func.max(table.at)).join(
            Person, Person.id == table.person_id
        )
        for conversation, name, at in session.execute(newest.group_by(table.conversation_id, Person.name)):
            if conversation not in last or at > last[conversation][0]:
                last[conversation] = (at, name)
    return {conversation: name for conversation, (_, name) in last.items()}
