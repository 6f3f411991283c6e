"""How far a transcription is and how long it will take, for whoever waits, in this process or in another."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from storage import models
from storage.models import Conversation

SOON: Final = 0.02  # share of the recording that must be heard before anything is said about time


@dataclass(frozen=True, kw_only=True, slots=True)
class Progress:
    """How far a recording is, in seconds of sound; `left` in seconds of work, None where that cannot be told yet."""

    reference: str
    done: float
    total: float
    left: float | None = None


def left(*, since: float, done: float, total: float, taken: float) -> float | None:
    """Seconds of work left, when the seconds of sound from `since` to `done` have `taken` so long; never below 0."""
    if done - since < SOON * total or taken <= 0:
        return None
    return max(0.0, (total - done) * taken / (done - since))


def read(session: Session, conversation: Conversation, now: datetime) -> Progress:
    """How far a conversation is as another process wrote it down last."""
    total = conversation.recording.duration if conversation.recording else 0.0
    row = _row(session, conversation)
    if row is None:
        return Progress(reference=conversation.reference, done=0.0, total=total)
    rest = left(since=row.since, done=row.done, total=total, taken=(row.at - row.begun).total_seconds())
    return Progress(
        reference=conversation.reference,
        done=row.done,
        total=total,
        left=None if rest is None else max(0.0, rest - (now - row.at).total_seconds()),
    )


def begin(session: Session, conversation: Conversation, done: float, now: datetime) -> None:
    """A run starts to hear after `done` seconds of the recording."""
    row = _row(session, conversation) or models.Progress(id=uuid4(), conversation_id=conversation.id, done=0.0)
    # a run that was killed may have been further: what was shown is never taken back
    row.begun, row.since, row.done, row.at = now, done, max(row.done, done), now
    session.add(row)


def note(session: Session, conversation: Conversation, done: float, now: datetime) -> None:
    """The same run is further."""
    row = _row(session, conversation)
    if row is not None and done > row.done:
        row.done, row.at = done, now


def _row(session: Session, conversation: Conversation) -> models.Progress | None:
    return session.scalar(select(models.Progress).where(models.Progress.conversation_id == conversation.id))
