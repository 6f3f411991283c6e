"""The database itself refuses to change or take out a row of the log; each time with a control that it could be done."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session

from storage import database
from storage.log.log import Signer, add_cosignature
from storage.log.note import KeyKind, SigningKey, cosign
from storage.log.tables import AuditNode
from tests.storage.log.books import START, TABLES, Book, unguard

CHANGES = {
    "audit_leaf": "UPDATE audit_leaf SET body = body WHERE idx = 3",
    "audit_node": "UPDATE audit_node SET hash = hash WHERE level = 8",
    "audit_checkpoint": "UPDATE audit_checkpoint SET note = note",
    "audit_cosignature": "UPDATE audit_cosignature SET line = line",
}


@pytest.fixture
def engine(address: str, tmp_path: Path) -> Iterator[Engine]:
    """A migrated database with a row in each table of the log."""
    made = database.connect(address)
    database.migrate(made)
    book = Book(made, Signer.create(tmp_path / "log", "log.example/guarded"))
    with Session(made) as session, session.begin():
        for number in range(6):
            book.add(session, obj=[f"object-{number}"])
        session.add(AuditNode(level=8, idx=0, hash=bytes(32)))
    witness = SigningKey.generate("witness.example", KeyKind.WITNESS)
    note = cosign(book.sign(), witness, START)
    with Session(made) as session, session.begin():
        add_cosignature(session, note, book.signer.verifier, witness.verifier)
    yield made
    made.dispose()


def changed(engine: Engine, statement: str, *, guarded: bool = True) -> int:
    """How many rows a statement touches; undone afterwards."""
    with Session(engine) as session:
        if not guarded:
            unguard(session)
        rows: int = session.connection().exec_driver_sql(statement).rowcount
        session.rollback()
        return rows


def test_the_guards_stand_over_every_table_of_the_log() -> None:
    assert {table.name for table in TABLES} == set(CHANGES)


@pytest.mark.parametrize("table", CHANGES)
def test_no_row_of_the_log_can_be_changed(engine: Engine, table: str) -> None:
    with pytest.raises(DatabaseError, match="added and never changed"):
        changed(engine, CHANGES[table])
    assert changed(engine, CHANGES[table], guarded=False) == 1


@pytest.mark.parametrize("table", CHANGES)
def test_no_row_of_the_log_can_be_deleted(engine: Engine, table: str) -> None:
    with pytest.raises(DatabaseError, match="added and never changed"):
        changed(engine, f"DELETE FROM {table}")
    if table != "audit_checkpoint":  # what a cosignature stands under cannot go before it
        assert changed(engine, f"DELETE FROM {table}", guarded=False) >= 1


def test_a_row_cannot_be_put_in_the_place_of_another(engine: Engine) -> None:
    if engine.dialect.name == "sqlite":
        statement = "INSERT OR REPLACE INTO audit_leaf SELECT * FROM audit_leaf WHERE idx = 5"
    else:
        rows = "INSERT INTO audit_leaf SELECT * FROM audit_leaf WHERE idx = 5"
        statement = f"{rows} ON CONFLICT (idx) DO UPDATE SET body = EXCLUDED.body"
    with pytest.raises(DatabaseError, match="added and never changed"):
        changed(engine, statement)
    assert changed(engine, statement, guarded=False) == 1


def test_a_table_of_the_log_cannot_be_emptied_at_once(engine: Engine) -> None:
    if engine.dialect.name != "postgresql":
        pytest.skip("SQLite has no TRUNCATE")
    with pytest.raises(DatabaseError, match="added and never changed"):
        changed(engine, "TRUNCATE audit_leaf")
    changed(engine, "TRUNCATE audit_leaf", guarded=False)


def test_other_tables_can_be_changed(engine: Engine) -> None:
    assert changed(engine, "UPDATE alembic_version SET version_num = version_num") == 1
