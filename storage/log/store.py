"""Entries and tree nodes in the database. Nothing here commits; the transaction is the caller's.

There is one writer at a time: on SQLite the caller's transaction begins IMMEDIATE, on PostgreSQL `append` takes an advisory
lock for the length of the transaction.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import lru_cache, partial
from types import MappingProxyType

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from storage.errors import NotVerified
from storage.log import heads, tree
from storage.log.entry import Entry
from storage.log.events import Event, missing
from storage.log.note import Checkpoint, Note
from storage.log.proof import LogProof
from storage.log.tables import AuditLeaf, AuditNode

# Any constant serves, as long as nothing else in the database locks it
_WRITER_LOCK = 0x63616E646F7572
_APPENDING = "log.appending"
# Nodes below this level are made anew from up to 256 leaf hashes, which costs less than to keep them
TILE = 8
_NOTHING: Mapping[str, str | int | bool] = MappingProxyType({})


class LogDamaged(NotVerified):
    """log: the database lacks part of the log near entry {seq}; nothing was added, run `candour audit verify`"""


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
    session.execute(insert(AuditLeaf), [{"idx": seq, "body": body, "hash": tree.leaf_hash(body)}])
    if (seq + 1) % (1 << TILE) == 0:
        _keep_nodes(session, seq >> TILE)
    session.info[_APPENDING] = session.get_transaction()
    return seq


def _keep_nodes(session: Session, tile: int) -> None:
    """Store the node over a tile that is complete, and those above that it completes."""
    read = node_reader(session)
    layers = _tile(session, tile)
    if len(layers) <= TILE:
        raise LogDamaged(seq=tile << TILE)
    (top,) = layers[TILE]
    above = tree.completed(tile, top, lambda level, index: read(level + TILE, index))
    nodes = [(0, tile, top), *above]
    session.execute(
        insert(AuditNode), [{"level": level + TILE, "idx": idx, "hash": node} for level, idx, node in nodes]
    )


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
    """Reads the hash of a complete subtree, for as long as nothing is added."""
    layers = lru_cache(4)(partial(_tile, session))

    def read(level: int, index: int) -> bytes:
        if level >= TILE:
            found = session.scalar(select(AuditNode.hash).where(AuditNode.level == level, AuditNode.idx == index))
            if found is None:
                raise LogDamaged(seq=index << level)
            return found
        above = TILE - level
        nodes = layers(index >> above)[level:][:1]
        at = index & ((1 << above) - 1)
        if not nodes or at >= len(nodes[0]):
            raise LogDamaged(seq=index << level)
        return nodes[0][at]

    return read


def _tile(session: Session, number: int) -> list[list[bytes]]:
    """The nodes over up to 256 leaves, from the leaves up, as far as there are leaves without a gap."""
    start = number << TILE
    query = select(AuditLeaf.idx, AuditLeaf.hash).where(AuditLeaf.idx >= start, AuditLeaf.idx < start + (1 << TILE))
    rows = session.execute(query.order_by(AuditLeaf.idx)).all()
    return tree.layers([leaf for at, (idx, leaf) in enumerate(rows, start) if at == idx])


def inclusion(session: Session, seq: int, size: int) -> list[bytes]:
    """The audit path of entry `seq` in the log's first `size` entries; ValueError when it is not among them."""
    return tree.inclusion_proof(seq, size, node_reader(session))


def consistency(session: Session, old: int, new: int) -> list[bytes]:
    """The proof that the first `old` entries are the beginning of the first `new`; ValueError unless 0 < old <= new."""
    return tree.consistency_proof(old, new, node_reader(session))


def prove(session: Session, seq: int) -> LogProof:
    """The proof that entry `seq` is in the log, under the newest head over it that a witness cosigned, or else the newest.

    Raises:
        NoCheckpoint: no signed head covers the entry.
    """
    size, note = next(heads.cosigned_checkpoints(session), (0, None))
    if note is None or seq >= size:
        note = heads.latest_checkpoint(session)
        size = Checkpoint.parse(Note.parse(note).text).size if note else 0
    if note is None or seq >= size:
        raise heads.NoCheckpoint(seq=seq)
    return LogProof(index=seq, hashes=tuple(inclusion(session, seq, size)), checkpoint=note)
