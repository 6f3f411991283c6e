"""The tables of the log. The leaf's body is the exact bytes that were hashed; nothing is ever hashed from a re-encoding."""

from sqlalchemy import BigInteger, Integer, LargeBinary, Text
from sqlalchemy.orm import Mapped, mapped_column

from storage.base import Base

# An INTEGER primary key is the row itself in SQLite; BIGINT would add an index
_Index = BigInteger().with_variant(Integer, "sqlite")


class AuditLeaf(Base):
    """One entry: its place from 0 without gaps, the bytes, and their RFC 6962 leaf hash."""

    __tablename__ = "audit_leaf"

    idx: Mapped[int] = mapped_column(_Index, primary_key=True, autoincrement=False)
    body: Mapped[bytes] = mapped_column(LargeBinary)
    hash: Mapped[bytes] = mapped_column(LargeBinary(32))


class AuditNode(Base):
    """The hash of a complete subtree of `2**level` leaves, level 1 and up; level 0 is `AuditLeaf.hash`."""

    __tablename__ = "audit_node"

    level: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    idx: Mapped[int] = mapped_column(_Index, primary_key=True, autoincrement=False)
    hash: Mapped[bytes] = mapped_column(LargeBinary(32))


class AuditCheckpoint(Base):
    """A signed tree head: the signed note with all cosignatures collected for it."""

    __tablename__ = "audit_checkpoint"

    size: Mapped[int] = mapped_column(_Index, primary_key=True, autoincrement=False)
    note: Mapped[str] = mapped_column(Text)
