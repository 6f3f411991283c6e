"""The bundle made: everything an outsider needs to verify the log elsewhere, in one zip file, as a stream.

log.jsonl       the log (see `retention.bundle`)           check.py    a short check, to be read first
heads.jsonl     heads that nobody but the log signed       verify.py   the long one, which also knows the rules
certificates/   each certificate, as JSON and as a page
"""

import inspect
from collections.abc import Iterable, Iterator
from io import RawIOBase
from typing import TYPE_CHECKING
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

import configs
from retention import certificate_page, standalone
from retention.bundle import FORMAT, HEADS, LOG, line_of
from storage.errors import NotVerified
from storage.log.log import Which, checkpoints, entries, latest_checkpoint
from storage.log.note import Checkpoint, Note
from storage.models import Order

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

_ENOUGH = 1 << 16


class NothingSigned(NotVerified):
    """audit: the log holds no signed head yet; any further step signs one"""


def lines(session: Session, key: str) -> Iterator[bytes]:
    """The log under its newest signed head, line by line; `key` is its verifier key.

    Raises:
        NothingSigned.
    """
    newest = latest_checkpoint(session)
    if newest is None:
        raise NothingSigned
    yield line_of({"bundle": FORMAT, "checkpoint": newest, "key": key})
    heads = checkpoints(session, Which.COSIGNED)
    head = next(heads, None)
    for seq, body in entries(session, 0, Checkpoint.parse(Note.parse(newest).text).size):
        while head is not None and head[0] <= seq:
            yield line_of({"checkpoint": head[1]})
            head = next(heads, None)
        yield body + b"\n"
    if head is not None:
        yield line_of({"checkpoint": head[1]})


def other_heads(session: Session) -> Iterator[bytes]:
    """The signed heads that are not among the lines of the log, line by line."""
    for _, note in checkpoints(session, Which.OTHERS):
        yield line_of({"checkpoint": note})


def stream(session: Session, key: str) -> Iterator[bytes]:
    """The zip file, piece by piece; nothing of it is ever whole in memory."""
    made = _Made()
    with ZipFile(made, "w", ZIP_DEFLATED) as archive:
        for name, pieces in _files(session, key):
            with archive.open(_member(name), "w", force_zip64=True) as member:
                for piece in pieces:
                    member.write(piece)
                    if made.waiting >= _ENOUGH:
                        yield made.take()
    yield made.take()


def _files(session: Session, key: str) -> Iterator[tuple[str, Iterable[bytes]]]:
    yield LOG, lines(session, key)
    yield HEADS, other_heads(session)
    yield "check.py", [configs.read("audit/check.py").encode()]
    yield "verify.py", [inspect.getsource(standalone).encode()]
    query = select(Order.number, Order.certificate).where(Order.certificate.is_not(None)).order_by(Order.number)
    for number, text in session.execute(query):
        document = text or ""
        yield f"certificates/D-{number:04}.json", [document.encode()]
        yield f"certificates/D-{number:04}.html", [certificate_page.page(document).encode()]


def _member(name: str) -> ZipInfo:
    # No time of its own: the same log gives the same file
    info = ZipInfo(name)
    info.compress_type, info.external_attr = ZIP_DEFLATED, 0o644 << 16
    return info


class _Made(RawIOBase):
    """What the zip file consists of so far, until somebody takes it."""

    def __init__(self) -> None:
        super().__init__()
        self._pieces: list[bytes] = []
        self.waiting = 0

    def writable(self) -> bool:
        return True

    def write(self, data: "ReadableBuffer", /) -> int:
        piece = bytes(data)
        self._pieces.append(piece)
        self.waiting += len(piece)
        return len(piece)

    def take(self) -> bytes:
        taken, self._pieces, self.waiting = b"".join(self._pieces), [], 0
        return taken
