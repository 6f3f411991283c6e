"""Recordings on their way in through the page, held open while they come: one for each conversation, for whoever began it.

What is held here is only the open end; all else lies in the store, and is picked up again after the server was restarted.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from threading import Lock
from typing import Final

from access.people import Person
from pipeline.recording import arriving, intake
from pipeline.recording.arriving import Arrival, NothingArriving
from pipeline.recording.intake import OnItsWay
from storage.errors import Busy, NotFound
from storage.home import Home
from web.visit import Visit

# After this long without a byte nobody is at the other end.
SILENT: Final = timedelta(seconds=30)
# After this long it is let go: another process may pick it up or, when it is an upload, give it up in time.
HELD: Final = timedelta(minutes=10)


class Coming(StrEnum):
    """How a recording comes, as the next step of its conversation says it."""

    RECORDED = "Being recorded"
    BROKE_OFF = "Recording broke off: keep it or give it up"
    UPLOADED = "Being uploaded"
    STOPPED = "Upload stopped: choose the same file to go on"


_COMING: Final = {
    (True, True): Coming.RECORDED,
    (True, False): Coming.BROKE_OFF,
    (False, True): Coming.UPLOADED,
    (False, False): Coming.STOPPED,
}


class NoSuchUpload(NotFound):
    """upload: this upload is not known any more; choose the file again, and it is sent from its beginning"""


class TwoAtOnce(Busy):
    """upload: a part of this upload is being received already; wait for it to end"""


class StillComing(Busy):
    """record: {reference} is being recorded now, in another window; end it there"""


@dataclass(kw_only=True)
class Upload:
    """One upload or recording that is held open."""

    person: str
    reference: str
    arrival: Arrival
    touched: datetime
    sealing: bool = False
    _busy: bool = field(default=False, repr=False)

    @property
    def id(self) -> str:
        return str(self.arrival.id)

    @property
    def idle(self) -> bool:
        return not self._busy

    @contextmanager
    def alone(self) -> Iterator[Arrival]:
        """The arrival, for one request at a time."""
        if self._busy:
            raise TwoAtOnce
        self._busy = True
        try:
            yield self.arrival
        finally:
            self._busy = False


class Arrivals:
    """What one server holds open."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._held: dict[str, Upload] = {}
        self._lock = Lock()

    def comes(self, reference: str) -> bool:
        """Whether something of this conversation came just now, or all of it and it is being sealed."""
        held = self._held.get(reference)
        return held is not None and (held.sealing or self._home.now() - held.touched < SILENT)

    def coming(self) -> dict[str, Coming]:
        """What is on its way to every conversation, in this server or in another process."""
        with self._lock:
            self._let_go()
        found = {}
        for reference, (live, held) in arriving.all_known(self._home).items():
            going_on = self.comes(reference) if reference in self._held else held
            found[reference] = _COMING[live, going_on]
        return found

    def find(self, person: Person, reference: str, upload: str) -> Upload:
        """Raises NoSuchUpload, and ConversationGone after a withdrawal; somebody else's is not there either."""
        with self._lock:
            held = self._held.get(reference)
            if held is not None and (held.id, held.person) == (upload, person.name):
                intake.waiting(self._home, person, reference, own=held.arrival.id)
                return self._hold(person, reference)
            known = arriving.known(self._home, reference)
            if known is None or str(known.id) != upload or known.person != person.name:
                raise NoSuchUpload
            return self._hold(person, reference)

    def begin(self, person: Person, reference: str, size: int | None, mark: str) -> Upload:
        """A new upload, or the one that this person began with the same file; without a size, a recording that is made here.

        Raises:
            OnItsWay, and what `arriving.begin` raises.
        """
        with self._lock:
            self._let_go()
            known = arriving.known(self._home, reference)
            if known is None:
                return self._held_open(person, reference, arriving.begin(self._home, person, reference, size, mark))
            if known.person != person.name or size is None or known.size != size:
                raise OnItsWay(reference=reference)
            before = self._hold(person, reference)
        if before.arrival.mark != mark:
            raise OnItsWay(reference=reference)
        return before

    def take(self, person: Person, reference: str) -> Arrival:
        """What was recorded here and broke off, for whoever decides about it.

        Raises:
            StillComing, NothingArriving, and what `arriving.pick_up` raises.
        """
        with self._lock:
            if self.comes(reference):
                raise StillComing(reference=reference)
            known = arriving.known(self._home, reference)
            if known is None or known.size is not None:
                raise NothingArriving(reference=reference)
            held = self._held.pop(reference, None)
            if held is not None:
                return held.arrival.hand_to(person)
            return arriving.pick_up(self._home, person, reference)

    def finish(self, upload: Upload) -> None:
        """All has come: seal it; that may take minutes, in which nobody else may decide about it.

        Raises:
            NoSuchUpload when somebody has taken it meanwhile, and what `Arrival.finish` raises.
        """
        with self._lock:
            if self._held.get(upload.reference) is not upload:
                raise NoSuchUpload
            upload.sealing = True
        upload.arrival.finish()
        self.end(upload)

    def end(self, upload: Upload) -> None:
        """It is finished, refused or given up."""
        if self._held.get(upload.reference) is upload:
            del self._held[upload.reference]

    def _let_go(self) -> None:
        for held in list(self._held.values()):
            if held.idle and self._home.now() - held.touched > HELD:
                self.end(held)
                held.arrival.let_go()

    def _hold(self, person: Person, reference: str) -> Upload:
        held = self._held.get(reference)
        if held is None:
            return self._held_open(person, reference, arriving.pick_up(self._home, person, reference))
        held.touched = self._home.now()
        return held

    def _held_open(self, person: Person, reference: str, arrival: Arrival) -> Upload:
        upload = Upload(person=person.name, reference=reference, arrival=arrival, touched=self._home.now())
        self._held[reference] = upload
        return upload


def of(visit: Visit) -> Arrivals:
    """What the server that was asked holds open."""
    held: Arrivals = visit.request.app.state.arrivals
    return held
