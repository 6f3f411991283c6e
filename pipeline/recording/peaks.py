"""What a person looks at: the waveform of a recording, made while it is decoded."""

import numpy as np
from numpy.typing import NDArray

from pipeline.recording.sound import PEAKS_PER_SECOND, RATE


class Peaks:
    """The waveform: for each fiftieth of a second and each channel the lowest and the highest sample, as int8."""

    def __init__(self) -> None:
        self._rest: NDArray[np.int16] | None = None
        self._parts: list[bytes] = []

    def add(self, samples: NDArray[np.int16]) -> None:
        """Append int16 samples of shape (channels, n)."""
        if self._rest is not None:
            samples = np.concatenate([self._rest, samples], axis=1)
        step = RATE // PEAKS_PER_SECOND
        whole = samples.shape[1] // step * step
        self._rest = samples[:, whole:].copy()
        self._parts.append(_extremes(samples[:, :whole].reshape(samples.shape[0], -1, step)))

    def close(self) -> bytes:
        """All points in order of time; in each, low and high of the first channel, then of the second where there is one."""
        if self._rest is not None and self._rest.shape[1]:
            self._parts.append(_extremes(self._rest[:, None, :]))
        return b"".join(self._parts)


def _extremes(steps: NDArray[np.int16]) -> bytes:
    """Of samples (channels, points, step) the bytes of int8 (points, channels, 2)."""
    both = np.stack([steps.min(axis=2), steps.max(axis=2)], axis=-1)
    return (both.transpose(1, 0, 2) >> 8).astype(np.int8).tobytes()
