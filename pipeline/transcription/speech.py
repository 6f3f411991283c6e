"""What was said in a window of sound: the one place that knows faster-whisper.

Speech is looked for first and only speech is transcribed, a stretch at a time, so that silence gives the model nothing to
invent words for. The guards against invented and repeated text are those that hold in the library's sequential mode.
"""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from pipeline.recording.decode import RATE
from pipeline.transcription import model_store
from pipeline.transcription.spans import contains, length, minus, overlap
from pipeline.transcripts.transcript import Estimate, Heard, Span, Word

Sound = NDArray[np.float32]

STRETCH: Final = 28.0  # seconds; the model hears 30 at a time
PAUSE: Final = 2.0  # seconds of silence that end a stretch
UNHEARD: Final = 2.0  # seconds of speech without a word that are worth another try
TERM_TOKENS: Final = 220  # half of what the model holds; the other half is its answer

_VOICE: Final = {
    "threshold": 0.5,
    "min_silence_duration_ms": 500,
    "speech_pad_ms": 200,
    "max_speech_duration_s": STRETCH,
}
_GUARDED: Final = {
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


def floats(samples: NDArray[np.int16]) -> Sound:
    """One channel of int16 samples as the library wants them, -1 to 1."""
    return np.divide(samples, 32768, dtype=np.float32).reshape(-1)


def voices(sound: Sound, offset: float = 0.0) -> tuple[Span, ...]:
    """Where somebody speaks in 16 kHz sound, by the voice detection that comes with the library; `offset` is added."""
    _offline()
    from faster_whisper.vad import VadOptions, get_speech_timestamps

    if sound.size == 0:
        return ()
    found = get_speech_timestamps(sound, VadOptions(**_VOICE))
    return tuple(Span(start=offset + one["start"] / RATE, end=offset + one["end"] / RATE) for one in found)


class Engine:
    """A speech model, ready to hear. One engine serves one thread."""

    def __init__(self, folder: Path, threads: int, language: str) -> None:
        self._folder = folder
        self._threads = threads
        self._language = language
        self._fresh = False
        self._renew()

    @classmethod
    def load(cls, folder: Path, threads: int) -> "Engine":
        """Check every file of the model against its manifest, then load it. Raises ModelMissing or ModelDamaged."""
        return cls(folder, threads, model_store.verify(folder).language)

    def fitting(self, terms: Sequence[str]) -> tuple[str, ...]:
        """As many terms from the front as leave the model room to answer; compare with what was given to warn a person."""
        kept: list[str] = []
        for term in terms:
            if len(self._tokens(", ".join([*kept, term]))) > TERM_TOKENS:
                break
            kept.append(term)
        return tuple(kept)

    def hear(
        self,
        sound: Sound,
        *,
        seed: int,
        offset: float,
        speech: Sequence[Span] | None = None,
        hotwords: Sequence[str] = (),
    ) -> Heard:
        """The words in one channel of a window of 16 kHz sound that starts at `offset` seconds of the recording.

        `speech` says where to listen, in seconds of the recording, and the rest of the sound is not heard at all; without it,
        voice detection decides. The same sound, seed and terms always give the same words.
        """
        window = Span(start=offset, end=offset + sound.size / RATE)
        spans = voices(sound, offset) if speech is None else tuple(speech)
        if speech is not None:
            sound = _only(sound, spans, offset)
        terms = ", ".join(self.fitting(hotwords)) or None
        self._seed(seed)
        words: list[Word] = []
        estimates: list[Estimate] = []
        for stretch in stretches(spans):
            heard = self._transcribe(sound, window, stretch, spans, terms)
            words += heard[0]
            estimates += heard[1]
        for gap in unheard(spans, words):
            # the same sound cut differently is often heard after all
            again = self._transcribe(sound, window, _widened(gap, window), spans, terms)
            words += [word for word in again[0] if contains(gap, _middle(word))]
            estimates += [estimate for estimate in again[1] if overlap(estimate.span, gap) > 0]
        return Heard(
            window=window,
            speech=spans,
            words=tuple(sorted(words, key=lambda word: (word.start, word.end))),
            estimates=tuple(sorted(estimates, key=lambda estimate: (estimate.span.start, estimate.span.end))),
        )

    def _transcribe(
        self, sound: Sound, window: Span, stretch: Span, spans: Sequence[Span], terms: str | None
    ) -> tuple[list[Word], list[Estimate]]:
        first, last = (round((time - window.start) * RATE) for time in (stretch.start, stretch.end))
        segments, _ = self._model.transcribe(sound[first:last], language=self._language, hotwords=terms, **_GUARDED)
        words: list[Word] = []
        estimates: list[Estimate] = []
        for segment in segments:
            own = [_word(word, stretch, spans) for word in segment.words or () if word.word.strip()]
            if own:
                words += own
                estimates.append(_estimate(segment, own))
        return words, estimates

    def _tokens(self, text: str) -> list[int]:
        return list(self._model.hf_tokenizer.encode(f" {text}", add_special_tokens=False).ids)

    def _seed(self, seed: int) -> None:
        """Start the random draws of the fallback temperatures anew, so that a window gives the same words after a crash.

        A loaded model takes the seed once, when it draws for the first time, and ignores it from then on; so each window has a
        model that has drawn nothing yet.
        """
        import ctranslate2

        if not self._fresh:
            self._renew()
        ctranslate2.set_random_seed(seed)
        self._fresh = False

    def _renew(self) -> None:
        _offline()
        from faster_whisper import WhisperModel

        self._model: Any = None
        self._model = WhisperModel(
            str(self._folder), device="cpu", compute_type="int8", cpu_threads=self._threads, local_files_only=True
        )
        self._fresh = True


def stretches(spans: Sequence[Span]) -> list[Span]:
    """Speech joined over short pauses into stretches that the model can hear in one go."""
    joined: list[Span] = []
    for span in spans:
        if joined and span.start - joined[-1].end <= PAUSE and span.end - joined[-1].start <= STRETCH:
            joined[-1] = Span(start=joined[-1].start, end=span.end)
        else:
            joined.append(span)
    return joined


def unheard(speech: Sequence[Span], words: Sequence[Word]) -> tuple[Span, ...]:
    """Stretches of speech of two seconds or more in which there is no word."""
    covered = [Span(start=word.start, end=word.end) for word in words]
    return tuple(gap for gap in minus(speech, covered) if length(gap) >= UNHEARD)


def _only(sound: Sound, spans: Sequence[Span], offset: float) -> Sound:
    """The sound with silence everywhere else: what the other microphone heard better must not be heard twice."""
    quiet = np.zeros_like(sound)
    for span in spans:
        first, last = (max(0, round((time - offset) * RATE)) for time in (span.start, span.end))
        quiet[first:last] = sound[first:last]
    return quiet


def _offline() -> None:
    # read by the hub client when it is imported; a model that passed `verify` needs nothing from there
    os.environ["HF_HUB_OFFLINE"] = "1"


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
