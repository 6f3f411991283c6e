"""A recording becomes a draft, window by window.

Each window is sealed and committed before the next begins, so that a crash costs one window, and what a run after the crash
commits is what an undisturbed run would have: windows depend on the sound alone, and every window has its own seed.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID, uuid4

import numpy as np
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from pipeline.recording import audio
from pipeline.recording.confined import decode
from pipeline.recording.intake import opened
from pipeline.recording.playback import Peaks, Playback
from pipeline.stages import Work
from pipeline.transcription import doubts, one_channel, progress, runs, speakers, speech
from pipeline.transcription.coverage import account
from pipeline.transcription.imported import Imported, has_times, laid
from pipeline.transcription.library import Sound
from pipeline.transcription.progress import Progress as Progress
from pipeline.transcription.runs import ACTOR, Pace, Report, Run
from pipeline.transcription.runs import LeaseLost as LeaseLost
from pipeline.transcription.timbre import Timbre
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
from storage import age
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
    home: Home, engine: speech.Engine, work: Work, *, report: Report = lambda _: None, stop: Stop = lambda: False
) -> bool:
    """Transcribe a recording, or what is left of it; False when `stop` asked to end early.

    Raises:
        LeaseLost: another run or a destruction took over.
        BadInput: the recording cannot be decoded; the reason is kept with the conversation.
    """
    run = runs.begin(home, work)
    try:
        _transcribe(run, engine, report, stop)
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


def _transcribe(run: Run, engine: speech.Engine, report: Report, stop: Stop) -> None:
    home, recording = run.home, run.recording
    with home.reading() as session:
        rows = session.scalars(select(Window).where(Window.conversation_id == run.conversation.id)).all()
    done = {row.number: _open_window(run, row.id, row.sealed) for row in rows}
    written = kept.draft(home, run.conversation) if run.conversation.imported else ()
    # What was written down with its times is heard in one piece, whatever the channels.
    hears = Imported(written) if has_times(written) else engine
    balance = None if isinstance(hears, Imported) else _balance(run)
    hearing = _Hearing(hears, run, balance, Pace(run, report))
    damaged: list[Span] = []
    timbre = Timbre()
    seconds = 0.0
    with (
        opened(home, BlobRef(recording.blob), run.key, run.conversation.reference) as plain,
        home.blobs.writing() as sink,
        age.Writer(sink, [slot(run.key).recipient()]) as sealed,
    ):
        playback, peaks = Playback(sealed, min(recording.channels, 2)), Peaks()  # type: ignore[arg-type]
        for window in audio.windows(decode(plain), home.settings.speech.window_seconds):
            if stop():
                raise _Stopped
            playback.add(window.samples)
            peaks.add(window.samples)
            damaged += window.damaged
            timbre.add(_mono(window.samples)[0])
            if window.index not in done:
                done[window.index] = hearing.hear(window)
                _commit_window(run, window, done[window.index], hearing.language)
            seconds = window.end
            hearing.pace.reached(seconds)
        playback.close()
    found = [done[number] for number in sorted(done)]
    words = [word for one in found for word in one.words]
    if written:
        draft = written if has_times(written) else laid(written, words)
    else:
        draft = speakers.turns(words) if balance is not None else one_channel.turns(words, timbre.close())
    _finish(run, hearing, draft, found, damaged, seconds, sink.ref, peaks.close())


def _mono(samples: audio.Samples) -> audio.Samples:
    return samples if samples.shape[0] == 1 else samples.mean(axis=0, keepdims=True).astype(samples.dtype)


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

    def hear(self, window: audio.Window) -> _Found:
        self.pace.begin(window.start)
        samples = audio.raise_quiet(window.samples)
        if self._balance is not None:
            return self._two(window, samples, self._balance)
        heard = self._one(window, speech.floats(_mono(samples)), window.index, None, 0, 1)
        return _Found(heard=(heard,), words=heard.words)

    def _two(self, window: audio.Window, samples: audio.Samples, balance: float) -> _Found:
        sounds = [speech.floats(samples[channel : channel + 1]) for channel in (0, 1)]
        levels = speakers.energies(samples)
        spans = speakers.own_spans(
            [speech.voices(sound, window.start) for sound in sounds], levels, start=window.start, balance=balance
        )
        heard = tuple(
            self._one(window, sound, 2 * window.index + part, spans[part], part, 2) for part, sound in enumerate(sounds)
        )
        return _Found(heard=heard, words=tuple(speakers.merge_channels(heard, levels, balance=balance)))

    def _one(
        self,
        window: audio.Window,
        sound: Sound,
        seed: int,
        spans: tuple[Span, ...] | None,
        part: int,
        parts: int,
    ) -> Heard:
        def reached(time: float) -> None:
            self.pace.reached(window.start + (part * (window.end - window.start) + time - window.start) / parts)

        if not self.language:
            spoken = speech.voices(sound, window.start) if spans is None else spans
            self.language = self.engine.detect(sound, spoken, window.start) if spoken else ""
        return self.engine.hear(
            sound,
            seed=seed,
            offset=window.start,
            speech=spans,
            hotwords=self._terms,
            language=self.language,
            reached=reached,
        )


def _seal_window(run: Run, row: UUID, found: _Found) -> bytes:
    body = canonical(
        {
            "heard": [heard_to_json(one).decode() for one in found.heard],
            "words": heard_to_json(_with_words(found)).decode(),
        }
    )
    return seal_value(run.key, f"window.sealed:{row}", body)


def _with_words(found: _Found) -> Heard:
    first = found.heard[0]
    return Heard(window=first.window, speech=(), words=found.words, estimates=())


def _open_window(run: Run, row: UUID, sealed: bytes) -> _Found:
    body = json.loads(open_value(run.key, f"window.sealed:{row}", sealed))
    heard = tuple(heard_from_json(one.encode()) for one in body["heard"])
    words = heard_from_json(body["words"].encode()).words
    return _Found(heard=heard, words=words)


def _commit_window(run: Run, window: audio.Window, found: _Found, language: str) -> None:
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
    row.sealed = _seal_window(run, row.id, found)
    with run.writing() as session:
        session.add(row)
        session.get_one(Conversation, run.conversation.id).language = language
        progress.note(session, run.conversation, window.end, run.home.now())


def _finish(
    run: Run,
    hearing: _Hearing,
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
                detail={"windows": len(found), "model": hearing.engine.digest, "device": hearing.engine.device},
            )
    except BaseException:
        run.home.blobs.destroy(playback)
        raise


def _store_doubts(
    session: Session, run: Run, draft: tuple[Turn, ...], found: list[_Found], damaged: list[Span]
) -> None:
    heard = [one for window in found for one in window.heard]
    found_doubts = doubts.find(draft, doubts.evidence(heard, damaged, run.terms), doubts.critical_lists(run.terms))
    for number, doubt in enumerate(found_doubts, 1):
        row = DoubtRow(id=uuid4(), conversation_id=run.conversation.id, number=number)
        row.sealed = seal_value(run.key, f"doubt.sealed:{row.id}", doubts.to_json(doubt))
        session.add(row)
