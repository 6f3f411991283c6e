"""Who is at work on a transcript. A courtesy between two people, kept in memory: what one has written, no other can overwrite
in any case, because every save names the version it was made on.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Lock
from typing import Final, TypeAlias

from storage.errors import Refused

LIFE: Final = timedelta(minutes=15)
# A home and a conversation in it.
Place: TypeAlias = tuple[Path, str]


class Held(Refused):
    """transcript: {person} has been at work on {reference} in the last quarter of an hour; agree with them, then take it over"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Lease:
    """Somebody is at work on a conversation, until they have done nothing for a quarter of an hour."""

    person: str
    until: datetime


class Leases:
    """The leases of all conversations."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._lock = Lock()
        self._held: dict[Place, Lease] = {}

    def holder(self, place: Place) -> str:
        """Who has the lease; nobody is an empty name."""
        lease = self._held.get(place)
        return lease.person if lease and lease.until > self._now() else ""

    def take(self, place: Place, person: str, *, over: bool = False) -> None:
        """Take or prolong a lease; `over` takes it from somebody else.

        Raises:
            Held: somebody else has it.
        """
        with self._lock:
            holder = self.holder(place)
            if holder not in {"", person} and not over:
                raise Held(person=holder, reference=place[1])
            self._held[place] = Lease(person=person, until=self._now() + LIFE)

    def leave(self, place: Place, person: str) -> None:
        """Give one's own lease back."""
        with self._lock:
            if self.holder(place) == person:
                del self._held[place]


LEASES: Final = Leases(lambda: datetime.now(UTC))
