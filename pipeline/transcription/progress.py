"""How far a transcription is and how long it will take, for whoever waits, in this process or in another."""

from collections import deque
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from storage import models
from storage.models import Conversation

SOON: Final = 0.02  # share of the recording that must be heard before anything is said about time
RECENT: Final = 0.15  # share of the recording by which speed is judged, the last one heard
SILENCE: Final = 0.02  # work for a second of silence, as a share of that for one of speech


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


class Speed:
    """How fast a run goes, judged by what it heard of late and by the speech in it.

    Silence takes hardly any time, and what a machine has to do besides changes in an hour. Times are in seconds of the recording,
    `now` in seconds of any clock.
    """

    def __init__(self, since: float, total: float, now: float) -> None:
        """A run begins to hear after `since` seconds of a recording of `total` seconds."""
        self._since, self._total = since, total
        self._known, self._speech = since, 0.0
        self._done = since
        self._ahead = 0.0  # work that is left
        self._marks = deque([(since, 0.0, now)])  # seconds heard, work done, when

    def look(self, until: float, speech: float) -> None:
        """So much speech was found in the next stretch, which ends at `until`."""
        self._known, self._speech = until, self._speech + speech

    def reached(self, done: float, unheard: float, now: float) -> None:
        """So far is the run; so many seconds of the speech found are not heard yet."""
        seen = max(self._known - self._since, 0.001)
        usual = self._speech / seen + SILENCE
        self._done = done
        self._ahead = unheard + SILENCE * max(0.0, self._known - done) + usual * max(0.0, self._total - self._known)
        self._marks.append((done, self._speech - unheard + SILENCE * (done - self._since), now))
        while len(self._marks) > 2 and self._marks[1][0] <= done - RECENT * self._total:
            self._marks.popleft()

    @property
    def basis(self) -> tuple[float, float]:
        """Seconds of sound like the rest of the recording, and what hearing so much took of late: what `left` wants."""
        (_, before, then), (_, work, now) = self._marks[0], self._marks[-1]
        rest = max(0.001, self._total - self._done)
        return (work - before) * rest / max(self._ahead, 1e-9), now - then


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


def note(session: Session, conversation: Conversation, done: float, now: datetime, speed: Speed) -> None:
    """The same run is further. What is written down as its beginning is where speed is judged from."""
    row = _row(session, conversation)
    if row is not None and done > row.done:
        heard, seconds = speed.basis
        row.done, row.at, row.since, row.begun = done, now, done - heard, now - timedelta(seconds=seconds)


def _row(session: Session, conversation: Conversation) -> models.Progress | None:
    return session.scalar(select(models.Progress).where(models.Progress.conversation_id == conversation.id))
