"""How long it will take."""

import itertools

import numpy as np
import pytest

from pipeline.transcription.progress import left

STRETCH = 15.0  # seconds between two signs of life
TOTAL = 5400.0


def told(costs: list[float]) -> list[tuple[float, float, float]]:
    """Of work whose every stretch takes so long: share done, seconds left as told, and as they are."""
    taken = list(itertools.accumulate(costs))
    said = []
    for number, so_far in enumerate(taken, 1):
        done = number * STRETCH
        rest = left(since=0.0, done=done, total=TOTAL, taken=so_far)
        if rest is not None:
            said.append((done / TOTAL, rest, taken[-1] - so_far))
    return said


@pytest.mark.parametrize("seed", range(5))
def test_after_the_first_tenth_the_time_left_is_right_within_a_fifth(seed: int) -> None:
    """One stretch takes more than twice as long as another, and a pause takes nothing; what it is really like on a machine is
    printed by `make bench`."""
    draw = np.random.default_rng(seed)
    costs = [float(one) if one > 4.2 else 0.1 for one in draw.uniform(4, 9, round(TOTAL / STRETCH))]
    checked = [(rest, real) for share, rest, real in told(costs) if 0.1 <= share <= 0.95]
    assert len(checked) > 250
    assert all(0.8 * real <= rest <= 1.2 * real for rest, real in checked)


def test_nothing_is_said_too_soon_and_less_than_nothing_never() -> None:
    assert left(since=0.0, done=10.0, total=TOTAL, taken=5.0) is None
    assert left(since=600.0, done=600.0, total=TOTAL, taken=5.0) is None
    assert left(since=0.0, done=200.0, total=TOTAL, taken=0.0) is None
    assert left(since=0.0, done=5500.0, total=TOTAL, taken=9.0) == 0.0


def test_what_was_heard_before_a_crash_took_no_time_of_this_run() -> None:
    assert left(since=2700.0, done=4050.0, total=TOTAL, taken=100.0) == pytest.approx(100.0)
