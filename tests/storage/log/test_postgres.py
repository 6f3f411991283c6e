"""The log on PostgreSQL, where several writers are kept apart by an advisory lock."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import create_engine, update
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from retention.verify import verify_database
from storage.base import Base
from storage.log.log import (
    Event,
    LogRolledBack,
    Signer,
    add_cosignature,
    append,
    entries,
    latest_checkpoint,
    prove,
)
from storage.log.note import KeyKind, SigningKey, cosign
from storage.log.tables import AuditLeaf
from tests.storage.log.books import START, TABLES, Book


@pytest.fixture
def engine(postgres_address: str) -> Iterator[Engine]:
    made = create_engine(postgres_address)
    Base.metadata.create_all(made, tables=TABLES)
    yield made
    made.dispose()


def test_the_log_works_and_is_verified(engine: Engine, tmp_path: Path) -> None:
    book = Book(engine, Signer.create(tmp_path / "log", "log.example/pg"))
    note = book.fill(37)
    witness = SigningKey.generate("witness.example", KeyKind.WITNESS)
    with Session(engine) as session, session.begin():
        add_cosignature(session, cosign(note, witness, START), book.signer.verifier, witness.verifier)
        assert latest_checkpoint(session) == cosign(note, witness, START)
        assert verify_database(session, book.signer.verifier_key, (note,)).findings == ()
        for seq, body in entries(session):
            assert prove(session, seq).verify(body, book.signer.verifier).size == 37
    with Session(engine) as session, session.begin():
        session.execute(update(AuditLeaf).where(AuditLeaf.idx == 36).values(body=b"x", hash=bytes(32)))
    with Session(engine) as session:
        assert verify_database(session, book.signer.verifier_key).first_bad == 36
    with pytest.raises(LogRolledBack):
        book.sign()


def test_writers_at_the_same_time_leave_no_gap(engine: Engine, tmp_path: Path) -> None:
    signer = Signer.create(tmp_path / "log", "log.example/pg")

    def write(number: int) -> int:
        with Session(engine) as session, session.begin():
            seq = append(session, event=Event.WORK_STARTED, actor=f"writer-{number % 4}", now=START)
        with Session(engine) as session, session.begin():
            signer.checkpoint(session)
        return seq

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(write, range(40))) == list(range(40))
    with Session(engine) as session:
        report = verify_database(session, signer.verifier_key)
    assert (report.ok, report.size, report.signed) == (True, 40, 40)
