"""A recording becomes a draft, window by window.

Each window is sealed and committed before the next begins, so that a crash costs one window, and what a run after the crash
commits is what an undisturbed run would have: windows depend on the sound alone, and every window has its own seed.
"""

import json
from collections.abc import Callable, Generator
from dataclasses import dataclass
from uuid import UUID, uuid4

import numpy as np
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from pipeline.recording import audio
from pipeline.recording.confined_sound import decode
from pipeline.recording.intake import marks, opened
from pipeline.recording.peaks import Peaks
from pipeline.recording.playback import Playback
from pipeline.stages import Work
from pipeline.transcription import doubts, ears, one_channel, runs, speakers, speech
from pipeline.transcription.cores import one_core_each
from pipeline.transcription.coverage import account
from pipeline.transcription.imported import Imported, has_times, laid
from pipeline.transcription.progress import Progress as Progress
from pipeline.transcription.ready import Ready, ahead, mono, ready
from pipeline.transcription.runs import ACTOR, Pace, Report, Run
from pipeline.transcription.runs import LeaseLost as LeaseLost
from pipeline.transcription.spans import total
from pipeline.transcription.speaker_model import SpeakerModel
from pipeline.transcripts import kept
from pipeline.transcripts.transcript import (
    Heard,
    Span,
    Turn,
    Word,
    canonical,
    heard_from_json,
    heard_to_json,
    turns_to_json,
)
from storage import age, orphans
from storage.blobs import BlobRef
from storage.errors import CandourError
from storage.home import Home
from storage.log.log import Event
from storage.models import Conversation, Incident, Recording, State, Window
from storage.models import Doubt as DoubtRow
from storage.models import Progress as ProgressRow
from storage.sealed import open_value, seal_value, slot

Stop = Callable[[], bool]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Found:
    """What one window gave: heard in one channel or two, and the words with their speakers."""

    heard: tuple[Heard, ...]
    words: tuple[Word, ...]


def advance(
    home: Home,
    engine: speech.Engine,
    work: Work,
    *,
    speaker_model: SpeakerModel | None = None,
    report: Report = lambda _: None,
    stop: Stop = lambda: False,
) -> bool:
    """Transcribe a recording, or what is left of it; False when `stop` asked to end early.

    Raises:
        LeaseLost: another run or a destruction took over.
        BadInput: the recording cannot be decoded; the reason is kept with the conversation.
    """
    run = runs.begin(home, work)
    try:
        with one_core_each():
            _transcribe(run, engine, speaker_model, report, stop)
    except _Stopped:
        # To be asked to stop is no failed run.
        with run.writing():
            return False
    except LeaseLost:
        raise
    except CandourError as error:
        _note_trouble(home, run, str(error))
        raise
    return True


def _note_trouble(home: Home, run: Run, trouble: str) -> None:
    with home.writing() as session:
        session.execute(
            update(Conversation)
            .where(Conversation.id == run.conversation.id, Conversation.run_token == run.token)
            .values(trouble=trouble[:200])
        )
        home.log(session, Event.WORK_FAILED, actor=ACTOR, obj=[run.conversation.id])


def _transcribe(
    run: Run, engine: speech.Engine, speaker_model: SpeakerModel | None, report: Report, stop: Stop
) -> None:
    home, recording = run.home, run.recording
    with home.reading() as session:
        rows = session.scalars(select(Window).where(Window.conversation_id == run.conversation.id)).all()
    done = list[_Found]()
    written = kept.draft(home, run.conversation) if run.conversation.imported else ()
    # What was written down with its times is heard in one piece, whatever the channels.
    hears = Imported(written) if has_times(written) else engine
    # What another model heard is heard anew: the log names one for the whole draft.
    before = {
        (row.number, row.start, row.end): found
        for row in rows
        if (found := _open_window(run, row.id, row.sealed, hears.digest)) is not None
    }
    balance = None if isinstance(hears, Imported) else _balance(run)
    # where people have a microphone each, or somebody wrote down who said what, nobody need listen for voices
    ear = ears.ear(speaker_model) if balance is None and not written else None
    seconds = 0.0
    with (
        opened(home, BlobRef(recording.blob), run.key, run.conversation.reference) as plain,
        home.blobs.writing() as sink,
        age.Writer(sink, [slot(run.key).recipient()]) as sealed,
    ):
        made = _Made(Playback(sealed, min(recording.channels, 2)), ear)  # type: ignore[arg-type]

        def coming() -> Generator[tuple[audio.Window, _Found | Ready]]:
            known: _Found | None = None
            for window in audio.windows(decode(plain), home.settings.speech.window_seconds):
                made.add(window)
                # From where windows are cut in another way than before, all are heard anew.
                if known is not None or window.index == 0:
                    known = before.get((window.index, window.start, window.end))
                yield window, known or ready(window, balance)

        with ahead(coming()) as windows:
            pace = Pace(run, report, windows.busy, ear.ahead) if ear else Pace(run, report, windows.busy)
            hearing = _Hearing(hears, run, balance, pace)
            for window, waiting in windows:
                if stop():
                    raise _Stopped
                if isinstance(waiting, Ready):
                    done.append(hearing.hear(waiting))
                    _commit_window(run, window, done[-1], hearing)
                else:
                    done.append(waiting)
                seconds = window.end
                hearing.pace.reached(seconds)
        made.playback.close()
    words = [word for one in done for word in one.words]
    if written:
        draft = written if has_times(written) else laid(written, words)
    else:
        draft = one_channel.labelled(words, ear.told(words).labels(words)) if ear else speakers.turns(words)
    hearing.pace.finished()
    voices = speaker_model if ear else None
    _finish(run, hearing, voices, draft, done, made.damaged, seconds, sink.ref, made.peaks.close())


class _Made:
    """What is made of a recording on the way, besides its words."""

    def __init__(self, playback: Playback, ear: ears.Ear | None) -> None:
        self.playback, self.peaks, self.ear = playback, Peaks(), ear
        self.damaged: list[Span] = []

    def add(self, window: audio.Window) -> None:
        self.playback.add(window.samples)
        self.peaks.add(window.samples)
        if self.ear:
            self.ear.add(mono(window.samples)[0])
        self.damaged += window.damaged


class _Stopped(Exception):
    """Asked to end between two windows; everything committed so far stays."""


def _balance(run: Run) -> float | None:
    """How much louder the first microphone is set, in dB; None when there are not two microphones.

    Judged over the whole recording: in one window perhaps only one person speaks.
    """
    if run.recording.channels < 2:
        return None
    with opened(run.home, BlobRef(run.recording.blob), run.key, run.conversation.reference) as plain:
        limit = run.home.settings.speech.window_seconds
        levels = [audio.channel_levels(window.samples) for window in audio.windows(decode(plain), limit)]
    return audio.balance(np.concatenate(levels, axis=1))


class _Hearing:
    """Hears one window after another; `language` is empty until it is known."""

    def __init__(self, engine: speech.Engine | Imported, run: Run, balance: float | None, pace: Pace) -> None:
        self.engine, self.pace = engine, pace
        self.language = run.conversation.language
        self._terms = run.terms
        self._balance = balance

    def hear(self, waiting: Ready) -> _Found:
        self.pace.begin(waiting.window, waiting.speech)
        heard = tuple(self._one(waiting, part) for part in range(len(waiting.channels)))
        if waiting.levels is None:
            return _Found(heard=heard, words=heard[0].words)
        assert self._balance is not None
        return _Found(heard=heard, words=tuple(speakers.merge_channels(heard, waiting.levels, balance=self._balance)))

    def _one(self, waiting: Ready, part: int) -> Heard:
        window, channel = waiting.window, waiting.channels[part]
        spoken = [total(one.speech) for one in waiting.channels]

        def reached(seconds: float) -> None:
            heard = sum(spoken[:part]) + seconds
            share = heard / max(sum(spoken), 0.001)
            self.pace.reached(window.start + share * (window.end - window.start), max(0.0, sum(spoken) - heard))

        if not self.language:
            found = channel.speech
            self.language = self.engine.detect(channel.sound, found, window.start) if found else ""
        return self.engine.hear(
            channel.sound,
            seed=len(waiting.channels) * window.index + part,
            offset=window.start,
            speech=channel.speech,
            hotwords=self._terms,
            language=self.language,
            reached=reached,
        )


def _seal_window(run: Run, row: UUID, found: _Found, model: str) -> bytes:
    body = canonical(
        {
            "model": model,
            "heard": [heard_to_json(one).decode() for one in found.heard],
            "words": heard_to_json(_with_words(found)).decode(),
        }
    )
    return seal_value(run.key, f"window.sealed:{row}", body)


def _with_words(found: _Found) -> Heard:
    first = found.heard[0]
    return Heard(window=first.window, speech=(), words=found.words, estimates=())


def _open_window(run: Run, row: UUID, sealed: bytes, model: str) -> _Found | None:
    """What was heard in a window; None where it was not heard by this model."""
    body = json.loads(open_value(run.key, f"window.sealed:{row}", sealed))
    if body.get("model") != model:
        return None
    heard = tuple(heard_from_json(one.encode()) for one in body["heard"])
    words = heard_from_json(body["words"].encode()).words
    return _Found(heard=heard, words=words)


def _commit_window(run: Run, window: audio.Window, found: _Found, hearing: _Hearing) -> None:
    spent = account(Span(start=window.start, end=window.end), window.damaged, found.heard)
    row = Window(
        id=uuid4(),
        conversation_id=run.conversation.id,
        number=window.index,
        start=window.start,
        end=window.end,
        transcribed=spent.transcribed,
        silence=spent.silence,
        damaged=spent.damaged,
        skipped=spent.skipped,
    )
    row.sealed = _seal_window(run, row.id, found, hearing.engine.digest)
    with run.writing() as session:
        stale = Window.conversation_id == run.conversation.id, Window.number >= window.index
        session.execute(delete(Window).where(*stale))
        session.add(row)
        session.get_one(Conversation, run.conversation.id).language = hearing.language
        hearing.pace.note(session)


def _finish(
    run: Run,
    hearing: _Hearing,
    speaker_model: SpeakerModel | None,
    draft: tuple[Turn, ...],
    found: list[_Found],
    damaged: list[Span],
    seconds: float,
    playback: BlobRef,
    waveform: bytes,
) -> None:
    try:
        with run.writing() as session:
            conversation = session.get_one(Conversation, run.conversation.id)
            conversation.draft = seal_value(run.key, f"conversation.draft:{conversation.id}", turns_to_json(draft))
            conversation.state, conversation.state_at = State.TRANSCRIBED, run.home.now()
            recording = session.get_one(Recording, run.recording.id)
            recording.duration, recording.playback = seconds, playback
            recording.waveform = seal_value(run.key, f"recording.waveform:{recording.id}", waveform)
            session.execute(delete(DoubtRow).where(DoubtRow.conversation_id == conversation.id))
            _store_doubts(session, run, draft, found, damaged)
            for span in damaged:
                session.add(Incident(id=uuid4(), conversation_id=conversation.id, start=span.start, end=span.end))
            session.execute(delete(ProgressRow).where(ProgressRow.conversation_id == conversation.id))
            run.home.log(
                session,
                Event.TRANSCRIPT_DRAFTED,
                actor=ACTOR,
                obj=[conversation.id],
                detail={
                    "windows": len(found),
                    "model": hearing.engine.digest,
                    "device": hearing.engine.device,
                    **({"speakers": speaker_model.digest} if speaker_model else {}),
                },
            )
    except BaseException:
        orphans.drop(run.home, playback)
        raise


def _store_doubts(
    session: Session, run: Run, draft: tuple[Turn, ...], found: list[_Found], damaged: list[Span]
) -> None:
    heard = [one for window in found for one in window.heard]
    known = doubts.evidence(heard, damaged, run.terms, marks(run.recording, run.key))
    found_doubts = doubts.find(draft, known, doubts.critical_lists(run.terms))
    for number, doubt in enumerate(found_doubts, 1):
        row = DoubtRow(id=uuid4(), conversation_id=run.conversation.id, number=number)
        row.sealed = seal_value(run.key, f"doubt.sealed:{row.id}", doubts.to_json(doubt))
        session.add(row)
