"""What is kept of a transcript, sealed in the rows of its conversation: draft, corrections, and what people have heard.

An editor saves four times a second, so what was opened is kept in memory while the home is open, for the conversations looked
at last. It is let go of as soon as the key is gone.
"""

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID, uuid4
from weakref import WeakKeyDictionary

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from access.people import Person
from pipeline.reviews import recording_key
from pipeline.transcription.spans import union
from pipeline.transcripts import correction_json
from pipeline.transcripts.corrections import Change, Correction
from pipeline.transcripts.heard import Listening, heard_turns
from pipeline.transcripts.standing import Timed, Transcript, stand
from pipeline.transcripts.transcript import Span, Turn, turns_from_json
from storage import models
from storage.errors import Refused
from storage.home import Home
from storage.models import Conversation
from storage.sealed import open_value, seal_value

OPENED: Final = 8  # conversations of a home


class NoDraft(Refused):
    """transcript: {reference} has no draft yet (it is {state}); `candour work --once` transcribes what is recorded"""


@dataclass(kw_only=True, slots=True)
class _Opened:
    """A draft that was opened, the corrections that were, by the id of their row, and the times worked out so far."""

    sealed: bytes
    draft: tuple[Turn, ...]
    corrections: dict[UUID, Correction] = field(default_factory=dict)
    timed: Timed = field(default_factory=dict)


_opened: WeakKeyDictionary[Home, OrderedDict[UUID, _Opened]] = WeakKeyDictionary()


def draft(home: Home, conversation: Conversation) -> tuple[Turn, ...]:
    """What the machine heard.

    Raises:
        NoDraft, ConversationGone, VaultClosed.
    """
    return _open(home, conversation).draft


def corrections(home: Home, session: Session, conversation: Conversation) -> list[Correction]:
    """Every correction in order, also what was taken back."""
    known = _open(home, conversation).corrections
    mine = models.Correction.conversation_id == conversation.id
    ids = session.scalars(select(models.Correction.id).where(mine).order_by(models.Correction.number)).all()
    missing = [row for row in ids if row not in known]
    if missing:
        key = recording_key(home, conversation)
        # Asked for all at once: so many ids do not fit into one question.
        wanted = select(models.Correction).where(mine)
        for row in session.scalars(wanted if len(missing) > 100 else wanted.where(models.Correction.id.in_(missing))):
            sealed = open_value(key, f"correction.sealed:{row.id}", row.sealed)
            known[row.id] = correction_json.from_json(row.number, sealed)
    return [known[row] for row in ids]


def standing(home: Home, session: Session, conversation: Conversation) -> Transcript:
    """The draft with every correction, and what people said about each turn."""
    return laid(home, conversation, corrections(home, session, conversation))


def laid(home: Home, conversation: Conversation, over: Sequence[Correction]) -> Transcript:
    """The draft with these corrections, which are its own."""
    opened = _open(home, conversation)
    return stand(opened.draft, over, opened.timed)


def add_correction(
    home: Home,
    session: Session,
    conversation: Conversation,
    actor: Person,
    change: Change,
    *,
    instead: Correction | None = None,
) -> Correction:
    """Lay a change over the transcript as the newest correction; `instead` of the one that was the newest, if one is given."""
    mine = models.Correction.conversation_id == conversation.id
    newest = session.scalar(select(func.max(models.Correction.number)).where(mine)) or 0
    if instead is not None:
        session.execute(delete(models.Correction).where(mine, models.Correction.number == instead.number))
    at = home.now() if instead is None else instead.at
    one = Correction(number=newest + 1, author=actor.name, at=at, change=change)
    row = models.Correction(id=uuid4(), conversation_id=conversation.id, person_id=actor.id, at=at, number=one.number)
    key = recording_key(home, conversation)
    row.sealed = seal_value(key, f"correction.sealed:{row.id}", correction_json.to_json(one))
    session.add(row)
    session.flush()
    return one


def listened(home: Home, session: Session, conversation: Conversation) -> list[tuple[models.Hearing, Listening]]:
    """What each person has heard of a conversation, with its row."""
    key = recording_key(home, conversation)
    rows = session.scalars(
        select(models.Hearing).where(models.Hearing.conversation_id == conversation.id).order_by(models.Hearing.at)
    )
    return [(row, Listening.from_json(open_value(key, f"hearing.sealed:{row.id}", row.sealed))) for row in rows]


def add_listening(
    home: Home,
    session: Session,
    conversation: Conversation,
    actor: Person,
    *,
    played: Sequence[Span] = (),
    said: Sequence[Span] = (),
) -> bool:
    """Add stretches that a person has heard; whether they are the first."""
    known = {row.person_id: (row, one) for row, one in listened(home, session, conversation)}
    fresh = models.Hearing(id=uuid4(), conversation_id=conversation.id, person_id=actor.id)
    row, one = known.get(actor.id, (fresh, Listening(person=actor.name)))
    row.at = home.now()
    sealed = one.with_played(played).with_said(said).to_json()
    row.sealed = seal_value(recording_key(home, conversation), f"hearing.sealed:{row.id}", sealed)
    session.add(row)
    session.flush()
    return row is fresh


def covered(made: Transcript, heard: Iterable[Listening]) -> tuple[Span, ...]:
    """The stretches that somebody heard or that are waived, as a union."""
    waived = (span for _, waiver in made.waivers for span in waiver.spans)
    return union([*waived, *(span for one in heard for span in one.spans)])


def unheard(home: Home, session: Session, conversation: Conversation) -> list[int]:
    """The turns with a word that nobody heard and that is not waived, in order."""
    made = standing(home, session, conversation)
    spans = covered(made, (one for _, one in listened(home, session, conversation)))
    done = heard_turns(made.turns, spans)
    return [turn.number for turn in made.turns if turn.number not in done]


def _open(home: Home, conversation: Conversation) -> _Opened:
    shelf = _opened.setdefault(home, OrderedDict())
    known = shelf.pop(conversation.id, None)
    # Asked for each time: without the key nothing that was opened before is shown.
    key = recording_key(home, conversation)
    sealed = conversation.draft
    if sealed is None:
        raise NoDraft(reference=conversation.reference, state=conversation.state.value)
    if known is None or known.sealed != sealed:
        turns = turns_from_json(open_value(key, f"conversation.draft:{conversation.id}", sealed))
        known = _Opened(sealed=sealed, draft=turns)
    shelf[conversation.id] = known
    while len(shelf) > OPENED:
        shelf.popitem(last=False)
    return known
