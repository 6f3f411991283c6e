"""What the server keeps for those who audit: the log as it was verified last, and who was noted as reading it today."""

from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from threading import Lock
from uuid import UUID

from starlette.responses import Response

from access.sessions import SignedIn
from retention.watched import WatchedLog
from storage.errors import NotVerified
from storage.home import Home
from storage.log.log import Event
from web.gate import Page
from web.visit import Visit


@dataclass
class Auditing:
    """One for each server."""

    log: WatchedLog = field(default_factory=WatchedLog)
    _readers: set[tuple[UUID, date]] = field(default_factory=set)
    _lock: Lock = field(default_factory=Lock)

    def note(self, home: Home, signed: SignedIn) -> None:
        """An entry for the first look of a session on a day; more would bury what else the log has to say.

        A log that is damaged takes no entry, and is shown all the same: to see that is what they came for.
        """
        today = home.now().date()
        with self._lock:
            if (signed.id, today) in self._readers:
                return
            with suppress(NotVerified), home.writing() as session:
                home.log(session, Event.LOG_READ, actor=signed.person.name, obj=[signed.id])
            self._readers = {one for one in self._readers if one[1] == today} | {(signed.id, today)}


def of(visit: Visit) -> Auditing:
    """What the server that was asked keeps."""
    kept: Auditing = visit.request.app.state.auditing
    return kept


def noted(page: Page) -> Page:
    """A page that shows something of the log, to somebody whose look at it is an entry itself."""

    def look(visit: Visit) -> Response:
        of(visit).note(visit.home, visit.signed_in)
        return page(visit)

    return look
