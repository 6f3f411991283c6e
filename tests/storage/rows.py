"""A row in every table, made from the tables themselves, and the committed samples of old databases.

python -m tests.storage.rows 0001     writes samples/revision-0001.{sqlite,postgresql}.sql
"""

import sqlite3
import subprocess
import sys
import tempfile
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import psycopg
from sqlalchemy import JSON, Column, Connection, Engine, Enum, MetaData, Table, func, insert, inspect, select

from storage import database
from storage.base import Base, UtcDateTime
from tests import postgres

SAMPLES: Final = Path(__file__).parent / "samples"
NOON: Final = datetime(2026, 3, 2, 12, tzinfo=UTC)
VALUES: Final[dict[type, object]] = {
    str: "x", bytes: b"\x00\xff sealed", int: 1, float: 1.5, bool: False, date: NOON.date(),
    UUID: UUID(int=1),
}  # fmt: skip


def fill(connection: Connection) -> None:
    """Put one row into every table; what points at another row points at the one there is."""
    for table in Base.metadata.sorted_tables:
        connection.execute(insert(table).values({column.name: _value(column) for column in table.columns}))


def _value(column: Column[Any]) -> object:
    if isinstance(column.type, Enum):
        return next(iter(column.type.python_type))
    if isinstance(column.type, UtcDateTime):
        return NOON
    if isinstance(column.type, JSON):
        return ["x"]
    return VALUES[column.type.python_type]


def counts(engine: Engine) -> dict[str, int]:
    """The number of rows of every table that is there."""
    found = MetaData()
    with engine.connect() as connection:
        names = set(inspect(connection).get_table_names()) - {"alembic_version"}
        tables = [Table(name, found, autoload_with=connection) for name in sorted(names)]
        return {one.name: connection.execute(select(func.count()).select_from(one)).scalar_one() for one in tables}


def restore(address: str, revision: str) -> Engine:
    """A database as it was at an old revision, from its sample."""
    engine = database.connect(address)
    script = (SAMPLES / f"revision-{revision}.{engine.dialect.name}.sql").read_text(encoding="utf-8")
    # Past our engine: the rows of a table may come before those they point at.
    if engine.dialect.name == "sqlite":
        with closing(sqlite3.connect(str(engine.url.database))) as lite:
            lite.executescript(script)
    else:
        with psycopg.connect(address) as connection:
            connection.execute(script.encode())
    return engine


def _write(revision: str) -> None:
    SAMPLES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "rows.db"
        _make(f"sqlite:///{file}")
        with closing(sqlite3.connect(file)) as rows:
            _save(revision, "sqlite", "\n".join(rows.iterdump()))
    programs = postgres.programs()
    assert programs is not None, postgres.REASON
    with postgres.running(programs) as maintenance:
        address = postgres.new_database(maintenance)
        _make(address)
        command = [str(programs / "pg_dump"), "--inserts", "--no-owner", "--no-privileges", "--no-comments", address]
        dump = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    # Comments hold the versions of programs; lines with a backslash are for psql alone.
    lines = [line for line in dump.splitlines() if line and not line.startswith(("--", "\\"))]
    _save(revision, "postgresql", "\n".join(lines))


def _make(address: str) -> None:
    engine = database.connect(address)
    database.migrate(engine)
    with engine.begin() as connection:
        fill(connection)
    engine.dispose()


def _save(revision: str, kind: str, script: str) -> None:
    (SAMPLES / f"revision-{revision}.{kind}.sql").write_text(script + "\n", encoding="utf-8")


if __name__ == "__main__":
    _write(sys.argv[1])
