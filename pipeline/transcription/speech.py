"""What was said in a window of sound.

Speech is looked for first and only speech is transcribed, a stretch at a time, so that silence gives the model nothing to
invent words for. The guards against invented and repeated text are those that hold in the library's sequential mode.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from pipeline.recording.sound import RATE
from pipeline.transcription import graphics, library, model_store, room
from pipeline.transcription.coverage import unheard
from pipeline.transcription.library import STRETCH
from pipeline.transcription.library import Sound as Sound
from pipeline.transcription.library import voices as voices
from pipeline.transcription.spans import contains, overlap
from pipeline.transcripts.transcript import Estimate, Heard, Span, Word
from storage.errors import BadInput

_log = logging.getLogger(__name__)

PAUSE: Final = 2.0  # seconds of silence that end a stretch

GUARDED: Final = {
    "task": "transcribe",
    "beam_size": 5,
    "temperature": [0.0, 0.2, 0.4, 0.6, 0.8, 1.0],
    "compression_ratio_threshold": 2.4,
    "log_prob_threshold": -1.0,
    "no_speech_threshold": 0.6,
    "condition_on_previous_text": False,
    "word_timestamps": True,
    "hallucination_silence_threshold": 2.0,
    "vad_filter": False,
}


class LanguageUnknown(BadInput):
    """speech: the model does not understand the language "{language}" (it knows {known}); use another model, or say another
    language with `candour conversation language`
    """


def floats(samples: NDArray[np.int16]) -> Sound:
    """One channel of int16 samples as the library wants them, -1 to 1."""
    return np.divide(samples, 32768, dtype=np.float32).reshape(-1)


class Engine:
    """A speech model, ready to hear. One engine serves one thread.

    `device` is "cpu" or "cuda". A graphics card that fails on the way is given up, and the window is heard again.
    """

    def __init__(self, folder: Path, threads: int, language: str = "en", device: str = "cpu", digest: str = "") -> None:
        self.device = device
        self.digest = digest  # of the manifest: it names the model exactly
        self._folder = folder
        self._threads = threads
        self._language = language
        self._renew()

    @classmethod
    def load(cls, folder: Path, threads: int, device: str = "cpu") -> "Engine":
        """Check every file of the model against its manifest, then load it.

        `device` "auto" takes a graphics card where there is one that works; one that is asked for by "cuda" and does not
        work is no error either, but a warning.

        Raises:
            ModelMissing, ModelDamaged.
        """
        model = model_store.verify(folder)
        return cls(folder, threads, model.language, graphics.chosen(device, folder), model.digest)

    @property
    def languages(self) -> tuple[str, ...]:
        """ISO 639-1 codes of what the model understands."""
        return tuple(self._model.supported_languages)

    def fitting(self, terms: Sequence[str]) -> tuple[str, ...]:
        """As many terms from the front as leave the model room to answer; compare with what was given to warn a person."""
        return room.fitting(self._model.hf_tokenizer, terms)

    def detect(self, sound: Sound, speech: Sequence[Span], offset: float = 0.0) -> str:
        """The language of what is spoken in the first 90 seconds of speech, as ISO 639-1 code."""
        spoken = [sound[round((one.start - offset) * RATE) : round((one.end - offset) * RATE)] for one in speech]
        segments = 3
        heard = np.concatenate(spoken)[: segments * 30 * RATE]
        if not self._model.model.is_multilingual:
            return str(self._language)
        language, _, _ = self._model.detect_language(
            heard, language_detection_segments=segments, language_detection_threshold=1.0
        )
        return str(language)

    def hear(
        self,
        sound: Sound,
        *,
        seed: int,
        offset: float,
        speech: Sequence[Span] | None = None,
        hotwords: Sequence[str] = (),
        language: str = "",
        reached: Callable[[float], None] = lambda _: None,
    ) -> Heard:
        """The words in one channel of a window of 16 kHz sound that starts at `offset` seconds of the recording.

        `speech` says where to listen, in seconds of the recording; without it, voice detection decides. The same sound, seed,
        terms and language always give the same words. `reached` hears how far it is, in seconds of the recording.

        Raises:
            LanguageUnknown: the model does not understand `language`; without one it takes the model's own.
        """
        language = language or self._language
        if language not in self.languages:
            raise LanguageUnknown(language=language, known=", ".join(self.languages[:8]))
        window = Span(start=offset, end=offset + sound.size / RATE)
        spans = voices(sound, offset) if speech is None else tuple(speech)
        ask = _Question(
            window=window, speech=spans, language=language, terms=", ".join(self.fitting(hotwords)), reached=reached
        )
        try:
            self._seed(seed)
            return self._hear(sound, ask)
        except RuntimeError:
            if self.device == "cpu":
                raise
        _log.warning("the graphics card failed; from here on the processor hears", extra={"model": self._folder.name})
        self.device = "cpu"
        self._renew()
        self._seed(seed)
        return self._hear(sound, ask)

    def _hear(self, sound: Sound, ask: "_Question") -> Heard:
        words: list[Word] = []
        estimates: list[Estimate] = []
        for stretch in stretches(ask.speech):
            heard = self._transcribe(sound, stretch, ask)
            words += heard[0]
            estimates += heard[1]
            ask.reached(stretch.end)
        for gap in unheard(ask.speech, words):
            # the same sound cut differently is often heard after all
            again = self._transcribe(sound, _widened(gap, ask.window), ask)
            words += [word for word in again[0] if contains(gap, _middle(word))]
            estimates += [estimate for estimate in again[1] if overlap(estimate.span, gap) > 0]
        return Heard(
            window=ask.window,
            speech=ask.speech,
            words=tuple(sorted(words, key=lambda word: (word.start, word.end))),
            estimates=tuple(sorted(estimates, key=lambda estimate: (estimate.span.start, estimate.span.end))),
        )

    def _transcribe(self, sound: Sound, stretch: Span, ask: "_Question") -> tuple[list[Word], list[Estimate]]:
        first, last = (round((time - ask.window.start) * RATE) for time in (stretch.start, stretch.end))
        segments, _ = self._model.transcribe(
            sound[first:last], language=ask.language, hotwords=ask.terms or None, **GUARDED
        )
        words: list[Word] = []
        estimates: list[Estimate] = []
        for segment in segments:
            own = [_word(word, stretch, ask.speech) for word in segment.words or () if word.word.strip()]
            if own:
                words += own
                estimates.append(_estimate(segment, own))
        return words, estimates

    def _seed(self, seed: int) -> None:
        """Start the random draws of the fallback temperatures anew, so that a window gives the same words after a crash.

        A loaded model takes the seed once, when it draws for the first time, and ignores it from then on; so a window that
        follows one with draws has a model of its own.
        """
        if self._model.drew:
            self._renew()
        library.seed(seed)

    def _renew(self) -> None:
        self._model: Any = None
        self._model = library.loaded(self._folder, self._threads, self.device)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Question:
    """What a window is heard with."""

    window: Span
    speech: tuple[Span, ...]
    language: str
    terms: str
    reached: Callable[[float], None]


def stretches(spans: Sequence[Span]) -> list[Span]:
    """Speech joined over short pauses into stretches that the model can hear in one go."""
    joined: list[Span] = []
    for span in spans:
        if joined and span.start - joined[-1].end <= PAUSE and span.end - joined[-1].start <= STRETCH:
            joined[-1] = Span(start=joined[-1].start, end=span.end)
        else:
            joined.append(span)
    return joined


def _word(word: Any, stretch: Span, spans: Sequence[Span]) -> Word:
    """A word on the clock of the recording, within its stretch, and not drawn out over the silence beside it."""
    start, end = (min(max(stretch.start + float(time), stretch.start), stretch.end) for time in (word.start, word.end))
    place = Span(start=start, end=max(start, end))
    span = max(spans, key=lambda one: overlap(one, place), default=place)
    if overlap(span, place) > 0:
        place = Span(start=max(place.start, span.start), end=min(place.end, span.end))
    return Word(
        text=word.word.strip(),
        start=round(place.start, 3),
        end=round(place.end, 3),
        probability=round(float(word.probability), 4),
    )


def _estimate(segment: Any, words: Sequence[Word]) -> Estimate:
    return Estimate(
        span=Span(start=words[0].start, end=max(word.end for word in words)),
        confidence=round(float(segment.avg_logprob), 4),
        compression=round(float(segment.compression_ratio), 4),
        no_speech=round(float(segment.no_speech_prob), 4),
        temperature=round(float(segment.temperature), 2),
    )


def _middle(word: Word) -> float:
    return (word.start + word.end) / 2


def _widened(span: Span, window: Span) -> Span:
    return Span(
        start=max(window.start, span.start - 1),
        end=min(window.end, span.end + 1, max(window.start, span.start - 1) + STRETCH),
    )
