"""The tables of the log. The leaf's body is the exact bytes that were hashed; nothing is ever hashed from a re-encoding.

Rows are only ever added. Triggers in the database refuse to change or delete one: a second layer, for accidents. Whoever may
change the tables themselves can drop them; what finds such a change is the verification.
"""

from sqlalchemy import BigInteger, ForeignKey, Integer, LargeBinary, Text
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
    """The hash of a complete subtree of `2**level` leaves, from level 8 up; what is below is made from `AuditLeaf.hash`."""

    __tablename__ = "audit_node"

    level: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    idx: Mapped[int] = mapped_column(_Index, primary_key=True, autoincrement=False)
    hash: Mapped[bytes] = mapped_column(LargeBinary(32))


class AuditCheckpoint(Base):
    """A signed tree head: the note with the log's own signature."""

    __tablename__ = "audit_checkpoint"

    size: Mapped[int] = mapped_column(_Index, primary_key=True, autoincrement=False)
    note: Mapped[str] = mapped_column(Text)


class AuditCosignature(Base):
    """A witness's signature line under the head of this size, with its line break."""

    __tablename__ = "audit_cosignature"

    size: Mapped[int] = mapped_column(
        _Index, ForeignKey("audit_checkpoint.size"), primary_key=True, autoincrement=False
    )
    line: Mapped[str] = mapped_column(Text, primary_key=True)
