"""Signed heads and what witnesses put under them, in the database. Nothing here commits; the transaction is the caller's."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from enum import Enum, auto

from sqlalchemy import func, insert, select, true
from sqlalchemy.orm import Session

from storage.errors import NotVerified
from storage.log.keys import DASH, Signature
from storage.log.note import Note, VerifierKey, open_checkpoint, open_note
from storage.log.tables import AuditCheckpoint, AuditCosignature


class NoCheckpoint(NotVerified):
    """log: no signed checkpoint covers entry {seq} yet; any further step signs one"""


class StrangeHead(NotVerified):
    """log: this checkpoint over {size} entries is not among those that this log signed; keep it, it may be evidence of a fork"""


class Which(Enum):
    """Which of the signed heads: those that a witness cosigned, the others, or all."""

    ALL = auto()
    COSIGNED = auto()
    OTHERS = auto()


def checkpoints(session: Session, which: Which = Which.ALL, *, above: int = -1) -> Iterator[tuple[int, str]]:
    """Signed heads over more than `above` entries, with their cosignatures, each behind the size it is kept under, smallest
    first, read in portions.
    """
    lines = defaultdict[int, list[str]](list)
    if which is not Which.OTHERS:
        for size, line in session.execute(select(AuditCosignature.size, AuditCosignature.line)):
            lines[size].append(line)
    cosigned = AuditCheckpoint.size.in_(select(AuditCosignature.size))
    wanted = {Which.ALL: true(), Which.COSIGNED: cosigned, Which.OTHERS: ~cosigned}[which]
    query = select(AuditCheckpoint.size, AuditCheckpoint.note).where(wanted, AuditCheckpoint.size > above)
    query = query.order_by(AuditCheckpoint.size)
    for size, note in session.execute(query.execution_options(yield_per=2000)):
        yield size, note + "".join(sorted(lines.get(size, ())))


def number_of_checkpoints(session: Session) -> int:
    """How many signed heads are kept."""
    return session.scalar(select(func.count()).select_from(AuditCheckpoint)) or 0


def latest_checkpoint(session: Session) -> str | None:
    """The signed head over most entries, with its cosignatures."""
    found = session.execute(
        select(AuditCheckpoint.size, AuditCheckpoint.note).order_by(AuditCheckpoint.size.desc()).limit(1)
    ).one_or_none()
    return None if found is None else found.note + "".join(sorted(_lines(session, found.size)))


def checkpoint_of(session: Session, size: int) -> str | None:
    """The signed head over just so many entries, with its cosignatures."""
    note = session.scalar(select(AuditCheckpoint.note).where(AuditCheckpoint.size == size))
    return None if note is None else note + "".join(sorted(_lines(session, size)))


def last_cosigned(session: Session, witness: VerifierKey) -> tuple[int, datetime] | None:
    """The size of the largest head that this witness cosigned, and when by its own clock; None before the first."""
    query = select(AuditCosignature.size, AuditCosignature.line).where(
        AuditCosignature.line.startswith(f"{DASH}{witness.name} ", autoescape=True)
    )
    for size, line in session.execute(query.order_by(AuditCosignature.size.desc())):
        signature = Signature.parse(line.removesuffix("\n"))
        if signature.key_id == witness.id and (at := witness.time_of(signature.blob)) is not None:
            return size, at
    return None


def cosigned_checkpoints(session: Session) -> Iterator[tuple[int, str]]:
    """The heads that any witness cosigned, with the size each is kept under, newest first."""
    for size in session.scalars(select(AuditCosignature.size).distinct().order_by(AuditCosignature.size.desc())).all():
        yield size, checkpoint_of(session, size) or ""


def keep_checkpoint(session: Session, size: int, note: str) -> None:
    """Store a signed head unless one of this size is there."""
    if session.scalar(select(AuditCheckpoint.size).where(AuditCheckpoint.size == size)) is None:
        session.execute(insert(AuditCheckpoint), [{"size": size, "note": note}])


def add_cosignature(session: Session, note: str, log: VerifierKey, witness: VerifierKey) -> int:
    """Store a witness's cosignatures that came back with a checkpoint; returns the checkpoint's size.

    Raises:
        BadNote, WrongSignature, NoteNotSigned: the note is not signed by the log and by the witness.
        StrangeHead: this log never signed a checkpoint with this text.
    """
    size = open_checkpoint(note, log).size
    returned = open_note(note, [witness])
    kept = session.scalar(select(AuditCheckpoint.note).where(AuditCheckpoint.size == size))
    if kept is None or Note.parse(kept).text != returned.text:
        raise StrangeHead(size=size)
    known = set(_lines(session, size))
    lines = [str(signature) for signature in returned.signatures_of(witness)]
    if new := [{"size": size, "line": line} for line in lines if line not in known]:
        session.execute(insert(AuditCosignature), new)
    return size


def _lines(session: Session, size: int) -> list[str]:
    return list(session.scalars(select(AuditCosignature.line).where(AuditCosignature.size == size)))
