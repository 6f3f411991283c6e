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

    def __init__(self, run: Run, report: Report) -> None:
        self._run, self._report = run, report
        self._since: float | None = None
        self._done = 0.0
        self._begun = self._noted = time.monotonic()

    def begin(self, done: float) -> None:
        """Hearing starts after `done` seconds of the recording; windows from before a crash took no time."""
        if self._since is None:
            self._since, self._begun = done, time.monotonic()
            with self._run.noting() as session:
                progress.begin(session, self._run.conversation, done, self._run.home.now())

    def reached(self, done: float) -> None:
        """So many seconds of the recording are heard."""
        self._done = max(self._done, done)
        total = max(self._run.recording.duration, self._done)
        now = time.monotonic()
        rest = None
        if self._since is not None:
            rest = progress.left(since=self._since, done=self._done, total=total, taken=now - self._begun)
            if now - self._noted > NOTED:
                self._noted = now
                with self._run.noting() as session:
                    progress.note(session, self._run.conversation, self._done, self._run.home.now())
        self._report(Progress(reference=self._run.conversation.reference, done=self._done, total=total, left=rest))
