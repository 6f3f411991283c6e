"""How much time has surely passed: counted by the machine since a moment that the log vouches for, not read from its clock.

A clock can be set; the counter of a running machine cannot. A piece of evidence is an entry of the log with a time and the
counter's reading at that time. As long as the machine runs on, evidence and counter give the time that has surely come. After a
restart nobody knows how long it was off, and the time stands at the last evidence until a person confirms the date.
"""

import hashlib
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

_BOOT: Final = Path("/proc/sys/kernel/random/boot_id")
Detail = Mapping[str, str | int | bool]


@dataclass(frozen=True, kw_only=True, slots=True)
class Counter:
    """What the machine has counted: milliseconds since it was started for the time called `boot`, sleep included."""

    boot: str
    milliseconds: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Evidence:
    """It was surely not before `time` when the counter stood there; without a counter that is all that is known."""

    time: datetime
    counter: Counter | None

    def sure(self, counter: Counter | None) -> datetime:
        """The time that has surely come when the counter stands at `counter`."""
        if counter is None or self.counter is None or counter.boot != self.counter.boot:
            return self.time
        return self.time + timedelta(milliseconds=max(0, counter.milliseconds - self.counter.milliseconds))

    def detail(self) -> dict[str, str | int | bool]:
        """As an entry of the log has it."""
        said: dict[str, str | int | bool] = {"time": self.time.astimezone(UTC).isoformat()}
        if self.counter is not None:
            said |= {"boot": self.counter.boot, "up": self.counter.milliseconds}
        return said

    @classmethod
    def of(cls, detail: Detail) -> "Evidence":
        """From the details of an entry."""
        counter = Counter(boot=str(detail["boot"]), milliseconds=int(detail["up"])) if "boot" in detail else None
        return cls(time=datetime.fromisoformat(str(detail["time"])), counter=counter)


def count() -> Counter | None:
    """The machine's counter now; None where the system has none that tells one start from another."""
    if not hasattr(time, "CLOCK_BOOTTIME") or not _BOOT.exists():
        return None
    boot = hashlib.sha256(_BOOT.read_bytes()).hexdigest()[:16]
    return Counter(boot=boot, milliseconds=int(time.clock_gettime(time.CLOCK_BOOTTIME) * 1000))
