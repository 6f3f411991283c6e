"""A log in memory, with its signer on disk, for tests."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from storage.base import Base
from storage.log import tables
from storage.log.log import Event, Signer, append

START = datetime(2026, 11, 22, 9, tzinfo=UTC)
TABLES = [
    model.metadata.tables[model.__tablename__]
    for model in (tables.AuditLeaf, tables.AuditNode, tables.AuditCheckpoint, tables.AuditCosignature)
]


@dataclass
class Book:
    """A log that is written a minute at a time."""

    engine: Engine
    signer: Signer
    now: datetime = START

    def write(self, event: Event = Event.WORK_STARTED, actor: str = "ann", **fields: Any) -> int:
        """Add an entry in a transaction of its own, unsigned."""
        with Session(self.engine) as session, session.begin():
            return self.add(session, event, actor, **fields)

    def add(self, session: Session, event: Event = Event.WORK_STARTED, actor: str = "ann", **fields: Any) -> int:
        """Add an entry in the transaction of a session."""
        self.now += timedelta(minutes=1)
        return append(session, event=event, actor=actor, now=self.now, **fields)

    def sign(self) -> str:
        """Sign the head over all entries."""
        with Session(self.engine) as session, session.begin():
            return self.signer.checkpoint(session)

    def fill(self, count: int, *, sign_every: int = 1) -> str:
        """Add `count` entries; returns the signed head over all of them."""
        for number in range(count):
            self.write(obj=[f"object-{number}"])
            if number % sign_every == 0:
                self.sign()
        return self.sign()


def new_book(folder: Path, origin: str = "log.example/home") -> Book:
    engine = create_engine("sqlite://")
    Base.metadata.create_all(engine, tables=TABLES)
    return Book(engine=engine, signer=Signer.create(folder / "log", origin))


def unguard(session: Session) -> None:
    """Take the guards off the tables of the log, as somebody can who may change tables."""
    connection = session.connection()
    for table in TABLES:
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql(f"DROP TRIGGER {table.name}_only_grows ON {table.name}")
        else:
            for verb in ("update", "delete", "insert"):
                connection.exec_driver_sql(f"DROP TRIGGER {table.name}_refuses_{verb}")
