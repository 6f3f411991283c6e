"""The way of a conversation: which conditions each step has, which are open, and what is due.

    planned → recorded → transcribed → reviewed → pseudonymised → coded → signed off → destroyed

A conversation moves to reviewed, pseudonymised and coded by itself, in the transaction of the act that met the last condition
of that step, and back when an act opens one again. `conditions` is the one list that commands, page and gates read.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from uuid import UUID, uuid4

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from access.people import Person
from pipeline import contents
from pipeline.codes import coding
from pipeline.codes.carrying import Carrier
from pipeline.pseudonyms import marked
from pipeline.reviews import codebook_of
from pipeline.transcripts import kept
from pipeline.transcripts.document import Document
from storage.errors import Refused
from storage.home import Home
from storage.log.log import Event
from storage.models import Conversation, Doubt, Incident, Review, SignOff, State, Window


class Frozen(Refused):
    """{step}: {reference} has a sign-off; take it back with `candour signoff {reference} --take-back` to go on working"""


class Need(StrEnum):
    """A condition of a step."""

    AUDIO = "audio"
    DAMAGE = "damage"
    DOUBTS = "doubts"
    HEARD = "heard"
    NAMES = "names"
    EXTRACTS = "extracts"


@dataclass(frozen=True, kw_only=True, slots=True)
class Condition:
    """One condition: whether it is met, and what to do while it is not."""

    name: str
    met: bool
    todo: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Work:
    """A recording to be transcribed."""

    conversation: UUID
    reference: str


STEPS: Final = (
    (State.REVIEWED, Event.TRANSCRIPT_REVIEWED, (Need.AUDIO, Need.DAMAGE, Need.DOUBTS, Need.HEARD)),
    (State.PSEUDONYMISED, Event.TRANSCRIPT_PSEUDONYMISED, (Need.NAMES,)),
    (State.CODED, Event.CODING_FINISHED, (Need.EXTRACTS,)),
)
NO_PROGRESS: Final = "nothing done yet since the last start"
AT_WORK: Final = (State.TRANSCRIBED, State.REVIEWED, State.PSEUDONYMISED, State.CODED)


def given_up(conversation: Conversation, attempts: int) -> bool:
    """Whether a recording that waits is left alone, because it failed `attempts` times in a row."""
    return conversation.state is State.RECORDED and conversation.runs >= attempts


def due(session: Session, attempts: int) -> list[Work]:
    """Recordings that wait to be transcribed, oldest first, without those that failed `attempts` times in a row."""
    rows = session.scalars(
        select(Conversation)
        .where(Conversation.state == State.RECORDED, Conversation.quarantined.is_(False), Conversation.runs < attempts)
        .order_by(Conversation.state_at)
    )
    return [Work(conversation=row.id, reference=row.reference) for row in rows]


def conditions(home: Home, session: Session, conversation: Conversation) -> tuple[Condition, ...]:
    """All conditions of the way from transcribed to coded, in order."""
    return tuple(_check(home, session, conversation, need) for _, _, needs in STEPS for need in needs)


def _check(home: Home, session: Session, conversation: Conversation, need: Need) -> Condition:
    check = {
        Need.AUDIO: _audio,
        Need.DAMAGE: _damage,
        Need.DOUBTS: _doubts,
        Need.HEARD: _heard,
        Need.NAMES: _names,
        Need.EXTRACTS: _extracts,
    }[need]
    todo = check(home, session, conversation)
    return Condition(name=need.value, met=not todo, todo=todo)


def _is_met(home: Home, session: Session, conversation: Conversation, need: Need) -> bool:
    if need is Need.NAMES and conversation.draft is not None:
        return not contents.has_undecided(home, session, conversation)
    return _check(home, session, conversation, need).met


def _audio(home: Home, session: Session, conversation: Conversation) -> str:
    if conversation.draft is not None and conversation.imported and conversation.recording is None:
        return ""
    if conversation.draft is None or conversation.recording is None:
        return "the recording must be transcribed: `candour work --once`"
    accounted = session.scalar(
        select(func.sum(Window.transcribed + Window.silence + Window.damaged + Window.skipped)).where(
            Window.conversation_id == conversation.id
        )
    )
    if abs((accounted or 0.0) - conversation.recording.duration) > 0.001 * conversation.recording.duration + 0.05:
        return "not every second of the recording is accounted for; this is an incident, see `candour doctor`"
    return ""


def _damage(home: Home, session: Session, conversation: Conversation) -> str:
    count = session.scalar(
        select(func.count()).where(Incident.conversation_id == conversation.id, Incident.acknowledged_by.is_(None))
    )
    stretches = _counted(count, "damaged stretch", "damaged stretches")
    command = f"candour transcript check {conversation.reference} --damage"
    return f"{stretches} to acknowledge: `{command}`" if count else ""


def _doubts(home: Home, session: Session, conversation: Conversation) -> str:
    count = session.scalar(
        select(func.count()).where(Doubt.conversation_id == conversation.id, Doubt.resolved_by.is_(None))
    )
    return f"{_counted(count, 'doubt')} to resolve: `candour doubts list {conversation.reference}`" if count else ""


def _heard(home: Home, session: Session, conversation: Conversation) -> str:
    if conversation.draft is None:
        return "nothing has been transcribed yet"
    count = len(kept.unheard(home, session, conversation))
    return f"{_counted(count, 'turn')} to hear: `candour transcript check {conversation.reference}`" if count else ""


def _names(home: Home, session: Session, conversation: Conversation) -> str:
    if conversation.draft is None:
        return "nothing has been transcribed yet"
    count = len(contents.undecided(home, session, conversation))
    return (
        f"{_counted(count, 'name candidate')} to decide: `candour names candidates {conversation.reference}`"
        if count
        else ""
    )


def _extracts(home: Home, session: Session, conversation: Conversation) -> str:
    document = contents.document(home, conversation)
    if document is None:
        return "extracts wait for the pseudonymised transcript"
    found = [one for _, one in contents.extracts(home, session, conversation)]
    if not found:
        return f"no extract yet: `candour extract add {conversation.reference}`"
    problems = coding.check(found, codebook_of(home, conversation.review), document)
    return (
        f"{_counted(len(problems), 'extract')} to mend: `candour extract list {conversation.reference}`"
        if problems
        else ""
    )


def _counted(count: int | None, one: str, many: str | None = None) -> str:
    return f"{count} {one if count == 1 else many or one + 's'}"


def require_open(session: Session, conversation: Conversation, step: str) -> None:
    """Refuse work on a conversation that somebody has signed.

    Raises:
        Frozen.
    """
    if has_signature(session, conversation):
        raise Frozen(step=step, reference=conversation.reference)


def has_signature(session: Session, conversation: Conversation) -> bool:
    return bool(session.scalar(select(func.count()).where(SignOff.conversation_id == conversation.id)))


def settle(
    home: Home, session: Session, conversation: Conversation, actor: Person, *, first: State = State.REVIEWED
) -> State:
    """Move a conversation as far as its conditions allow, in the caller's transaction; returns where it stands.

    `first` is the first step whose conditions the act can have met or opened: for one on extracts alone that is coded, for one
    that changes a code in a participant's words pseudonymised, since names are looked for in those too. The steps before it,
    and the document that came of them, are not looked at again.
    """
    if conversation.state not in AT_WORK:
        return conversation.state
    start = AT_WORK.index(first) - 1 if conversation.state in (State.PSEUDONYMISED, State.CODED) else 0
    reached = AT_WORK[start]
    for state, event, needs in STEPS[start:]:
        if state is State.CODED and not start:
            _renew_document(home, session, conversation)
        if not all(_is_met(home, session, conversation, need) for need in needs):
            break
        if AT_WORK.index(state) > AT_WORK.index(conversation.state):
            home.log(session, event, actor=actor.name, obj=[conversation.id])
        reached = state
    if AT_WORK.index(reached) < AT_WORK.index(conversation.state):
        moved = {"from": conversation.state.value, "to": reached.value}
        home.log(session, Event.CONVERSATION_STEPPED_BACK, actor=actor.name, obj=[conversation.id], detail=moved)
    if reached is not conversation.state:
        conversation.state, conversation.state_at = reached, home.now()
    return reached


def settle_all(home: Home, session: Session, review: Review, actor: Person, *, met_alone: bool = False) -> None:
    """The same for all of a review that nobody has signed, after an act on its name key or codebook.

    An act that can only have met conditions of names (`met_alone`) leaves those alone that have met them already.
    """
    at_work = (State.TRANSCRIBED, State.REVIEWED) if met_alone else AT_WORK
    for conversation in session.scalars(select(Conversation).where(Conversation.review_id == review.id)):
        if conversation.state in at_work and not has_signature(session, conversation):
            settle(home, session, conversation, actor)


def _renew_document(home: Home, session: Session, conversation: Conversation) -> None:
    turns = contents.marked_turns(home, session, conversation)
    fresh, now = contents.document_of(conversation, turns), marked.said(turns)
    stale, then = contents.document(home, conversation), contents.said(home, conversation)
    if fresh != stale:
        contents.set_document(home, conversation, fresh)
        if stale is not None and then is not None:
            _carry_extracts(home, session, conversation, stale, fresh, Carrier(then, now))
    if fresh != stale or then is None or [one.text for one in then] != [one.text for one in now]:
        contents.set_said(home, conversation, now)


def _carry_extracts(
    home: Home, session: Session, conversation: Conversation, stale: Document, fresh: Document, carrier: Carrier
) -> None:
    # Those whose words are gone stay as they are, and `coding.check` lists them. Those taken out may be put back.
    for row in contents.extract_rows(session, conversation, removed=True):
        one = contents.open_extract(home, conversation, row)
        moved = coding.carry(one, stale, fresh, carrier.move)
        if moved != one:
            contents.seal_extract(home, conversation, row, moved)


def begin(session: Session, conversation: Conversation) -> UUID:
    """A new run of work: its token alone may write from now on."""
    conversation.run_token = uuid4()
    conversation.runs += 1
    # Stays for people to see when the run is killed; the first window it commits takes it away.
    conversation.trouble = NO_PROGRESS
    return conversation.run_token
