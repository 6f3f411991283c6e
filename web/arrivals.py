"""Uploads on their way in, kept by the server while it runs: one for each conversation, for whoever began it."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock
from typing import Final

from access.people import Person
from pipeline.recording.arriving import Arrival
from storage.errors import Busy, NotFound
from storage.home import Home

# After this long without a byte an upload is given up: its sealed remnant goes, and the file is sent anew.
IDLE: Final = timedelta(hours=24)


class NoSuchUpload(NotFound):
    """upload: this upload is not known any more; choose the file again, and it is sent from its beginning"""


class OtherUpload(Busy):
    """upload: another file is already on its way to {reference}; go on with that one, or give it up first"""


class TwoAtOnce(Busy):
    """upload: a part of this upload is being received already; wait for it to end"""


@dataclass(kw_only=True)
class Upload:
    """One upload. `mark` tells whether a file that is chosen again is the same: a digest of its beginning."""

    id: str
    person: str
    reference: str
    mark: str
    arrival: Arrival
    touched: datetime
    _busy: bool = field(default=False, repr=False)

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

    @property
    def idle(self) -> bool:
        return not self._busy


class Arrivals:
    """The uploads of one server."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._uploads: dict[str, Upload] = {}
        self._lock = Lock()

    def of(self, reference: str) -> Upload | None:
        """The upload of a conversation, if one is on its way."""
        return next((one for one in self._uploads.values() if one.reference == reference), None)

    def find(self, person: Person, reference: str, upload: str) -> Upload:
        """Raises NoSuchUpload; somebody else's is not there either."""
        one = self._uploads.get(upload)
        if one is None or one.reference != reference or one.person != person.name:
            raise NoSuchUpload
        one.touched = self._home.now()
        return one

    def begin(self, person: Person, reference: str, size: int, mark: str) -> Upload:
        """A new upload, or the one that this person began with the same file.

        Raises:
            OtherUpload, and what `Arrival` raises.
        """
        with self._lock:
            self._forget_idle()
            before = self.of(reference)
            if before is None:
                arrival = Arrival(self._home, person, reference, size)
                upload = secrets.token_urlsafe(16)
                self._uploads[upload] = Upload(
                    id=upload,
                    person=person.name,
                    reference=reference,
                    mark=mark,
                    arrival=arrival,
                    touched=self._home.now(),
                )
                return self._uploads[upload]
        if (before.person, before.mark, before.arrival.size) != (person.name, mark, size):
            raise OtherUpload(reference=reference)
        return before

    def end(self, upload: Upload) -> None:
        """It is finished or given up; what was not finished goes."""
        self._uploads.pop(upload.id, None)
        upload.arrival.give_up()

    def _forget_idle(self) -> None:
        for one in list(self._uploads.values()):
            if one.idle and self._home.now() - one.touched > IDLE:
                self.end(one)
