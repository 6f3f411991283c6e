"""What a waveform says at a glance: long silences, a microphone that was off, a recording that is much too quiet."""

import numpy as np
import pytest

from pipeline.recording import levels
from pipeline.recording.peaks import Peaks
from pipeline.recording.sound import RATE


def waveform(*channels: list[tuple[float, int]]) -> bytes:
    """The waveform of stretches of noise: (seconds, how loud, of 32768)."""
    rng = np.random.default_rng(3)
    made = [
        np.concatenate([rng.integers(-loud, loud + 1, round(seconds * RATE)) for seconds, loud in channel])
        for channel in channels
    ]
    peaks = Peaks()
    peaks.add(np.stack(made).astype(np.int16))
    return peaks.close()


SPOKEN = (30.0, 9_000)


@pytest.mark.parametrize(
    ("stretches", "silent"),
    [
        ([SPOKEN], 0),
        ([SPOKEN, (19.0, 0), SPOKEN], 0),
        ([SPOKEN, (60.0, 0), SPOKEN, (25.0, 200)], 85),
        ([(30.0, 700), (60.0, 0)], 60),
        ([SPOKEN, (60.0, 2_000)], 0),
        ([(6.0, 9_000), (600.0, 0)], 600),
    ],
    ids=[
        "none",
        "a pause",
        "two, one of them with noise",
        "quiet speech is none",
        "nor is a quiet voice",
        "nearly all of it",
    ],
)
def test_only_long_stretches_without_anything_are_silent(stretches: list[tuple[float, int]], silent: float) -> None:
    found = levels.of(waveform(stretches), 1)
    assert found.silent == pytest.approx(silent, abs=0.5)
    assert found.off == () and not found.faint


def test_a_microphone_that_was_off_is_named_and_silence_is_what_both_miss() -> None:
    found = levels.of(waveform([SPOKEN, SPOKEN], [(60.0, 0)]), 2)
    assert found.off == (2,) and found.silent == 0
    both = levels.of(waveform([SPOKEN, (30.0, 0)], [(30.0, 0), SPOKEN]), 2)
    assert both.off == () and both.silent == 0


def test_what_is_much_too_quiet_is_said() -> None:
    assert levels.of(waveform([(30.0, 100)]), 1).faint
    assert levels.of(waveform([(30.0, 0)]), 1).faint
    assert levels.of(b"", 1).faint


def test_an_outline_goes_there_and_back() -> None:
    path = levels.outline(np.array([[[-5, 10]], [[-128, 127]]], np.int8).tobytes(), 1, 0)
    assert path == "M0 -10 L1 -127 L1 128 L0 5 Z"
