"""A machine whose clock, counter and restarts a test decides."""

from datetime import datetime, timedelta

import pytest

from storage import clock
from storage.clock import Counter
from storage.home import Home


class Machine:
    """Time passes with `wait`; `set` moves the clock and nothing else; `restart` is off for a while."""

    def __init__(self, home: Home, patch: pytest.MonkeyPatch) -> None:
        self.clock: datetime = home.machine_clock()
        self._boot, self._up = 1, timedelta(hours=1)
        patch.setattr(Home, "machine_clock", lambda _: self.clock)
        patch.setattr(clock, "count", self._count)

    def wait(self, time: timedelta) -> None:
        self.clock += time
        self._up += time

    def set(self, moment: datetime) -> None:
        self.clock = moment

    def restart(self, off: timedelta = timedelta(0)) -> None:
        self.clock += off
        self._boot, self._up = self._boot + 1, timedelta(minutes=1)

    def _count(self) -> Counter:
        return Counter(boot=f"boot {self._boot}", milliseconds=int(self._up / timedelta(milliseconds=1)))
