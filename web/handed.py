"""Small files that somebody handed in and has not brought in yet: in memory alone, one a person, for ten minutes.

A form sends a file as multipart/form-data (RFC 7578). It is taken apart here, since the usual readers put larger files on a disk.
"""

import re
import secrets
from dataclasses import dataclass, field
from datetime import timedelta
from threading import Lock, Timer
from typing import Final

from starlette.requests import Request

from storage.errors import BadInput, NotFound
from web.visit import Visit

LARGEST: Final = 32 * 2**20
KEPT: Final = timedelta(minutes=10)
_BOUNDARY: Final = re.compile(r'multipart/form-data;.*?boundary="?([^";]+)"?', re.IGNORECASE)


class NoFile(BadInput):
    """import: no file was chosen; choose one"""


class FileTooLarge(BadInput):
    """import: the file is larger than 32 MiB; bring it in by command"""


class NotKept(NotFound):
    """import: the file is not kept any more; choose it again"""


@dataclass(frozen=True, kw_only=True, slots=True)
class _File:
    token: str
    target: str
    data: bytes = field(repr=False)
    timer: Timer = field(repr=False)


class Handed:
    """The files handed in to one server."""

    def __init__(self) -> None:
        self._files: dict[str, _File] = {}
        self._lock = Lock()

    def keep(self, person: str, target: str, data: bytes) -> str:
        """Keep a file, instead of the one the person handed in before; what it can be found again by."""
        token = secrets.token_urlsafe(16)
        timer = Timer(KEPT.total_seconds(), self._expire, (person, token))
        timer.daemon = True
        with self._lock:
            self._forget(person)
            self._files[person] = _File(token=token, target=target, data=data, timer=timer)
            timer.start()
        return token

    def find(self, person: str, target: str, token: str) -> bytes:
        """The file that this person handed in there. Raises NotKept."""
        with self._lock:
            found = self._files.get(person)
            if found is None or (found.target, found.token) != (target, token):
                raise NotKept
            return found.data

    def drop(self, person: str) -> None:
        with self._lock:
            self._forget(person)

    def _expire(self, person: str, token: str) -> None:
        with self._lock:
            found = self._files.get(person)
            if found is not None and found.token == token:
                del self._files[person]

    def _forget(self, person: str) -> None:
        found = self._files.pop(person, None)
        if found is not None:
            found.timer.cancel()


def handed(visit: Visit) -> Handed:
    """Those of the server that was asked."""
    files: Handed = visit.request.app.state.handed
    return files


async def read_file(request: Request) -> bytes:
    """The file in a form that holds nothing else; its name is not looked at. Raises NoFile, FileTooLarge."""
    boundary = _BOUNDARY.match(request.headers.get("content-type", ""))
    if boundary is None:
        raise NoFile
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > LARGEST + 4096:
            raise FileTooLarge
    mark = b"--" + boundary[1].encode("latin-1")
    _, head, content = bytes(body).partition(b"\r\n\r\n")
    data, end, _ = content.rpartition(b"\r\n" + mark)
    if not head or not end or not body.startswith(mark) or not data:
        raise NoFile
    return data
