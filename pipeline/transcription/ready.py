"""Windows made ready to be heard, each while the one before is heard: the model seldom keeps all cores busy."""

import time
from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from pipeline.recording import audio
from pipeline.recording.sound import RATE
from pipeline.transcription import speakers
from pipeline.transcription.spans import length, minus, part, total, union, within
from pipeline.transcription.speech import Sound, floats, voices
from pipeline.transcripts.transcript import Span

Made = TypeVar("Made")

EDGE: Final = 0.5  # seconds at both ends of a silence in which a loud voice may still sound
LEAST: Final = 1.0  # seconds of silence in which somebody may have been missed


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Channel:
    """What is heard in one go: sound of a window, and where in it somebody speaks, in seconds of the recording."""

    sound: Sound
    speech: tuple[Span, ...]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Ready:
    """A window as it is heard: one channel, or the two microphones with their `levels` as `speakers.energies` gives them."""

    window: audio.Window
    channels: tuple[Channel, ...]
    levels: NDArray[np.float64] | None = None

    @property
    def speech(self) -> float:
        """Seconds of speech that have to be heard, in all channels."""
        return sum(total(channel.speech) for channel in self.channels)


def ready(window: audio.Window, balance: float | None) -> Ready:
    """A window ready to be heard; `balance` says how much louder the first of two microphones is set, None for one channel."""
    samples = audio.raise_quiet(window.samples)
    if balance is None:
        return Ready(window=window, channels=(_looked_at_twice(mono(samples), window.start),))
    levels = speakers.energies(samples)
    # who speaks is told by the levels; to be heard, a microphone that is set low is raised by itself
    sounds = [floats(audio.raise_quiet(samples[channel : channel + 1])) for channel in (0, 1)]
    found = [voices(sound, window.start) for sound in sounds]
    own = speakers.own_spans(found, levels, start=window.start, balance=balance)
    channels = tuple(
        Channel(sound=only(sound, spans, window.start), speech=spans) for sound, spans in zip(sounds, own, strict=True)
    )
    return Ready(window=window, channels=channels, levels=levels)


def _looked_at_twice(samples: audio.Samples, start: float) -> Channel:
    """One channel and its speech. Beside somebody loud, voice detection and the model miss who is far away: where nobody loud
    was found, what is there is looked at once more, made louder, and stays so where somebody speaks.
    """
    sound = floats(samples)
    found = voices(sound, start)

    loud = [span for span in found if audio.speech_level(samples[:, part(span, start)]) >= audio.QUIET]
    far: list[Span] = []
    for gap in minus([Span(start=start, end=start + sound.size / RATE)], loud):
        # the last sound of somebody loud is louder than all of what may be here
        inner = Span(start=gap.start + EDGE, end=gap.end - EDGE)
        here = part(inner, start)
        if length(inner) < LEAST or not (within(found, inner) or audio.stands_out(samples[:, here])):
            continue
        raised = floats(audio.raise_quiet(samples[:, here]))
        if spans := voices(raised, inner.start):
            sound[here] = raised
            far += spans
    return Channel(sound=sound, speech=union([*found, *far]))


def mono(samples: audio.Samples) -> audio.Samples:
    """The mean of all channels, shape (1, n)."""
    return samples if samples.shape[0] == 1 else samples.mean(axis=0, keepdims=True).astype(samples.dtype)


def only(sound: Sound, spans: tuple[Span, ...], offset: float) -> Sound:
    """The sound with silence everywhere else: what the other microphone heard better must not be heard twice."""
    quiet = np.zeros_like(sound)
    for span in spans:
        quiet[part(span, offset)] = sound[part(span, offset)]
    return quiet


class Coming(Generic[Made]):
    """The things of `source` in their order, each made in a thread of its own while the one before is used."""

    def __init__(self, source: Generator[Made], pool: ThreadPoolExecutor) -> None:
        self._source, self._pool = source, pool
        # Seconds spent, and since when it is at work again: one value, because another thread reads both.
        self._worked: tuple[float, float | None] = 0.0, None
        self._coming = pool.submit(self._make)

    def __iter__(self) -> Iterator[Made]:
        while (one := self._coming.result()) is not None:
            self._coming = self._pool.submit(self._make)
            yield one

    def busy(self) -> float:
        """Seconds of the clock that were spent on making, what is made just now included."""
        spent, since = self._worked
        return spent if since is None else spent + time.monotonic() - since

    def _make(self) -> Made | None:
        self._worked = self.busy(), time.monotonic()
        try:
            return next(self._source, None)
        finally:
            self._worked = self.busy(), None


@contextmanager
def ahead(source: Generator[Made]) -> Iterator[Coming[Made]]:
    """The same things in the same order, each made while the one before is used, and never more than one.

    What fails in `source` fails where its thing would have come. When this is left, `source` is closed and no longer at work.
    """
    with closing(source), ThreadPoolExecutor(1, thread_name_prefix="ahead") as pool:
        yield Coming(source, pool)
