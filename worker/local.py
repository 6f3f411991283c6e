"""The worker of one machine: a loop over what is due, under an exclusive lock. No server, no queue; the rows are the truth."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from access.people import Person
from access.roles import Act, require
from pipeline import stages
from pipeline.reviews import find_conversation
from pipeline.transcription import chosen, transcribing
from pipeline.transcription.speaker_model import SpeakerModel
from pipeline.transcription.speech import Engine
from pipeline.transcription.transcribing import Progress
from retention import job
from storage.errors import CandourError, Refused
from storage.home import Home
from storage.log.log import Event

STEP: Final = 0.2


class NothingToRetry(Refused):
    """work: {reference} was not given up; `candour status` shows what waits and what stands in its way"""


@dataclass(kw_only=True, slots=True)
class Done:
    """What a round of work achieved: references of transcribed conversations, certificates, what went wrong, and what no
    recording could be heard for: NoModel and its kin.
    """

    transcribed: list[str] = field(default_factory=list)
    destroyed: list[str] = field(default_factory=list)
    failed: list[tuple[str, str]] = field(default_factory=list)
    unheard: CandourError | None = None


def retry(home: Home, actor: Person, reference: str) -> None:
    """Let a recording that was given up after several attempts wait for the worker again.

    Raises:
        NotAllowed, UnknownConversation, NothingToRetry.
    """
    require(actor.roles, Act.RUN_WORK, actor.name)
    with home.writing() as session:
        conversation = find_conversation(session, reference)
        if not stages.given_up(conversation, home.settings.work.attempts):
            raise NothingToRetry(reference=conversation.reference)
        conversation.runs, conversation.trouble = 0, None
        home.log(session, Event.WORK_RETRIED, actor=actor.name, obj=[conversation.id])


def work_once(
    home: Home,
    *,
    report: Callable[[Progress], None] = lambda _: None,
    stop: Callable[[], bool] = lambda: False,
) -> Done:
    """Do everything that is due now. Destruction is first: it waits for no speech model and for no long recording.

    Raises:
        WorkerRunning: another process is at work in this home.
    """
    done = Done()
    with home.working():
        retained = job.go_round(home, stop=stop)
        done.destroyed += [one.certificate for one in retained.destroyed]
        done.failed += [(f"order {number}", str(error)) for number, error in retained.failed.items()]
        if retained.unswept is not None:
            done.failed.append(("clearing up", str(retained.unswept)))
        try:
            _transcribe(home, done, report, stop)
        except CandourError as error:
            # What was destroyed is to be told all the same.
            done.unheard = error
    return done


def _transcribe(home: Home, done: Done, report: Callable[[Progress], None], stop: Callable[[], bool]) -> None:
    with home.reading() as session:
        due = stages.due(session, home.settings.work.attempts)
    if not due:
        return
    speech = home.settings.speech
    engine = Engine.load(chosen.speech_model(home).folder, speech.threads, speech.device)
    voices = chosen.speaker_model(home)
    speaker_model = SpeakerModel.load(voices.folder, speech.threads) if voices else None
    for one in due:
        if stop():
            return
        try:
            if transcribing.advance(home, engine, one, speaker_model=speaker_model, report=report, stop=stop):
                done.transcribed.append(one.reference)
        except CandourError as error:
            done.failed.append((one.reference, str(error)))


def work(
    home: Home, *, report: Callable[[Progress], None], stop: Callable[[], bool], finished: Callable[[Done], None]
) -> None:
    """Work until asked to stop, looking again after each pause."""
    with home.forgetting():
        _work(home, report, stop, finished)


def _work(
    home: Home, report: Callable[[Progress], None], stop: Callable[[], bool], finished: Callable[[Done], None]
) -> None:
    while not stop():
        finished(work_once(home, report=report, stop=stop))
        until = time.monotonic() + home.settings.work.poll_seconds
        while time.monotonic() < until and not stop():
            time.sleep(STEP)
