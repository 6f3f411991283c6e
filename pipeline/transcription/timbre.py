"""How voices sound: cepstra of the sound, 50 in a second, without loudness.

Mel-frequency cepstral coefficients after Davis and Mermelstein (1980): 25 ms Hamming windows, pre-emphasis 0.97, 30 bands from
80 to 7600 Hz, coefficients 1 to 19. Coefficient 0, which is loudness, says where a person sits and is left out.
"""

from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipeline.recording.sound import RATE

HOP: Final = RATE // 50
SIZE: Final = 19
_WINDOW: Final = RATE // 40
_FFT: Final = 512
_BANDS: Final = 30
_LOW, _HIGH = 80.0, 7600.0
_EMPHASIS: Final = 0.97
# frames at a time, which with all that is made of them take 8 MiB: larger arrays are got from the system anew each time, which
# takes as long as the work does
_BLOCK: Final = 250

Cepstra = NDArray[np.float32]


def cepstra(samples: NDArray[np.int16]) -> Cepstra:
    """Cepstra of one channel of 16 kHz sound, shape (frames, 19); frame n is about the 25 ms after n / 50 seconds."""
    count = len(samples) // HOP
    padded = np.concatenate([samples, np.zeros(_WINDOW, np.int16)])
    parts = [_cepstra(padded, first, min(_BLOCK, count - first)) for first in range(0, count, _BLOCK)]
    return np.concatenate(parts) if parts else np.zeros((0, SIZE), np.float32)


def _cepstra(padded: NDArray[np.int16], first: int, count: int) -> Cepstra:
    begin = first * HOP
    sound = padded[begin : begin + (count - 1) * HOP + _WINDOW].astype(np.float64) / 32768
    sound[1:] -= _EMPHASIS * sound[:-1]
    frames = np.lib.stride_tricks.sliding_window_view(sound, _WINDOW)[::HOP] * np.hamming(_WINDOW)
    power = np.square(np.abs(np.fft.rfft(frames, _FFT)))
    return np.asarray(np.log(power @ _filters() + 1e-8) @ _cosines(), np.float32)


@cache
def _filters() -> NDArray[np.float64]:
    """Triangular bands that are evenly wide to the ear, shape (bins, bands)."""
    lowest, highest = (2595 * np.log10(1 + limit / 700) for limit in (_LOW, _HIGH))
    mel = np.linspace(lowest, highest, _BANDS + 2)
    edges = 700 * (10 ** (mel / 2595) - 1)
    frequency = np.fft.rfftfreq(_FFT, 1 / RATE)[:, None]
    rising = (frequency - edges[:-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[2:] - frequency) / (edges[2:] - edges[1:-1])
    return np.asarray(np.maximum(0, np.minimum(rising, falling)))


@cache
def _cosines() -> NDArray[np.float64]:
    bands = (np.arange(_BANDS) + 0.5) / _BANDS
    return np.asarray(np.cos(np.pi * np.outer(bands, np.arange(1, SIZE + 1))) * np.sqrt(2 / _BANDS))
