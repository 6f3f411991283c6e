"""Guessing is slowed down, for an account and for an address, and nobody else is."""

from datetime import UTC, datetime, timedelta

import pytest

from access.throttle import ACCOUNT_FREE, ADDRESS_FREE, Attempt, pause

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def wrong(number: int, *, name: str = "mo", address: str = "10.0.0.1", at: datetime = NOON) -> list[Attempt]:
    return [Attempt(name=name, address=address, at=at, passed=False)] * number


def right(*, name: str = "mo", address: str = "10.0.0.1", at: datetime = NOON) -> Attempt:
    return Attempt(name=name, address=address, at=at, passed=True)


@pytest.mark.parametrize(("number", "minutes"), [(0, 0), (4, 0), (5, 1), (6, 2), (7, 4), (9, 15), (400, 15)])
def test_each_wrong_password_beyond_some_costs_twice_the_last(number: int, minutes: int) -> None:
    assert pause(wrong(number), "mo", "10.9.9.9", NOON) == minutes * MINUTE


def test_waiting_is_what_ends_a_pause() -> None:
    assert pause(wrong(5), "mo", "10.0.0.1", NOON + timedelta(seconds=40)) == timedelta(seconds=20)
    assert not pause(wrong(5), "mo", "10.0.0.1", NOON + MINUTE)
    assert not pause(wrong(400), "mo", "10.0.0.1", NOON + timedelta(hours=1))


def test_a_right_password_makes_the_account_free_again() -> None:
    then = NOON + timedelta(seconds=1)
    assert not pause([*wrong(4), right(at=then), *wrong(4, at=then)], "mo", "10.0.0.1", then)
    assert pause([*wrong(4), *wrong(4, at=then)], "mo", "10.0.0.1", then)


def test_an_account_is_slowed_down_from_every_address_and_no_other_account_is() -> None:
    attempts = [one for n in range(ACCOUNT_FREE) for one in wrong(1, address=f"10.0.0.{n}")]
    assert pause(attempts, "mo", "10.9.9.9", NOON)
    assert not pause(attempts, "jo", "10.0.0.1", NOON)


def test_an_address_is_slowed_down_over_many_names_and_no_other_address_is() -> None:
    attempts = [one for n in range(ADDRESS_FREE) for one in wrong(1, name=f"name{n}")]
    assert pause(attempts, "jo", "10.0.0.1", NOON)
    assert not pause(attempts[1:], "jo", "10.0.0.1", NOON)
    assert not pause(attempts, "jo", "10.9.9.9", NOON)
    # who knows one password cannot use it to guess on at the others
    assert pause([*attempts, right(name="own")], "jo", "10.0.0.1", NOON)


def test_a_clock_set_back_makes_nobody_wait_for_years() -> None:
    assert pause(wrong(5), "mo", "10.0.0.1", NOON - timedelta(days=3650)) == 15 * MINUTE
