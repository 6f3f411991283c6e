"""What a waveform says of a recording at a glance: where nothing is to be heard, and which microphone was off."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipeline.recording.playback import PEAKS_PER_SECOND

STRETCH: Final = 20  # seconds; shorter silences belong to any conversation
BELOW: Final = 16  # times quieter than its loud places; a stretch without anything louder is silent
FAINT: Final = 4  # of 255 steps between the lowest and the highest sample; louder than that is any voice


@dataclass(frozen=True, kw_only=True, slots=True)
class Levels:
    """`silent` in seconds, in stretches of at least 20; `off` are the channels, from 1, in which nothing is to be heard; `faint`
    when all of it is so quiet that words may be missed.
    """

    silent: float
    off: tuple[int, ...]
    faint: bool


def of(peaks: bytes, channels: int) -> Levels:
    """The levels that a waveform as `playback.Peaks` makes it stands for."""
    table = _table(peaks, channels).astype(np.int16)
    swing = table[:, :, 1] - table[:, :, 0]
    if not len(swing):
        return Levels(silent=0.0, off=(), faint=True)
    loud = _loud(swing)
    off = tuple(int(channel) + 1 for channel in np.flatnonzero(loud <= 1))
    silent = _long(swing.max(axis=1) <= max(1.0, float(loud.max()) / BELOW), STRETCH * PEAKS_PER_SECOND)
    return Levels(
        silent=silent / PEAKS_PER_SECOND, off=off if len(off) < channels else (), faint=float(loud.max()) <= FAINT
    )


def shrunk(peaks: bytes, channels: int, points: int) -> bytes:
    """A waveform in no more than `points` points, each the extremes of those it stands for."""
    table = _table(peaks, channels)
    if len(table) <= points:
        return peaks
    starts = np.linspace(0, len(table), points, endpoint=False).astype(int)
    lows, highs = np.minimum.reduceat(table[:, :, 0], starts), np.maximum.reduceat(table[:, :, 1], starts)
    return np.stack([lows, highs], axis=-1).tobytes()


def outline(peaks: bytes, channels: int, channel: int) -> str:
    """One channel of a waveform as the path of a picture: a step to the right for each point, -128 to 127 downwards."""
    points = _table(peaks, channels)[:, channel, :]
    upper = [f"{x} {-int(high)}" for x, (_, high) in enumerate(points)]
    lower = [f"{x} {-int(low)}" for x, (low, _) in enumerate(points)]
    return f"M{' L'.join([*upper, *reversed(lower)])} Z"


def _table(peaks: bytes, channels: int) -> NDArray[np.int8]:
    return np.frombuffer(peaks, np.int8).reshape(-1, channels, 2)


def _loud(swing: NDArray[np.int16]) -> NDArray[np.int16]:
    """How loud each channel is where it is loud: all but the loudest two seconds, so that a click is no speech."""
    above = min(2 * PEAKS_PER_SECOND, len(swing) // 20)
    return np.asarray(np.sort(swing, axis=0)[-1 - above])


def _long(quiet: NDArray[np.bool_], least: int) -> int:
    """How many points lie in runs of at least `least` that are quiet."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], quiet, [False]]).astype(np.int8)))
    lengths = edges[1::2] - edges[::2]
    return int(lengths[lengths >= least].sum())
