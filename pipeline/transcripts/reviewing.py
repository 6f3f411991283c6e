"""A person reviews a transcript: reads, corrects, hears, resolves doubts. The draft never changes."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from access.people import Person
from access.roles import Act, require
from pipeline import contents, stages
from pipeline.reviews import find_conversation
from pipeline.transcription.doubts import Doubt
from pipeline.transcripts import editing, heard, kept
from pipeline.transcripts.corrections import Check, Revision, Waiver
from pipeline.transcripts.heard import Listening
from pipeline.transcripts.history import Piece, Step, difference, steps
from pipeline.transcripts.standing import Standing, Transcript, stand
from pipeline.transcripts.transcript import Span, Speaker, Turn
from storage.errors import BadInput, NotFound
from storage.home import Home
from storage.log.log import Event
from storage.models import Conversation, Incident


class UnknownDoubt(NotFound):
    """doubts: {reference} has no open doubt {number}; `candour doubts list {reference}` shows them"""


class NoReason(BadInput):
    """transcript: to waive listening needs a reason"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """A transcript as a person sees it.

    `heard` are the turns that somebody listened to or that are waived, `listened` who heard which stretches.
    """

    transcript: Transcript
    listened: tuple[Listening, ...]
    heard: frozenset[int]

    @property
    def turns(self) -> tuple[Turn, ...]:
        return self.transcript.turns

    @property
    def corrected(self) -> frozenset[int]:
        return frozenset(one.turn.number for one in self.transcript.standing if one.corrected)

    @property
    def share(self) -> float:
        """Seconds of the turns that were heard or waived, as a share of all their seconds."""
        return heard.share(self.turns, kept.covered(self.transcript, self.listened))


def read(home: Home, actor: Person, reference: str, *, machine: bool = False) -> Reading:
    """The transcript as it stands, or what the machine heard.

    Raises:
        NotAllowed, UnknownConversation, NoDraft, ConversationGone, VaultClosed.
    """
    require(actor.roles, Act.READ_TRANSCRIPT, actor.name)
    with home.reading() as session:
        conversation = find_conversation(session, reference)
        standing = kept.standing(home, session, conversation)
        transcript = stand(kept.draft(home, conversation), ()) if machine else standing
        listened = tuple(one for _, one in kept.listened(home, session, conversation))
        covered = kept.covered(standing, listened)
        return Reading(transcript=transcript, listened=listened, heard=heard.heard_turns(transcript.turns, covered))


@dataclass(frozen=True, kw_only=True, slots=True)
class History:
    """A turn, how it came to be so, and how it differs from the words the machine heard."""

    standing: Standing
    steps: tuple[Step, ...]
    difference: tuple[Piece, ...]


def history(home: Home, actor: Person, reference: str, turn: int) -> History:
    """The history of a turn.

    Raises:
        NotAllowed, UnknownConversation, NoSuchTurn, NoDraft, ConversationGone.
    """
    require(actor.roles, Act.READ_TRANSCRIPT, actor.name)
    with home.reading() as session:
        conversation = find_conversation(session, reference)
        draft = kept.draft(home, conversation)
        corrections = kept.corrections(home, session, conversation)
    made = stand(draft, corrections)
    editing.refuse_unknown(made, conversation.reference, [turn])
    standing = made.find(turn)
    return History(
        standing=standing,
        steps=steps(draft, corrections, turn),
        difference=difference([word.text for word in standing.source], standing.turn.text.split()),
    )


def correct(
    home: Home, actor: Person, reference: str, turns: Collection[int], *, text: str | None, speaker: Speaker | None
) -> tuple[Turn, ...]:
    """Lay a correction over turns: a new text, another speaker, or both. Returns those turns as they now stand.

    A turn with a new text counts as heard, since nobody can write down what they did not hear. The page, which knows what was
    played, uses `editing` instead.

    Raises:
        NotAllowed, UnknownConversation, NoSuchTurn, NoDraft, Frozen, ConversationGone.
    """
    require(actor.roles, Act.CORRECT, actor.name)
    revision = Revision(
        texts={} if text is None else dict.fromkeys(turns, text),
        speakers={} if speaker is None else dict.fromkeys(turns, speaker),
    )
    with home.writing() as session:
        conversation = editing.opened(home, session, reference)
        saved = editing.put(home, session, conversation, actor, lambda _: revision)
        found = tuple(one.turn for one in saved.transcript.standing if one.turn.number in turns)
        if text is not None:
            _hear(home, session, conversation, actor, found)
            stages.settle(home, session, conversation, actor)
        return found


def hear(home: Home, actor: Person, reference: str, turns: Collection[int], *, checked: bool = False) -> int:
    """Say that one has listened to turns, or without turns to all of them, and with `checked` that they are right as they stand.

    Returns how many nobody had heard before.

    Raises:
        NotAllowed, UnknownConversation, NoSuchTurn, NoDraft, Frozen, ConversationGone.
    """
    require(actor.roles, Act.CORRECT, actor.name)
    with home.writing() as session:
        conversation = editing.opened(home, session, reference)
        picked = _picked(kept.standing(home, session, conversation), conversation.reference, turns)
        before = _unheard(home, session, conversation)
        _hear(home, session, conversation, actor, picked)
        if checked:
            check = Check(turns=tuple(turn.number for turn in picked))
            editing.put(home, session, conversation, actor, lambda _: check)
        new = len(before - _unheard(home, session, conversation))
        home.log(session, Event.TRANSCRIPT_HEARD, actor=actor.name, obj=[conversation.id], detail={"turns": new})
        stages.settle(home, session, conversation, actor)
        return new


def played(home: Home, actor: Person, reference: str, spans: Iterable[Span]) -> Reading:
    """Note stretches that were played to a person. They may come often and overlap; only the union is kept.

    Raises:
        NotAllowed, UnknownConversation, NoDraft, Frozen, ConversationGone.
    """
    require(actor.roles, Act.LISTEN, actor.name)
    with home.writing() as session:
        conversation = editing.opened(home, session, reference)
        if kept.add_listening(home, session, conversation, actor, played=tuple(spans)):
            home.log(session, Event.TRANSCRIPT_HEARD, actor=actor.name, obj=[conversation.id])
        stages.settle(home, session, conversation, actor)
    return read(home, actor, reference)


def waive(home: Home, actor: Person, reference: str, turns: Collection[int], reason: str) -> int:
    """Say why nobody needs to listen to turns, or without turns to those that nobody heard. Returns how many were left unheard.

    Raises:
        NoReason and what `hear` raises.
    """
    require(actor.roles, Act.CORRECT, actor.name)
    if not reason.strip():
        raise NoReason
    with home.writing() as session:
        conversation = editing.opened(home, session, reference)
        before = _unheard(home, session, conversation)
        picked = _picked(kept.standing(home, session, conversation), conversation.reference, turns or before)
        spans = tuple(heard.stretch(turn) for turn in picked)
        editing.put(home, session, conversation, actor, lambda _: Waiver(spans=spans, reason=reason.strip()))
        return len(before - _unheard(home, session, conversation))


def _picked(transcript: Transcript, reference: str, turns: Collection[int]) -> tuple[Turn, ...]:
    editing.refuse_unknown(transcript, reference, turns)
    return tuple(transcript.find(number).turn for number in turns) if turns else transcript.turns


def _unheard(home: Home, session: Session, conversation: Conversation) -> frozenset[int]:
    return frozenset(kept.unheard(home, session, conversation))


def _hear(home: Home, session: Session, conversation: Conversation, actor: Person, turns: Iterable[Turn]) -> None:
    kept.add_listening(home, session, conversation, actor, said=tuple(heard.stretch(turn) for turn in turns))


def acknowledge_damage(home: Home, actor: Person, reference: str) -> int:
    """Say that the damaged stretches of a recording are known; returns how many there were."""
    require(actor.roles, Act.CORRECT, actor.name)
    with home.writing() as session:
        conversation = editing.opened(home, session, reference)
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
        turns = {turn.number: turn for turn in kept.draft(home, conversation)}
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
        conversation = editing.opened(home, session, reference)
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
