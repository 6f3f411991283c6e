"""The database: SQLite in the home, or PostgreSQL. Rows hold ids, states, digests, times and ciphertext, nothing else."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.exc import ArgumentError, DatabaseError, OperationalError
from sqlalchemy.orm import Session

from storage.errors import BadInput, NotVerified, Unavailable

PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=FULL",
    "foreign_keys=ON",
    "secure_delete=ON",
    "busy_timeout=10000",
    "trusted_schema=OFF",
)
# As long as SQLite waits for another writer; the lock that makes writers wait for each other, any constant serves.
PATIENCE = "10s"
WRITERS = 0x63616E646F7500
MIGRATIONS = Path(__file__).parent / "migrations"


class BadAddress(BadInput):
    """settings: database.url is no address of a database that can be used here; postgresql://user@host/name needs the extra
    candour[postgres], empty means candour.db in the home
    """


class NewerHome(Unavailable):
    """database: this home was made by a newer Candour (revision {revision}); install that version to open it"""


class DatabaseTrouble(Unavailable):
    """database: the step was not carried out ({reason}), nothing was changed; check free space and permissions"""


class DatabaseDamaged(NotVerified):
    """database: it is damaged, or not a database at all; do not work on, bring it back from a backup"""


def connect(url: str) -> Engine:
    """An engine for a SQLAlchemy address. Statements never show their values, because values may be secret.

    On both databases there is one writer at a time from the first statement on, and a reader sees one moment.

    Raises:
        BadAddress: it is not an address, or the driver it names is not installed.
    """
    try:
        engine = create_engine(url, hide_parameters=True)
    except (ArgumentError, ImportError):
        raise BadAddress from None
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    elif engine.dialect.name == "postgresql":
        event.listen(engine, "begin", _begin_postgres)
    else:
        raise BadAddress
    return engine


def _prepare_sqlite(dbapi: Any, _record: object) -> None:
    # Python's driver starts no transaction for SELECT or DDL in its own mode, so we say BEGIN ourselves.
    dbapi.isolation_level = None
    for pragma in PRAGMAS:
        dbapi.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN" if _is_reading(connection) else "BEGIN IMMEDIATE")


def _begin_postgres(connection: Connection) -> None:
    if _is_reading(connection):
        connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
    else:
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{PATIENCE}'")
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({WRITERS})")


def _is_reading(connection: Connection) -> bool:
    return bool(connection.get_execution_options().get("candour_reading", False))


@contextmanager
def writing(engine: Engine) -> Iterator[Session]:
    """One transaction that may write: committed at the end, undone on any exception.

    Raises:
        DatabaseTrouble: the disk is full, read-only, or the database is busy for longer than ten seconds.
        DatabaseDamaged.
    """
    with _plain_trouble(), Session(engine, expire_on_commit=False) as session, session.begin():
        yield session


@contextmanager
def reading(engine: Engine) -> Iterator[Session]:
    """One consistent view that writes nothing and waits for nobody."""
    with _plain_trouble(), Session(engine.execution_options(candour_reading=True), autoflush=False) as session:
        yield session


@contextmanager
def _plain_trouble() -> Iterator[None]:
    try:
        yield
    except OperationalError as error:
        # Only the driver's own sentence: the statement and its values stay out.
        raise DatabaseTrouble(reason=str(error.orig).splitlines()[0][:120]) from None
    except DatabaseError as error:
        # SQLite says so without a kind of its own; a broken rule, which has one, is a fault of ours.
        if type(error) is DatabaseError:
            raise DatabaseDamaged from None
        raise


def migrate(engine: Engine) -> None:
    """Bring the tables to the newest revision.

    Raises:
        NewerHome: the database was made by a newer version.
    """
    # Every command would wait for this library, and next to none needs it.
    from alembic import command
    from alembic.config import Config

    if revision(engine) not in {None, *known_revisions()}:
        raise NewerHome(revision=revision(engine))
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["engine"] = engine
    with _plain_trouble():
        command.upgrade(config, "head")


def is_current(engine: Engine) -> bool:
    return revision(engine) == known_revisions()[-1]


def known_revisions() -> list[str]:
    """All revisions, the newest last: a file's name begins with the one it leads to."""
    return sorted(file.stem.partition("_")[0] for file in (MIGRATIONS / "versions").glob("[0-9]*.py"))


def revision(engine: Engine) -> str | None:
    """The revision the database stands at; None when it has no tables yet."""
    with _plain_trouble(), engine.execution_options(candour_reading=True).connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
