"""Entries, tree nodes and signed heads in the database. Nothing here commits; the transaction is the caller's.

There is one writer at a time: on SQLite the caller's transaction begins IMMEDIATE, on PostgreSQL `append` takes an advisory
lock for the length of the transaction.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from storage.errors import NotVerified
from storage.log import tree
from storage.log.entry import Entry
from storage.log.events import Event, missing
from storage.log.note import Note, VerifierKey, open_checkpoint, open_note
from storage.log.proof import LogProof
from storage.log.tables import AuditCheckpoint, AuditLeaf, AuditNode

# Any constant serves, as long as nothing else in the database locks it
_WRITER_LOCK = 0x63616E646F7572
_APPENDING = "log.appending"
_NOTHING: Mapping[str, str | int | bool] = MappingProxyType({})


class LogDamaged(NotVerified):
    """log: the database lacks part of the log near entry {seq}; nothing was added, run `candour audit verify`"""


class NoCheckpoint(NotVerified):
    """log: no signed checkpoint covers entry {seq} yet; any further step signs one"""


def append(
    session: Session,
    *,
    event: Event,
    actor: str,
    obj: Sequence[str] = (),
    ref: str | None = None,
    sig: str | None = None,
    now: datetime,
    detail: Mapping[str, str | int | bool] = _NOTHING,
) -> int:
    """Add an entry in the caller's transaction, which it joins for better or worse; returns its place from 0.

    Raises:
        ValueError: a value the log does not take, or a field the event needs is missing (see `storage.log.events`).
        LogDamaged: the tree in the database has a hole.
    """
    lock_writer(session)
    seq = stored_size(session)
    entry = Entry(seq=seq, t=now, actor=actor, event=event.value, obj=tuple(obj), ref=ref, sig=sig, detail=dict(detail))
    if lacks := missing(entry):
        raise ValueError(f"log entry {event}: it needs {', '.join(lacks)}")
    body = entry.encode()
    leaf = tree.leaf_hash(body)
    session.execute(insert(AuditLeaf), [{"idx": seq, "body": body, "hash": leaf}])
    if above := tree.completed(seq, leaf, node_reader(session)):
        session.execute(insert(AuditNode), [{"level": level, "idx": idx, "hash": node} for level, idx, node in above])
    session.info[_APPENDING] = session.get_transaction()
    return seq


def lock_writer(session: Session) -> None:
    """Become the only writer until the transaction ends. On SQLite this starts the transaction, which is the lock."""
    postgres = session.get_bind().dialect.name == "postgresql"
    session.execute(select(func.pg_advisory_xact_lock(_WRITER_LOCK) if postgres else 1))


def appended_in_this_transaction(session: Session) -> bool:
    """Whether this session holds entries that are not committed."""
    transaction = session.get_transaction()
    return transaction is not None and session.info.get(_APPENDING) is transaction


def stored_size(session: Session) -> int:
    """The number of entries, signed or not."""
    last = session.scalar(select(func.max(AuditLeaf.idx)))
    return 0 if last is None else last + 1


def entries(session: Session, start: int = 0, stop: int | None = None) -> Iterator[tuple[int, bytes]]:
    """Place and exact bytes of the entries from `start` up to `stop`, in order, read in portions."""
    query = select(AuditLeaf.idx, AuditLeaf.body).where(AuditLeaf.idx >= start).order_by(AuditLeaf.idx)
    if stop is not None:
        query = query.where(AuditLeaf.idx < stop)
    for row in session.execute(query.execution_options(yield_per=2000)):
        yield row.idx, row.body


def node_reader(session: Session) -> tree.NodeReader:
    """Reads the stored hash of a complete subtree."""

    def read(level: int, index: int) -> bytes:
        query = (
            select(AuditNode.hash).where(AuditNode.level == level, AuditNode.idx == index)
            if level
            else select(AuditLeaf.hash).where(AuditLeaf.idx == index)
        )
        found = session.scalar(query)
        if found is None:
            raise LogDamaged(seq=index << level)
        return found

    return read


def inclusion(session: Session, seq: int, size: int) -> list[bytes]:
    """The audit path of entry `seq` in the log's first `size` entries; ValueError when it is not among them."""
    return tree.inclusion_proof(seq, size, node_reader(session))


def consistency(session: Session, old: int, new: int) -> list[bytes]:
    """The proof that the first `old` entries are the beginning of the first `new`; ValueError unless 0 < old <= new."""
    return tree.consistency_proof(old, new, node_reader(session))


def checkpoints(session: Session) -> list[str]:
    """All signed heads with their cosignatures, smallest first."""
    return list(session.scalars(select(AuditCheckpoint.note).order_by(AuditCheckpoint.size)))


def latest_checkpoint(session: Session) -> str | None:
    """The signed head over most entries."""
    return session.scalar(select(AuditCheckpoint.note).order_by(AuditCheckpoint.size.desc()).limit(1))


def prove(session: Session, seq: int) -> LogProof:
    """The proof that entry `seq` is in the log, under the latest signed head.

    Raises:
        NoCheckpoint: no signed head covers the entry.
    """
    note = latest_checkpoint(session)
    size = int(note.split("\n")[1]) if note else 0
    if note is None or seq >= size:
        raise NoCheckpoint(seq=seq)
    return LogProof(index=seq, hashes=tuple(inclusion(session, seq, size)), checkpoint=note)


def keep_checkpoint(session: Session, size: int, note: str) -> None:
    """Store a signed head unless one of this size is there."""
    if session.get(AuditCheckpoint, size) is None:
        session.execute(insert(AuditCheckpoint), [{"size": size, "note": note}])


def add_cosignature(session: Session, note: str, log: VerifierKey, witness: VerifierKey) -> int:
    """Store a witness's cosignature that came back with a checkpoint; returns the checkpoint's size.

    Raises:
        BadNote, WrongSignature, NoteNotSigned: the note is not signed by the log and by the witness.
        NoCheckpoint: this log never signed a checkpoint with this text.
    """
    size = open_checkpoint(note, log).size
    returned = open_note(note, [witness])
    row = session.get(AuditCheckpoint, size)
    if row is None or Note.parse(row.note).text != returned.text:
        raise NoCheckpoint(seq=size)
    kept = Note.parse(row.note)
    for signature in returned.signatures_of(witness):
        kept = kept.with_signature(signature)
    row.note = str(kept)
    session.flush()
    return size
