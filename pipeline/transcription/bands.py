"""The sound as models of voices want it: 80 mel bands, 100 times in a second, as Kaldi computes them.

25 ms Hamming windows without their mean, pre-emphasis 0.97, power, triangular bands from 20 to 8000 Hz that are evenly wide to
the ear, natural logarithm; samples are the 16-bit numbers themselves and nothing is added by chance. WeSpeaker's recipes use
just this; 3D-Speaker's take another window and scale, of which hardly anything is left once the mean of a stretch is taken away.
"""

from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipeline.recording.sound import RATE

Bands = NDArray[np.float32]

HOP: Final = RATE // 100
SIZE: Final = 80
WINDOW: Final = RATE // 40
_FFT: Final = 512
_LOW, _HIGH = 20.0, RATE / 2
_EMPHASIS: Final = 0.97
_FLOOR: Final = float(np.finfo(np.float32).eps)
_BLOCK: Final = 500  # frames at a time, which with all that is made of them take 12 MiB


def bands(samples: NDArray[np.int16]) -> Bands:
    """The bands of one channel of 16 kHz sound, shape (frames, 80); frame n is the 25 ms after n / 100 seconds."""
    count = len(samples) // HOP
    padded = np.concatenate([samples, np.zeros(WINDOW, np.int16)])
    parts = [_bands(padded, first, min(_BLOCK, count - first)) for first in range(0, count, _BLOCK)]
    return np.concatenate(parts) if parts else np.zeros((0, SIZE), np.float32)


def _bands(padded: NDArray[np.int16], first: int, count: int) -> Bands:
    sound = padded[first * HOP : (first + count - 1) * HOP + WINDOW].astype(np.float64)
    frames = np.lib.stride_tricks.sliding_window_view(sound, WINDOW)[::HOP]
    frames = frames - frames.mean(axis=1, keepdims=True)
    before = np.concatenate([frames[:, :1], frames[:, :-1]], axis=1)
    spectrum = np.fft.rfft((frames - _EMPHASIS * before) * np.hamming(WINDOW), _FFT)[:, : _FFT // 2]
    return np.log(np.maximum(np.square(np.abs(spectrum)) @ _filters(), _FLOOR)).astype(np.float32)


@cache
def _filters() -> NDArray[np.float64]:
    """Shape (bins, bands); straight lines in mel, not in hertz as in `timbre`."""
    mel = 1127 * np.log1p(np.fft.rfftfreq(_FFT, 1 / RATE)[: _FFT // 2, None] / 700)
    lowest, highest = (1127 * np.log1p(limit / 700) for limit in (_LOW, _HIGH))
    edges = np.linspace(lowest, highest, SIZE + 2)
    rising = (mel - edges[:-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[2:] - mel) / (edges[2:] - edges[1:-1])
    return np.asarray(np.maximum(0, np.minimum(rising, falling)))
