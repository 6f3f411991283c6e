"""How long somebody must wait before the next password, from the attempts before. Pure.

Per account: the fifth wrong password in a row within the hour costs a minute, each further one twice the last, at most a
quarter of an hour. Per address: the same from the thirtieth on, whatever the names. Nobody is ever locked out for good, and
guessing at one account slows down no other.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

REMEMBERED: Final = timedelta(hours=1)
ACCOUNT_FREE: Final = 5
ADDRESS_FREE: Final = 30
_FIRST: Final = timedelta(minutes=1)
_LONGEST: Final = timedelta(minutes=15)


@dataclass(frozen=True, kw_only=True, slots=True)
class Attempt:
    """A password given for a name from an address; `passed` when it was right."""

    name: str
    address: str
    at: datetime
    passed: bool


def pause(attempts: Iterable[Attempt], name: str, address: str, now: datetime) -> timedelta:
    """What is left to wait; zero when the next attempt may be made."""
    recent = sorted((one for one in attempts if one.at > now - REMEMBERED), key=lambda one: one.at)
    account = in_a_row(recent, name)
    anywhere = [one.at for one in recent if one.address == address and not one.passed]
    until = max(_until(account, ACCOUNT_FREE, now), _until(anywhere, ADDRESS_FREE, now))
    # A clock that was set back makes nobody wait longer than the longest pause.
    return min(max(until - now, timedelta(0)), _LONGEST)


def in_a_row(attempts: Sequence[Attempt], name: str) -> list[datetime]:
    """The wrong passwords for an account since its last right one; `attempts` in the order of time."""
    failed: list[datetime] = []
    for one in attempts:
        if one.name == name:
            failed = [] if one.passed else [*failed, one.at]
    return failed


def _until(failed: Sequence[datetime], free: int, now: datetime) -> datetime:
    if len(failed) < free:
        return now
    doublings = min(len(failed) - free, 10)
    return failed[-1] + min(_LONGEST, _FIRST * (1 << doublings))
