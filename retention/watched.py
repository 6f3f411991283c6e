"""A log that is looked at again and again: what was verified is not verified anew, and a change in it is noticed all the same.

Kept in memory are the reading where it stopped, and a digest of the very bytes that it read. A later look compares that digest
with the bytes as they are now, which costs a fraction, and verifies what was added. Whatever is not as it was, or not in order,
is verified from its beginning.
"""

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from threading import Lock
from typing import Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from retention.reading import PORTION, Reading
from retention.report import Report
from retention.verify import portions, read_database, with_nodes
from storage.errors import NotVerified
from storage.log import heads, store
from storage.log.note import Checkpoint, open_checkpoint
from storage.log.signer import Signer

_ENTRIES: Final = "SELECT idx, hash, body FROM audit_leaf WHERE idx >= :start AND idx < :stop ORDER BY idx"
_HEADS: Final = "SELECT size, '', note FROM audit_checkpoint WHERE size > :start AND size <= :stop ORDER BY size"


class _Digest:
    """Of the first entries with their places and stored hashes, and of the heads over them."""

    def __init__(self) -> None:
        # Of each query: places and lengths, so that nothing can move from one row to the next unseen; and both values.
        self._parts = {query: [sha256() for _ in range(5)] for query in (_ENTRIES, _HEADS)}

    def add(self, session: Session, start: int, stop: int) -> "_Digest":
        """The same with what lies from `start` up to `stop`."""
        for query, first in ((_ENTRIES, start), (_HEADS, start or -1)):
            numbers, ones, others, first_lengths, other_lengths = self._parts[query]
            streamed = text(query).execution_options(stream_results=True, max_row_buffer=PORTION)
            rows = session.execute(streamed, {"start": first, "stop": stop})
            for part in rows.partitions(PORTION):
                places, one, other = zip(*part, strict=True)
                numbers.update(array("Q", places))
                first_lengths.update(array("Q", map(len, one)))
                other_lengths.update(array("Q", map(len, other)))
                ones.update(_joined(one))
                others.update(_joined(other))
        return self

    def is_that_of(self, other: "_Digest") -> bool:
        return self._values() == other._values()

    def _values(self) -> list[bytes]:
        return [one.digest() for parts in self._parts.values() for one in parts]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Kept:
    """A log that was in order, and the digest of what was read of it."""

    reading: Reading
    digest: _Digest


class WatchedLog:
    """The log of one home, for a process that lives long."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._kept: _Kept | None = None

    def look(self, session: Session, signer: Signer) -> Report:
        """Whether the log is whole now: what `verify_database` says, held against the last head that was signed."""
        state = signer.state()
        with self._lock:
            kept, self._kept = self._kept, None
            report = self._go_on(session, signer, state, kept) if kept else None
            if report is not None:
                return report
            report, reading = read_database(session, signer.verifier_key, (state,))
            if reading is not None and _in_order(report):
                self._kept = _Kept(reading=reading, digest=_Digest().add(session, 0, reading.size))
            return report

    def _go_on(self, session: Session, signer: Signer, state: str, kept: _Kept) -> Report | None:
        """The report of going on where it stopped; None where only the whole log can tell."""
        reading, before = kept.reading, kept.reading.size
        note = heads.latest_checkpoint(session) or ""
        head = _newest(session, signer, note, state)
        if head is None or not (head.size > before or head == reading.head):
            return None
        digest = _Digest().add(session, 0, before)
        if not digest.is_that_of(kept.digest):
            return None
        report = with_nodes(session, reading, reading.go_on(note, portions(session, before)))
        if not _in_order(report):
            return None
        self._kept = _Kept(reading=reading, digest=digest.add(session, before, head.size))
        return report


def _in_order(report: Report) -> bool:
    return report.ok and report.size == report.signed


def _newest(session: Session, signer: Signer, note: str, state: str) -> Checkpoint | None:
    """The newest head, when it covers all entries and is what was signed last."""
    try:
        head, last = (open_checkpoint(one, signer.verifier) for one in (note, state))
    except NotVerified:
        return None
    return head if head == last and head.size == store.stored_size(session) else None


def _joined(values: Sequence[str] | Sequence[bytes]) -> bytes:
    return b"".join(one.encode() if isinstance(one, str) else one for one in values)
