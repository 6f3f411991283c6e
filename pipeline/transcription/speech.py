"""What was said in a window of sound.

Speech is looked for first and only speech is transcribed, a stretch at a time, so that silence gives the model nothing to
invent words for. The guards against invented and repeated text are those that hold in the library's sequential mode.
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from pipeline.recording import audio
from pipeline.recording.sound import RATE
from pipeline.transcription import graphics, library, model_store, room
from pipeline.transcription.cores import cores
from pipeline.transcription.coverage import unheard
from pipeline.transcription.library import STRETCH, Temperatures
from pipeline.transcription.library import Sound as Sound
from pipeline.transcription.library import voices as voices
from pipeline.transcription.spans import contains, overlap, part, total, within
from pipeline.transcripts.transcript import Estimate, Heard, Span, Word
from storage.errors import BadInput

_log = logging.getLogger(__name__)

PAUSE: Final = 2.0  # seconds of silence that end a stretch
# Bytes of weights up to which so many stretches are heard at once, each with one thread at least. A small model hardly goes
# faster with a second thread, and a large one needs hundreds of megabytes for each stretch: see docs/benchmarks.md.
AT_ONCE: Final = ((100 << 20, 4), (200 << 20, 2))

TEMPERATURES: Final = [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]
GUARDED: Final = {
    "task": "transcribe",
    "beam_size": 5,
    "temperature": TEMPERATURES,
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
    """A speech model, ready to hear. One engine serves one thread, and hears several stretches at once where that is faster.

    `device` is "cpu" or "cuda"; `threads` 0 means all. A graphics card that fails on the way is given up, and the window is
    heard again.
    """

    def __init__(self, folder: Path, threads: int, language: str = "en", device: str = "cpu", digest: str = "") -> None:
        self.device = device
        self.digest = digest  # of the manifest: it names the model exactly
        self._folder = folder
        self._threads = threads or cores()
        self._language = language
        self._load(self._most)

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
        """The language of what is spoken in sound that holds speech, as ISO 639-1 code; its first 90 seconds of speech count."""
        spoken = [sound[part(one, offset)] for one in speech]
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
        terms and language always give the same words on the processor. `reached` is told how many seconds of speech are heard.

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
        self._load(self._most)
        self._seed(seed)
        return self._hear(sound, ask)

    def _hear(self, sound: Sound, ask: "_Question") -> Heard:
        found = self._each(sound, stretches(ask.speech), ask, ask.reached)
        words = [word for one in found for word in one.words]
        estimates = [estimate for one in found for estimate in one.estimates]
        gaps = unheard(ask.speech, words)
        # the same sound cut differently, and as loud as the rest, is often heard after all
        louder = _louder(sound, gaps, ask.window.start) if gaps else sound
        again = self._each(louder, [_widened(gap, ask.window) for gap in gaps], ask)
        for gap, one in zip(gaps, again, strict=True):
            words += [word for word in one.words if contains(gap, _middle(word))]
            estimates += [estimate for estimate in one.estimates if overlap(estimate.span, gap) > 0]
        return Heard(
            window=ask.window,
            speech=ask.speech,
            words=tuple(sorted(words, key=lambda word: (word.start, word.end))),
            estimates=tuple(sorted(estimates, key=lambda estimate: (estimate.span.start, estimate.span.end))),
        )

    def _each(
        self, sound: Sound, cut: Sequence[Span], ask: "_Question", reached: Callable[[float], None] = lambda _: None
    ) -> "list[_Said]":
        """What was said in each stretch of a window."""
        heard: dict[int, _Said] = {}
        seconds = 0.0
        for place, said in self._as_it_comes(sound, cut, ask):
            heard[place] = said
            seconds += total(within(ask.speech, cut[place]))
            reached(seconds)
        return [heard[place] for place in range(len(cut))]

    def _as_it_comes(self, sound: Sound, cut: Sequence[Span], ask: "_Question") -> "Iterator[tuple[int, _Said]]":
        """Places in `cut` and what was said there: first, several at once, where the model is certain.

        What it draws by chance depends on what it drew before, so these stretches follow one after another, in their order.
        """
        left = list(range(len(cut)))
        if self._at_once > 1:
            with ThreadPoolExecutor(self._at_once, thread_name_prefix="hearing") as pool:
                for place, said in enumerate(pool.map(lambda one: self._certain(sound, one, ask), cut)):
                    if said is not None:
                        left.remove(place)
                        yield place, said
            if left:
                # each thread of the library draws for itself: only where there is one does chance repeat itself
                self._load(at_once=1)
        for place in left:
            yield place, self._transcribe(sound, cut[place], ask, self._draw)

    def _certain(self, sound: Sound, stretch: Span, ask: "_Question") -> "_Said | None":
        """What was said in a stretch; None where the model would have to draw by chance."""
        try:
            return self._transcribe(sound, stretch, ask, _give_up)
        except _Unsure:
            return None

    def _transcribe(self, sound: Sound, stretch: Span, ask: "_Question", beyond: Callable[[], None]) -> "_Said":
        guarded = GUARDED | {"temperature": Temperatures(TEMPERATURES, beyond)}
        segments, _ = self._model.transcribe(
            sound[part(stretch, ask.window.start)], language=ask.language, hotwords=ask.terms or None, **guarded
        )
        words: list[Word] = []
        estimates: list[Estimate] = []
        for segment in segments:
            own = [_word(word, stretch, ask.speech) for word in segment.words or () if word.word.strip()]
            if own:
                words += own
                estimates.append(_estimate(segment, own))
        return _Said(words=words, estimates=estimates)

    def _draw(self) -> None:
        self._drew = True

    def _seed(self, seed: int) -> None:
        """Start the random draws of the fallback temperatures anew, so that a window gives the same words after a crash.

        A loaded model takes the seed once, when it draws for the first time, and ignores it from then on; so a window that
        follows one with draws has a model of its own.
        """
        if self._drew:
            self._load(self._most)
        library.seed(seed)

    @property
    def _most(self) -> int:
        """How many stretches this model hears at once."""
        return (
            1 if self.device == "cuda" else at_once((self._folder / model_store.WEIGHTS).stat().st_size, self._threads)
        )

    def _load(self, at_once: int) -> None:
        self._model: Any = None
        self._model = library.loaded(self._folder, self._threads, self.device, at_once)
        self._at_once, self._drew = at_once, False


class _Unsure(Exception):
    """The model has to draw by chance."""


def _give_up() -> None:
    raise _Unsure


@dataclass(frozen=True, kw_only=True, slots=True)
class _Said:
    """What was said in a stretch."""

    words: list[Word]
    estimates: list[Estimate]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Question:
    """What a window is heard with."""

    window: Span
    speech: tuple[Span, ...]
    language: str
    terms: str
    reached: Callable[[float], None]


def at_once(weights: int, threads: int) -> int:
    """How many stretches are heard at once, with a file of weights of so many bytes and so many threads."""
    return min(threads, next((most for size, most in AT_ONCE if weights <= size), 1))


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


def _louder(sound: Sound, spans: Sequence[Span], offset: float) -> Sound:
    """The sound with each of these spans made as loud as speech mostly is."""
    made = sound.copy()
    for span in spans:
        here = part(span, offset)
        made[here] = floats(audio.raise_quiet((sound[here] * 32767).astype(np.int16)[None], below=audio.TARGET))
    return made


def _middle(word: Word) -> float:
    return (word.start + word.end) / 2


def _widened(span: Span, window: Span) -> Span:
    return Span(
        start=max(window.start, span.start - 1),
        end=min(window.end, span.end + 1, max(window.start, span.start - 1) + STRETCH),
    )
