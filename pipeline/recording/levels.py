"""What a waveform says of a recording at a glance: where nothing is to be heard, and which microphone was off."""

import struct
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import Final

from pipeline.recording.sound import PEAKS_PER_SECOND

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
    """The levels that a waveform as `peaks.Peaks` makes it stands for."""
    swings = [[high - low for low, high in zip(*_column(peaks, channels, one), strict=True)] for one in range(channels)]
    if not swings[0]:
        return Levels(silent=0.0, off=(), faint=True)
    loud = [_loud(swing) for swing in swings]
    off = tuple(number for number, one in enumerate(loud, 1) if one <= 1)
    most = max(1.0, max(loud) / BELOW)
    silent = _long([max(point) <= most for point in zip(*swings, strict=True)], STRETCH * PEAKS_PER_SECOND)
    return Levels(silent=silent / PEAKS_PER_SECOND, off=off if len(off) < channels else (), faint=max(loud) <= FAINT)


def shrunk(peaks: bytes, channels: int, points: int) -> bytes:
    """A waveform in no more than `points` points, each the extremes of those it stands for."""
    length = len(peaks) // (2 * channels)
    if length <= points:
        return peaks
    starts = [length * point // points for point in range(points + 1)]
    small = bytearray(2 * channels * points)
    for channel in range(channels):
        lows, highs = _column(peaks, channels, channel)
        for point, (first, last) in enumerate(pairwise(starts)):
            struct.pack_into(
                "bb", small, 2 * (point * channels + channel), min(lows[first:last]), max(highs[first:last])
            )
    return bytes(small)


def outline(peaks: bytes, channels: int, channel: int) -> str:
    """One channel of a waveform as the path of a picture: a step to the right for each point, -128 to 127 downwards."""
    lows, highs = _column(peaks, channels, channel)
    upper = [f"{x} {-high}" for x, high in enumerate(highs)]
    lower = [f"{x} {-low}" for x, low in enumerate(lows)]
    return f"M{' L'.join([*upper, *reversed(lower)])} Z"


def _column(peaks: bytes, channels: int, channel: int) -> tuple[Sequence[int], Sequence[int]]:
    """The lowest and the highest samples of one channel."""
    lows, highs = (array("b", peaks[2 * channel + which :: 2 * channels]) for which in (0, 1))
    return lows, highs


def _loud(swing: Sequence[int]) -> int:
    """How loud a channel is where it is loud: all but the loudest two seconds, so that a click is no speech."""
    above = min(2 * PEAKS_PER_SECOND, len(swing) // 20)
    return sorted(swing)[-1 - above]


def _long(quiet: Iterable[bool], least: int) -> int:
    """How many points lie in runs of at least `least` that are quiet."""
    runs = (sum(1 for _ in run) for still, run in groupby(quiet) if still)
    return sum(length for length in runs if length >= least)
