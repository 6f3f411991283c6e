"""A person reviews a transcript: reads, corrects, hears, resolves doubts. The draft never changes."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from uuid import uuid4

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from access.people import Person
from access.roles import Act, require
from pipeline import contents, stages
from pipeline.reviews import find_conversation, recording_key
from pipeline.transcription.doubts import Doubt
from pipeline.transcripts.transcript import Correction, Speaker, Turn
from storage.errors import BadInput, NotFound
from storage.home import Home
from storage.log.log import Event
from storage.models import Conversation, Hearing, Incident
from storage.models import Correction as CorrectionRow
from storage.sealed import seal_value


class UnknownDoubt(NotFound):
    """doubts: {reference} has no open doubt {number}; `candour doubts list {reference}` shows them"""


class NothingToUndo(NotFound):
    """transcript: {reference} has no correction to take back"""


class NoWaiver(BadInput):
    """transcript: to waive listening needs a reason"""


class UnknownTurn(NotFound):
    """transcript: {reference} has no turn {turn}; it has {count}, `candour transcript show {reference}` shows them"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """A transcript as a person sees it: turns, which of them were heard, which were corrected."""

    turns: tuple[Turn, ...]
    heard: frozenset[int]
    corrected: frozenset[int]


def read(home: Home, actor: Person, reference: str, *, machine: bool = False) -> Reading:
    """The transcript as it stands, or what the machine heard.

    Raises:
        NotAllowed, UnknownConversation, NoDraft, ConversationGone, VaultClosed.
    """
    require(actor.roles, Act.READ_TRANSCRIPT, actor.name)
    with home.reading() as session:
        conversation = find_conversation(session, reference)
        turns = contents.draft(home, conversation) if machine else contents.transcript(home, session, conversation)
        heard = session.scalars(select(Hearing.turn).where(Hearing.conversation_id == conversation.id))
        corrected = {one.turn for one in contents.corrections(home, session, conversation)}
        return Reading(turns=turns, heard=frozenset(heard), corrected=frozenset(corrected))


def correct(
    home: Home, actor: Person, reference: str, turns: Collection[int], *, text: str | None, speaker: Speaker | None
) -> tuple[Turn, ...]:
    """Lay a correction over turns: a new text, another speaker, or both. Returns those turns as they now stand.

    A turn with a new text counts as heard, since nobody can write down what they did not hear; who speaks shows on the page.

    Raises:
        NotAllowed, UnknownConversation, UnknownTurn, NoDraft, Frozen, ConversationGone.
    """
    require(actor.roles, Act.CORRECT, actor.name)
    with home.writing() as session:
        conversation = _open(home, session, reference, "transcript")
        _known(home, session, conversation, turns)
        _lay_over(home, session, conversation, actor, dict.fromkeys(turns, (text, speaker)))
        if text is not None:
            _hear(home, session, conversation, actor, turns, None)
        stages.settle(home, session, conversation, actor)
        return tuple(t for t in contents.transcript(home, session, conversation) if t.number in turns)


def swap_speakers(home: Home, actor: Person, reference: str) -> None:
    """Exchange Interviewer and Participant everywhere. Raises what `correct` raises."""
    require(actor.roles, Act.CORRECT, actor.name)
    other = {Speaker.INTERVIEWER: Speaker.PARTICIPANT, Speaker.PARTICIPANT: Speaker.INTERVIEWER}
    with home.writing() as session:
        conversation = _open(home, session, reference, "transcript")
        turns = contents.transcript(home, session, conversation)
        swapped = {turn.number: (None, other[turn.speaker]) for turn in turns if turn.speaker in other}
        _lay_over(home, session, conversation, actor, swapped)
        stages.settle(home, session, conversation, actor)


def _lay_over(
    home: Home,
    session: Session,
    conversation: Conversation,
    actor: Person,
    changes: Mapping[int, tuple[str | None, Speaker | None]],
) -> None:
    for turn, (text, speaker) in changes.items():
        one = Correction(turn=turn, text=text, speaker=speaker, author=actor.name, at=home.now())
        contents.add_correction(home, session, conversation, actor, one)
        session.flush()
    home.log(
        session, Event.TRANSCRIPT_CORRECTED, actor=actor.name, obj=[conversation.id], detail={"turns": len(changes)}
    )


def undo(home: Home, actor: Person, reference: str) -> int:
    """Take the newest correction back; returns the turn it was on.

    Raises:
        NothingToUndo and what `correct` raises.
    """
    require(actor.roles, Act.CORRECT, actor.name)
    with home.writing() as session:
        conversation = _open(home, session, reference, "transcript")
        found = contents.corrections(home, session, conversation)
        if not found:
            raise NothingToUndo(reference=conversation.reference)
        newest = select(func.max(CorrectionRow.number)).where(CorrectionRow.conversation_id == conversation.id)
        session.execute(
            delete(CorrectionRow).where(
                CorrectionRow.conversation_id == conversation.id, CorrectionRow.number == session.scalar(newest)
            )
        )
        home.log(session, Event.TRANSCRIPT_CORRECTED, actor=actor.name, obj=[conversation.id], detail={"undone": True})
        stages.settle(home, session, conversation, actor)
        return found[-1].turn


def hear(home: Home, actor: Person, reference: str, turns: Collection[int], *, waived: str | None = None) -> int:
    """Mark turns as listened to, or waive listening with a reason; without turns all of them. Returns how many are new.

    Raises:
        NotAllowed, UnknownConversation, UnknownTurn, NoDraft, NoWaiver, Frozen, ConversationGone.
    """
    require(actor.roles, Act.CORRECT, actor.name)
    if waived is not None and not waived.strip():
        raise NoWaiver
    with home.writing() as session:
        conversation = _open(home, session, reference, "transcript")
        every = _known(home, session, conversation, turns)
        new = _hear(home, session, conversation, actor, turns or every, waived)
        home.log(session, Event.TRANSCRIPT_HEARD, actor=actor.name, obj=[conversation.id], detail={"turns": new})
        stages.settle(home, session, conversation, actor)
        return new


def _hear(
    home: Home,
    session: Session,
    conversation: Conversation,
    actor: Person,
    turns: Collection[int],
    waived: str | None,
) -> int:
    heard = set(session.scalars(select(Hearing.turn).where(Hearing.conversation_id == conversation.id)))
    new = sorted(set(turns) - heard)
    for turn in new:
        row = Hearing(id=uuid4(), conversation_id=conversation.id, turn=turn, person_id=actor.id, at=home.now())
        if waived is not None:
            key = recording_key(home, conversation)
            row.waived = seal_value(key, f"hearing.waived:{row.id}", waived.encode())
        session.add(row)
    session.flush()
    return len(new)


def acknowledge_damage(home: Home, actor: Person, reference: str) -> int:
    """Say that the damaged stretches of a recording are known; returns how many there were."""
    require(actor.roles, Act.CORRECT, actor.name)
    with home.writing() as session:
        conversation = _open(home, session, reference, "transcript")
        rows = session.scalars(
            select(Incident).where(Incident.conversation_id == conversation.id, Incident.acknowledged_by.is_(None))
        ).all()
        for row in rows:
            row.acknowledged_by = actor.id
        session.flush()
        home.log(session, Event.INCIDENT_ACKNOWLEDGED, actor=actor.name, obj=[conversation.id, *(r.id for r in rows)])
        stages.settle(home, session, conversation, actor)
        return len(rows)


def open_doubts(home: Home, actor: Person, reference: str) -> list[tuple[int, Doubt, str]]:
    """Doubts nobody has resolved, worst first: number, doubt, and the words in question."""
    require(actor.roles, Act.READ_TRANSCRIPT, actor.name)
    with home.reading() as session:
        conversation = find_conversation(session, reference)
        turns = {turn.number: turn for turn in contents.draft(home, conversation)}
        found = contents.doubts(home, session, conversation)
    return [(row.number, doubt, _words(turns, doubt)) for row, doubt in found if row.resolved_by is None]


def _words(turns: dict[int, Turn], doubt: Doubt) -> str:
    if doubt.turn is None or doubt.first is None or doubt.last is None:
        return ""
    return " ".join(word.text for word in turns[doubt.turn].words[doubt.first : doubt.last + 1])


def resolve(home: Home, actor: Person, reference: str, numbers: Collection[int]) -> int:
    """Resolve doubts a person has listened to (without numbers, all of them); returns how many are left.

    Raises:
        NotAllowed, UnknownConversation, UnknownDoubt, Frozen, ConversationGone.
    """
    require(actor.roles, Act.CORRECT, actor.name)
    with home.writing() as session:
        conversation = _open(home, session, reference, "doubts")
        rows = {row.number: row for row, _ in contents.doubts(home, session, conversation) if row.resolved_by is None}
        for number in numbers or list(rows):
            if number not in rows:
                raise UnknownDoubt(reference=conversation.reference, number=number)
            row = rows.pop(number)
            row.resolved_by, row.resolved_at = actor.id, home.now()
        session.flush()
        home.log(session, Event.DOUBT_RESOLVED, actor=actor.name, obj=[conversation.id], detail={"left": len(rows)})
        stages.settle(home, session, conversation, actor)
        return len(rows)


def _open(home: Home, session: Session, reference: str, step: str) -> Conversation:
    conversation = find_conversation(session, reference)
    contents.draft(home, conversation)
    stages.require_open(session, conversation, step)
    return conversation


def _known(home: Home, session: Session, conversation: Conversation, turns: Collection[int]) -> list[int]:
    known = [turn.number for turn in contents.transcript(home, session, conversation)]
    for turn in turns:
        if turn not in known:
            raise UnknownTurn(reference=conversation.reference, turn=turn, count=len(known))
    return known
