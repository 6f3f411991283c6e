"""One run of work on a recording: whatever it writes, it writes with its token, and only the newest run may write."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from pipeline import stages
from pipeline.recording.audio import Window
from pipeline.reviews import recording_key
from pipeline.transcription import glossary, progress
from pipeline.transcription.progress import Progress
from storage.errors import Busy
from storage.home import Home
from storage.log.log import Event
from storage.models import Conversation, Recording, State

ACTOR: Final = "worker"
NOTED: Final = 5.0  # seconds between two notes of how far a window is

Report = Callable[[Progress], None]


class LeaseLost(Busy):
    """worker: another run, or a destruction, took {reference} over; this run has written nothing since"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Run:
    """One run; `terms` is the glossary as it was when the run began."""

    home: Home
    conversation: Conversation
    recording: Recording
    key: bytes
    token: UUID
    terms: tuple[str, ...]

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """A transaction that only the newest run gets through; it counts as progress.

        Raises:
            LeaseLost.
        """
        with self.home.writing() as session:
            mine = session.execute(
                update(Conversation)
                .where(Conversation.id == self.conversation.id, Conversation.run_token == self.token)
                .values(runs=0, trouble=None)
            )
            if mine.rowcount != 1:  # type: ignore[attr-defined]
                raise LeaseLost(reference=self.conversation.reference)
            yield session

    @contextmanager
    def noting(self) -> Iterator[Session]:
        """The same for how far a window is: that is no progress of a run, which may die in the same window for ever.

        Raises:
            LeaseLost.
        """
        with self.home.writing() as session:
            newest = session.scalar(select(Conversation.run_token).where(Conversation.id == self.conversation.id))
            if newest != self.token:
                raise LeaseLost(reference=self.conversation.reference)
            yield session


def begin(home: Home, work: stages.Work) -> Run:
    """Take a recording that waits.

    Raises:
        LeaseLost: it does not wait any more.
    """
    with home.writing() as session:
        conversation = session.get_one(Conversation, work.conversation)
        if conversation.state is not State.RECORDED or conversation.quarantined or conversation.recording is None:
            raise LeaseLost(reference=work.reference)
        token = stages.begin(session, conversation)
        home.log(session, Event.WORK_STARTED, actor=ACTOR, obj=[conversation.id])
        return Run(
            home=home,
            conversation=conversation,
            recording=conversation.recording,
            key=recording_key(home, conversation),
            token=token,
            terms=glossary.terms(home, conversation.review),
        )


class Pace:
    """Tells how far a run is: who called, at every step, and whoever looks from outside, every few seconds."""

    def __init__(
        self, run: Run, report: Report, busy: Callable[[], float], after: Callable[[float], float] = lambda _: 0.0
    ) -> None:
        """`busy` says how many seconds windows were made ready so far, `after` how many will pass when all of a recording of so
        many seconds is heard.
        """
        self._run, self._report, self._busy, self._after = run, report, busy, after
        self._done, self._total = 0.0, run.recording.duration
        self._noted = time.monotonic()
        self._speed: progress.Speed | None = None

    def begin(self, window: Window, speech: float) -> None:
        """A window is about to be heard, with so many seconds of speech in it; those from before a crash took no time."""
        if self._speed is None:
            self._speed = progress.Speed(window.start, self._total, time.monotonic(), self._busy())
            with self._run.noting() as session:
                progress.begin(session, self._run.conversation, window.start, self._run.home.now())
        self._speed.look(window.end, speech, self._busy())

    def reached(self, done: float, unheard: float = 0.0) -> None:
        """So many seconds of the recording are heard; so many seconds of the speech found in it are not."""
        now = time.monotonic()
        rest = None
        self._total = max(self._total, done)
        if self._speed is None:
            self._done = done
        else:
            self._speed.reached(done, unheard, now, self._after(self._total), self._busy())
            # what was told is never taken back
            self._done = max(self._done, self._speed.done)
            heard, taken = self._speed.basis(self._done)
            rest = progress.left(since=self._done - heard, done=self._done, total=self._total, taken=taken)
            if now - self._noted > NOTED:
                self._noted = now
                with self._run.noting() as session:
                    self.note(session)
        self._tell(rest)

    def finished(self) -> None:
        """Nothing is left to do."""
        self._done = self._total
        self._tell(0.0)

    def note(self, session: Session) -> None:
        """Write down how far the run is, for whoever looks from outside."""
        assert self._speed is not None, "begun"
        progress.note(session, self._run.conversation, self._done, self._run.home.now(), self._speed)

    def _tell(self, rest: float | None) -> None:
        self._report(
            Progress(reference=self._run.conversation.reference, done=self._done, total=self._total, left=rest)
        )
