"""What a counter and evidence say together: never more time than has passed."""

from datetime import UTC, datetime, timedelta

import pytest

from storage import clock
from storage.clock import Counter, Evidence

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
HERE = Counter(boot="one", milliseconds=5_000)


@pytest.mark.parametrize(
    ("counter", "seconds"),
    [
        (Counter(boot="one", milliseconds=65_000), 60),
        (HERE, 0),
        (Counter(boot="one", milliseconds=4_000), 0),
        (Counter(boot="another", milliseconds=65_000), 0),
        (None, 0),
    ],
)
def test_only_the_same_running_machine_adds_time(counter: Counter | None, seconds: int) -> None:
    assert Evidence(time=NOON, counter=HERE).sure(counter) == NOON + timedelta(seconds=seconds)


def test_without_a_counter_the_time_stands() -> None:
    assert Evidence(time=NOON, counter=None).sure(HERE) == NOON


@pytest.mark.parametrize("counter", [HERE, None])
def test_an_entry_says_it_all(counter: Counter | None) -> None:
    evidence = Evidence(time=NOON, counter=counter)
    assert Evidence.of(evidence.detail()) == evidence


def test_this_machine_counts_on() -> None:
    first, second = clock.count(), clock.count()
    if first is None or second is None:
        pytest.skip("this system has no counter that tells one start from another")
    assert first.boot == second.boot
    assert second.milliseconds >= first.milliseconds > 0
