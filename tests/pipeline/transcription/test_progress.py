"""How long it will take."""

import itertools
from collections.abc import Sequence

import numpy as np
import pytest

from pipeline.transcription import progress
from pipeline.transcription.progress import RECENT, Speed, left

BESIDE = 1 / 3
STRETCH = 15.0  # seconds between two signs of life
WINDOW = 300.0
TOTAL = 5400.0
STRETCHES = round(TOTAL / STRETCH)

Said = list[tuple[float, float, float]]


@pytest.fixture(autouse=True)
def two_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "BESIDE", BESIDE)


def told(
    costs: Sequence[float],
    spoken: Sequence[float] | None = None,
    after: float = 0.0,
    known: bool = True,
    making: Sequence[float] | None = None,
    start: float = 0.0,
) -> Said:
    """Of work whose every stretch takes so long and holds so much speech, and after which so many seconds pass, which may be
    known: share done, seconds left as told, and as they are. So many seconds of each, windows are made ready: none where that
    is not said. Before the first is, what makes them needs so many seconds to start."""
    speech = np.full(len(costs), 0.8 * STRETCH) if spoken is None else np.asarray(spoken)
    taken = list(itertools.accumulate(costs))
    total = len(costs) * STRETCH
    inside = round(WINDOW / STRETCH)
    # The first one is made while nothing is heard, which is quicker.
    busy = [0.0] * (len(costs) + 1)
    if making is not None:
        first = start + sum(making[:inside]) * (1 - BESIDE)
        busy = [first + one for one in itertools.accumulate(making, initial=0.0)]
    speed = Speed(0.0, total, now=1000.0, busy=busy[0])
    shown = 0.0
    said = []
    for number, so_far in enumerate(taken):
        window = int(number * STRETCH // WINDOW)
        here = slice(window * inside, (window + 1) * inside)
        if number == here.start:
            speed.look((window + 1) * WINDOW, float(speech[here].sum()), busy[number])
        done = (number + 1) * STRETCH
        unheard = float(speech[number + 1 : here.stop].sum())
        speed.reached(done, unheard, 1000.0 + so_far, after if known else 0.0, busy[number + 1])
        shown = max(shown, speed.done)
        heard, seconds = speed.basis(shown)
        rest = left(since=shown - heard, done=shown, total=total, taken=seconds)
        if rest is not None:
            said.append((done / total, rest, taken[-1] - so_far + after))
    return said


def wrong(said: Said, first: float = 0.1) -> float:
    """By how much the time left was told wrong at most, from a share of the recording on; at the end nothing is left to tell."""
    checked = [abs(rest - real) / real for share, rest, real in said if first <= share <= 0.95]
    assert len(checked) > 30
    return max(checked)


@pytest.mark.parametrize("seed", range(5))
def test_after_the_first_tenth_the_time_left_is_right_within_a_fifth(seed: int) -> None:
    """One stretch takes more than twice as long as another, and a pause takes nothing; what it is really like on a machine is
    printed by `make bench`."""
    draw = np.random.default_rng(seed)
    assert wrong(told([float(one) if one > 4.2 else 0.1 for one in draw.uniform(4, 9, STRETCHES)])) < 0.2


def from_the_beginning(costs: Sequence[float]) -> Said:
    """The control: what would be told by the mean speed since the beginning."""
    taken = list(itertools.accumulate(costs))
    shares = [(number + 1) / STRETCHES for number in range(STRETCHES)]
    return [
        (share, (1 - share) * so_far / share, taken[-1] - so_far) for share, so_far in zip(shares, taken, strict=True)
    ]


@pytest.mark.parametrize("factor", [0.4, 2.5])
def test_a_machine_that_gets_other_work_to_do_is_soon_judged_anew(factor: float) -> None:
    costs = [1.0 if number < 0.3 * STRETCHES else factor for number in range(STRETCHES)]
    after = 0.3 + RECENT + 0.01
    assert wrong(told(costs), after) < 0.01
    assert wrong(from_the_beginning(costs), after) > 0.25


def uneven(windows: int) -> tuple[list[float], list[float]]:
    """While the next window is made ready, in the first half of the one before it, there is less of the machine to hear with."""
    inside = round(WINDOW / STRETCH)
    making = [1 / (1 - BESIDE) if number < 0.45 * inside else 0.0 for number in range(inside)] * (windows - 1)
    making += [0.0] * inside
    return [one or 1.0 for one in making], making


@pytest.mark.parametrize("windows", [3, 6, 18])
def test_a_window_goes_slower_while_the_next_is_made_ready(windows: int) -> None:
    costs, making = uneven(windows)
    assert wrong(told(costs, making=making)) < 0.1
    assert wrong(told(costs)) > 0.15, "the control: when nobody says so"


def test_what_makes_windows_ready_is_started_once() -> None:
    """From the second window on it is known what each of them takes."""
    costs, making = uneven(6)
    assert wrong(told(costs, making=making, start=50.0), 0.35) < 0.1
    assert wrong(told(costs, making=making, start=50.0)) > 0.2, "the control: by the first one alone nobody can tell"


@pytest.mark.parametrize("windows", [6, 18])
def test_what_comes_after_the_last_window_is_not_forgotten(windows: int) -> None:
    costs, making = uneven(windows)
    after = 0.08 * sum(costs)
    assert wrong(told(costs, after=after, making=making)) < 0.2
    assert wrong(told(costs, after=after, known=False, making=making)) > 0.5, "the control"
    assert told(costs, after=after, making=making)[-1][1] == pytest.approx(after, rel=0.1), (
        "all is heard, and it is not over"
    )


def test_silence_takes_no_time() -> None:
    """Nobody speaks in the middle of each window: what is left is told by speech, not by the clock."""
    spoken = [0.0 if number % 20 in range(5, 12) else 12.0 for number in range(STRETCHES)]
    costs = [max(0.05, one * 0.4) for one in spoken]
    assert wrong(told(costs, spoken)) < 0.1
    assert wrong(told(costs)) > 0.2, "the control: told by sound"


def test_a_recording_in_which_nobody_speaks_has_its_time_too() -> None:
    assert wrong(told([0.2] * STRETCHES, [0.0] * STRETCHES)) < 0.01


def test_nothing_is_said_too_soon_and_less_than_nothing_never() -> None:
    assert left(since=0.0, done=10.0, total=TOTAL, taken=5.0) is None
    assert left(since=600.0, done=600.0, total=TOTAL, taken=5.0) is None
    assert left(since=0.0, done=200.0, total=TOTAL, taken=0.0) is None
    assert left(since=0.0, done=5500.0, total=TOTAL, taken=9.0) == 0.0


@pytest.mark.parametrize("first", [50.0, 300.0])
def test_nothing_is_said_before_the_first_minute_or_window_is_heard(first: float) -> None:
    """A run begins after a quarter of an hour, as after a crash; its first minute goes half as fast as the rest."""
    begun, least = 900.0, min(first, 60.0)
    speed = Speed(begun, TOTAL, now=0.0)
    speed.look(begun + first, first)
    for heard in (10.0, least):
        speed.reached(begun + heard, first - heard, 0.2 * heard)
        assert speed.basis(begun + heard)[0] == 0.0
    speed.look(begun + first + 300.0, 300.0)
    speed.reached(begun + least + 1.0, first + 299.0 - least, 0.2 * least + 0.1)
    assert speed.basis(begun + least)[0] > 0.0


def test_a_recording_of_one_window_has_its_time_once_it_is_heard() -> None:
    speed = Speed(0.0, 50.0, now=0.0)
    speed.look(50.0, 40.0)
    speed.reached(30.0, 16.0, 3.0, after=2.0)
    assert speed.basis(30.0)[0] == 0.0
    speed.reached(50.0, 0.0, 5.0, after=2.0)
    heard, taken = speed.basis(speed.done)
    assert left(since=speed.done - heard, done=speed.done, total=50.0, taken=taken) == pytest.approx(2.0)


def test_what_was_heard_before_a_crash_took_no_time_of_this_run() -> None:
    assert left(since=2700.0, done=4050.0, total=TOTAL, taken=100.0) == pytest.approx(100.0)
