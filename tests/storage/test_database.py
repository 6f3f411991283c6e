"""One contract for both databases: the same tests against SQLite and PostgreSQL."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from threading import Event, Thread
from uuid import uuid4

import pytest
from sqlalchemy import BigInteger, Engine, cast, create_engine, func, inspect, literal, select
from sqlalchemy.exc import DBAPIError, StatementError
from sqlalchemy.orm import Session

from storage import database
from storage.base import Base
from storage.database import BadAddress, DatabaseTrouble, connect, migrate, reading, writing
from storage.models import Copy, Person, Recording

MARKER = "Tilly was afraid of him"
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.fixture
def engine(address: str) -> Iterator[Engine]:
    engine = connect(address)
    migrate(engine)
    yield engine
    engine.dispose()


def copy(number: int, at: datetime = NOON) -> Copy:
    return Copy(id=uuid4(), number=number, epoch=1, made_at=at, made_by="ada")


def count(engine: Engine) -> int:
    with reading(engine) as session:
        return session.scalar(select(func.count()).select_from(Copy)) or 0


def test_an_empty_database_gets_every_table(address: str) -> None:
    engine = connect(address)
    assert database.revision(engine) is None
    migrate(engine)
    assert set(inspect(engine).get_table_names()) == {*Base.metadata.tables, "alembic_version"}
    assert database.is_current(engine)
    migrate(engine)
    engine.dispose()


def test_what_is_written_is_kept(engine: Engine) -> None:
    with writing(engine) as session:
        session.add(copy(1))
    assert count(engine) == 1


def test_an_error_undoes_the_whole_transaction(engine: Engine) -> None:
    with pytest.raises(KeyError), writing(engine) as session:
        session.add(copy(1))
        session.flush()
        assert session.scalar(select(func.count()).select_from(Copy)) == 1
        raise KeyError
    assert count(engine) == 0


def test_a_broken_rule_undoes_the_whole_transaction(engine: Engine) -> None:
    with pytest.raises(DBAPIError), writing(engine) as session:
        session.add(copy(1))
        session.flush()
        session.add(copy(1))
    assert count(engine) == 0


def test_a_row_never_points_at_nothing(engine: Engine) -> None:
    row = Recording(
        conversation_id=uuid4(), blob="0" * 32, digest="0" * 64, keyed_digest="0" * 64, size=1, duration=1.0,
        channels=1, sealed_at=NOON,
    )  # fmt: skip
    with pytest.raises(DBAPIError), writing(engine) as session:
        session.add(row)


def test_reading_waits_for_nobody(engine: Engine) -> None:
    with writing(engine) as session:
        session.add(copy(1))
        session.flush()
        assert count(engine) == 0
        assert database.is_current(engine)
    assert count(engine) == 1


def test_a_reader_sees_one_moment(engine: Engine) -> None:
    with reading(engine) as session:
        before = session.scalar(select(func.count()).select_from(Copy))
        with writing(engine) as other:
            other.add(copy(1))
        assert session.scalar(select(func.count()).select_from(Copy)) == before == 0
    assert count(engine) == 1


def test_reading_keeps_nothing(engine: Engine) -> None:
    with reading(engine) as session:
        session.add(copy(1))
    assert count(engine) == 0


def test_writers_take_turns(engine: Engine) -> None:
    """The second looks only when the first has committed, so that what it decides upon still holds."""
    began, seen = Event(), []

    def second() -> None:
        began.set()
        with writing(engine) as session:
            seen.append(session.scalar(select(func.count()).select_from(Copy)))

    with writing(engine) as session:
        session.execute(select(1))
        thread = Thread(target=second)
        thread.start()
        began.wait()
        thread.join(0.3)
        session.add(copy(1))
    thread.join()
    assert seen == [1]


def test_who_waits_too_long_for_a_writer_is_told(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "PATIENCE", "50ms")
    monkeypatch.setattr(database, "PRAGMAS", ("journal_mode=WAL", "busy_timeout=50"))
    engine = connect(address)
    migrate(engine)
    with writing(engine) as session:
        session.add(copy(1))
        session.flush()
        with pytest.raises(DatabaseTrouble, match="nothing was changed"), writing(engine) as other:
            other.execute(select(1))
    engine.dispose()


def test_times_come_back_in_utc(engine: Engine) -> None:
    with writing(engine) as session:
        session.add(copy(1, datetime(2026, 7, 1, 12, 30, tzinfo=timezone(timedelta(hours=1)))))
    with reading(engine) as session:
        (at,) = session.scalars(select(Copy.made_at))
    assert at == datetime(2026, 7, 1, 11, 30, tzinfo=UTC)
    assert at.tzinfo is UTC


def test_a_time_without_a_zone_is_refused(engine: Engine) -> None:
    with pytest.raises(StatementError, match="time zone"), writing(engine) as session:
        session.add(copy(1, NOON.replace(tzinfo=None)))
    with pytest.raises(StatementError, match="time zone"), reading(engine) as session:
        session.scalars(select(Copy).where(Copy.made_at < NOON.replace(tzinfo=None)))


def test_an_error_of_the_database_does_not_show_what_was_written(engine: Engine) -> None:
    shown = []
    for one in (engine, create_engine(engine.url)):
        with pytest.raises(DBAPIError) as refused, Session(one) as session, session.begin():
            session.add_all([person("ada"), person("ada")])
        shown.append(MARKER in str(refused.value))
        one.dispose()
    assert shown == [False, True], "the second, without our setting, is the control"


def person(name: str) -> Person:
    return Person(
        id=uuid4(), name=name, roles=[], password=MARKER, signing_key=b"", public_key=b"", added_at=NOON
    )  # fmt: skip


def test_a_recording_may_be_larger_than_two_gibibytes(engine: Engine) -> None:
    with reading(engine) as session:
        assert session.scalar(select(cast(literal(5 * 2**30), Recording.size.type))) == 5 * 2**30
    (size,) = [column["type"] for column in inspect(engine).get_columns("recording") if column["name"] == "size"]
    assert isinstance(size, BigInteger)


@pytest.mark.parametrize(
    "url", ["nonsense", "mysql://u@127.0.0.1/x", "oracle://u@127.0.0.1/x", "postgresql+nothing://u@h/d"]
)
def test_an_address_that_cannot_be_used_is_refused(url: str) -> None:
    with pytest.raises(BadAddress, match=r"candour\[postgres\]"):
        connect(url)


def test_a_server_that_is_not_there_is_a_plain_refusal() -> None:
    engine = connect("postgresql://candour@127.0.0.1:1/candour")
    with pytest.raises(DatabaseTrouble), writing(engine) as session:
        session.execute(select(1))
    with pytest.raises(DatabaseTrouble):
        database.revision(engine)


def test_sqlite_keeps_its_promises(tmp_path: object) -> None:
    engine = connect(f"sqlite:///{tmp_path}/rows.db")
    with Session(engine) as session:
        connection = session.connection()
        facts = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "secure_delete", "trusted_schema")
        }
    # synchronous 2 is FULL: what was committed is still there after a power cut.
    assert facts == {
        "journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "secure_delete": 1, "trusted_schema": 0,
    }  # fmt: skip
