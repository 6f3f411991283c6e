"""How far a transcription is and how long it will take, for whoever waits, in this process or in another."""

from collections import deque
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from pipeline.transcription.cores import cores
from storage import models
from storage.models import Conversation

SOON: Final = 0.02  # share of the recording that must be heard before anything is said about time
# seconds of the recording, or the first window of a run, by which alone speed is not judged: nothing goes as slowly as they do
LEAST: Final = 60.0
RECENT: Final = 0.15  # share of the recording by which speed is judged, the last one heard
SILENCE: Final = 0.02  # work for a second of silence, as a share of that for one of speech
# share of a machine that the thread which makes windows ready, and the decoder's process half of the time, take from a model that
# has all cores
BESIDE: Final = 1.5 / (1.5 + cores())


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

    Silence takes hardly any time, and what a machine has to do besides changes in an hour. It is judged by a whole window at
    least, because one part of it is harder than another. While the next window is made ready a window goes slower: what that
    takes is no part of the speed, and is added for what is not ready yet. Times are in seconds of the recording, `now` in seconds
    of any clock, and `busy` says how many of these have been spent on making windows ready.
    """

    def __init__(self, since: float, total: float, now: float, busy: float = 0.0) -> None:
        """A run begins to hear after `since` seconds of a recording of `total` seconds."""
        self._since, self._total = since, total
        self._known, self._speech = since, 0.0
        self._window = 0.0  # the longest so far
        self._first = since + LEAST  # where speed is judged for the first time
        self._done = since
        self._ahead = 0.0  # work that is left
        self._after = 0.0  # seconds
        self._ready = (since, busy)  # where the first window ended, and the seconds spent on making until then
        self._spent = busy  # the same when all that is known was ready
        self._making = 0.0  # seconds for a second of the recording
        self._unmade = 0.0  # seconds that making the rest ready will take
        self._marks = deque([(since, 0.0, now - BESIDE * busy)])  # seconds heard, work done, and the seconds of it

    def look(self, until: float, speech: float, busy: float = 0.0) -> None:
        """So much speech was found in the next stretch, which ends at `until`, and all before that is ready."""
        if self._known == self._since:
            self._first = min(self._first, until)
            self._ready = until, busy
            self._making = busy / until
        else:
            # for the first one the decoder was started too
            self._making = (busy - self._ready[1]) / (until - self._ready[0])
        self._spent = busy
        self._window = max(self._window, until - self._known)
        self._known, self._speech = until, self._speech + speech

    def reached(self, done: float, unheard: float, now: float, after: float = 0.0, busy: float = 0.0) -> None:
        """So far is the run; so many seconds of the speech found are not heard yet, and so many will pass after all is heard."""
        self._done, self._after = done, after
        self._unmade = max(0.0, self._making * (self._total - self._known) - (busy - self._spent))
        self._ahead = (
            unheard + SILENCE * max(0.0, self._known - done) + self._usual * max(0.0, self._total - self._known)
        )
        self._marks.append((done, self._speech - unheard + SILENCE * (done - self._since), now - BESIDE * busy))
        judged = max(RECENT * self._total, self._window)
        while len(self._marks) > 2 and self._marks[1][0] <= done - judged:
            self._marks.popleft()

    @property
    def done(self) -> float:
        """How much of the recording is done if what comes after it is a part of it."""
        if not self._after:
            return self._done
        whole = self._rate * self._total * self._usual
        return self._done * whole / (whole + self._after)

    def basis(self, done: float) -> tuple[float, float]:
        """Seconds of sound like the rest of the recording after `done`, and what so much took of late: what `left` wants.

        No seconds of sound where speed cannot be judged yet.
        """
        rest = self._rate * self._ahead + BESIDE * self._unmade + self._after
        taken = self._marks[-1][2] - self._marks[0][2]
        if self._done <= self._first and self._done < self._total:
            return 0.0, taken
        return max(0.001, self._total - done) * taken / max(rest, 1e-9), taken

    @property
    def _usual(self) -> float:
        """Work in a second of the recording."""
        return self._speech / max(self._known - self._since, 0.001) + SILENCE

    @property
    def _rate(self) -> float:
        """Seconds for a second of speech, of late."""
        (_, before, then), (_, work, now) = self._marks[0], self._marks[-1]
        return (now - then) / max(work - before, 1e-9)


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
    if row is not None and done >= row.done:
        heard, seconds = speed.basis(done)
        row.done, row.at, row.since, row.begun = done, now, done - heard, now - timedelta(seconds=seconds)


def _row(session: Session, conversation: Conversation) -> models.Progress | None:
    return session.scalar(select(models.Progress).where(models.Progress.conversation_id == conversation.id))
