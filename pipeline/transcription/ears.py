"""How the two voices of one channel are heard: while a recording passes by, what is needed is worked out and kept, and the sound
is not."""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from pipeline.recording.sound import RATE
from pipeline.transcription import bands, timbre, untrained
from pipeline.transcription.likeness import Likeness
from pipeline.transcription.speaker_model import SpeakerModel
from pipeline.transcription.vectors import sounds_like, weigh
from pipeline.transcription.voices import Voices
from pipeline.transcripts.transcript import Word

# A speaker model whose runs agree so far, and of which neighbours in a breath agree so far, is not asked for a second opinion.
AGREED: Final = 0.95
COHERENT: Final = 0.8
# What telling voices apart without a model takes, and drawing up the draft, in the processor seconds of the cepstra: measured for
# 4 to 90 minutes. Beyond some minutes nothing more is grouped or learnt, only weighed.
TELLING: Final = 14.0
MORE: Final = 4.0
ALL_LEARNT: Final = 480.0  # seconds
MOMENTS: Final = 2  # times that all moments hear each word


class Frames:
    """What `work_out` makes of a recording that comes in stretches of one channel, a frame each `hop` samples."""

    def __init__(self, work_out: Callable[[NDArray[np.int16]], NDArray[np.float32]], hop: int, kept: Any) -> None:
        self._work_out, self._hop, self._kept = work_out, hop, kept
        self._pace = math.inf
        self._parts = [work_out(np.zeros(0, np.int16)).astype(kept)]
        self._rest = np.zeros(0, np.int16)

    def add(self, samples: NDArray[np.int16]) -> None:
        begun = time.thread_time()
        joined = np.concatenate([self._rest, samples])
        whole = len(joined) // self._hop * self._hop
        self._parts.append(self._work_out(joined[:whole]).astype(self._kept))
        self._rest = joined[whole:]
        if len(samples):
            self._pace = min(self._pace, (time.thread_time() - begun) * RATE / len(samples))

    @property
    def pace(self) -> float:
        """Processor seconds that a second of sound took where it went quickest: other work on the machine takes the caches. 0
        before anything was heard."""
        return self._pace if math.isfinite(self._pace) else 0.0

    def close(self) -> NDArray[np.float32]:
        """All frames from the beginning, shape (frames, size)."""
        return np.concatenate(self._parts)


class Ear(Protocol):
    """Hears a recording of one channel, and afterwards tells which words each of two voices said."""

    def add(self, samples: NDArray[np.int16]) -> None: ...

    def told(self, words: Sequence[Word]) -> Voices:
        """The voices for words in order of time."""
        ...

    def ahead(self, total: float) -> float:
        """About how many seconds it will take to tell voices in a recording of so many seconds; 0 before anything was heard."""
        ...


class Untrained:
    """An ear that knows no voice but those of this recording."""

    def __init__(self) -> None:
        self._cepstra = Frames(timbre.cepstra, timbre.HOP, np.float32)

    def add(self, samples: NDArray[np.int16]) -> None:
        self._cepstra.add(samples)

    def told(self, words: Sequence[Word]) -> Voices:
        return untrained.tell_apart(words, self._cepstra.close())

    def ahead(self, total: float) -> float:
        short = min(total, ALL_LEARNT)
        return self._cepstra.pace * (TELLING * short + MORE * (total - short))


class Trained:
    """An ear with a speaker model. An hour and a half takes 110 MB, most of it as numbers of 16 bits."""

    def __init__(self, model: SpeakerModel) -> None:
        self._model = model
        self._cepstra = Frames(timbre.cepstra, timbre.HOP, np.float32)
        self._bands = Frames(bands.bands, bands.HOP, np.float16)
        self._pace = 0.0  # seconds of the model for a second of sound

    def add(self, samples: NDArray[np.int16]) -> None:
        self._cepstra.add(samples)
        self._bands.add(samples)

    def told(self, words: Sequence[Word]) -> Voices:
        """By the model, and by likeness as a second way; a model that is beyond doubt needs no second."""
        sound = self._bands.close()
        model = weigh(words, sound, self._model)
        alone = Voices(runs=model.runs, coherence=model.coherence)
        second = weigh(words, self._cepstra.close(), Likeness())
        both = replace(alone, second=second.runs)
        beyond_doubt = alone.agreement >= AGREED and alone.coherence >= COHERENT
        told = alone if beyond_doubt and not both.apart else both
        if not told.apart:
            return told
        return replace(told, moments=sounds_like(words, sound, self._model, model.runs.mean(axis=0)))

    def ahead(self, total: float) -> float:
        self._pace = self._pace or self._tried()
        return (len(self._model.lengths) + MOMENTS) * self._pace * total

    def _tried(self) -> float:
        begun = time.thread_time()
        self._model.vector(np.zeros((2 * self._model.rate, bands.SIZE)))
        return (time.thread_time() - begun) / 2 / self._model.at_once


def ear(model: SpeakerModel | None) -> Ear:
    return Untrained() if model is None else Trained(model)
