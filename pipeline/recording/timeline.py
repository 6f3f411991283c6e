"""Sound laid on the time line of its recording, at 16 kHz, with silence where something is missing.

What could not be decoded becomes silence that is marked as damaged, so that every later time still holds; the timestamps of
the container say how long it must be.
"""

from collections.abc import Iterator
from typing import Final

import numpy as np
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from numpy.typing import NDArray

from pipeline.recording.sound import RATE, Block

JITTER: Final = 0.1  # seconds; below it, a jump of the clock is no loss, unless a packet was bad
GAP: Final = 0.005
LEAP: Final = 3600.0


class Timeline:
    """Lays frames one after another and fills what is missing; `declared` is the duration the file promises, in seconds."""

    def __init__(self, declared: float | None) -> None:
        self.channels = 0
        self.broken = False  # something before the next frame could not be decoded
        self._declared = declared
        self._position = 0  # samples given out
        self._origin: float | None = None
        self._fed = 0.0  # seconds of sound put in, the resampler holds some back
        self._resampler: AudioResampler | None = None
        self._form: tuple[str, str, int] | None = None

    def add(self, frame: AudioFrame, time: float | None) -> Iterator[Block]:
        """Append a frame that the file places at `time` seconds of its own clock; None where it does not say."""
        if self.channels == 0:
            self.channels = min(2, frame.layout.nb_channels)
        if time is None:
            self.broken = True
        else:
            if self._origin is None:
                # sound may begin later than the picture; only when its beginning is damaged is that a loss
                self._origin = min(time, 0.0) if self.broken else time
            yield from self._skip_to(time - self._origin)
            self.broken = False
        form = (frame.format.name, frame.layout.name, frame.sample_rate)
        if form != self._form:
            yield from self._flush()
            self._form = form
            # channels interleaved: the library ends the process where eight or more lie one after another
            self._resampler = AudioResampler(format="s16", layout=frame.layout, rate=RATE, frame_size=RATE)
        assert self._resampler is not None
        self._fed += frame.samples / frame.sample_rate
        frame.pts = None
        for out in self._resampler.resample(frame):
            yield self._block(out)

    def finish(self, end: float | None = None) -> Iterator[Block]:
        """What the resampler still holds, and silence up to `end` or to the declared duration."""
        yield from self._flush()
        until = self._declared if end is None else end - (self._origin or 0.0)
        if until is not None and self.channels and until - self._fed > JITTER:
            yield from self._silence(until)

    def _skip_to(self, time: float) -> Iterator[Block]:
        """A jump ahead is a loss; one beyond the declared end, or of more than an hour, is a damaged clock and not believed."""
        latest = self._fed + LEAP if self._declared is None else self._declared + 1
        if time - self._fed > (GAP if self.broken else JITTER) and time <= latest:
            yield from self._flush()
            yield from self._silence(time)

    def _silence(self, until: float) -> Iterator[Block]:
        missing = round(until * RATE) - self._position
        while missing > 0:
            size = min(missing, 60 * RATE)
            missing -= size
            yield self._place(np.zeros((self.channels, size), dtype=np.int16), damaged=True)
        self._fed = self._position / RATE

    def _flush(self) -> Iterator[Block]:
        if self._resampler is not None:
            for out in self._resampler.resample(None):
                yield self._block(out)
        self._resampler = self._form = None

    def _block(self, frame: AudioFrame) -> Block:
        samples = np.asarray(frame.to_ndarray(), dtype=np.int16).reshape(-1, frame.layout.nb_channels).T
        return self._place(_fold(np.ascontiguousarray(samples), self.channels))

    def _place(self, samples: NDArray[np.int16], damaged: bool = False) -> Block:
        block = Block(start=self._position / RATE, samples=samples, damaged=damaged)
        self._position += samples.shape[1]
        return block


def _fold(samples: NDArray[np.int16], channels: int) -> NDArray[np.int16]:
    if samples.shape[0] == channels:
        return samples
    if samples.shape[0] == 1:
        return np.repeat(samples, channels, axis=0)
    groups = [samples[first::channels] for first in range(channels)]
    return np.stack([group.mean(axis=0).round().astype(np.int16) for group in groups])
