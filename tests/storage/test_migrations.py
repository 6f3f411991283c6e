"""Old databases come up to date with all their rows, and the tables are exactly what the models say."""

from collections.abc import Iterator
from pathlib import Path
from shutil import copytree

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, inspect, text
from sqlalchemy.orm import Session

from storage import database
from storage.base import Base
from storage.database import NewerHome, connect, migrate
from storage.models import Conversation, Order, OrderState, Person, Recording, State
from tests.storage import rows

MIGRATIONS = database.MIGRATIONS
REVISIONS = database.known_revisions()
HEAD = REVISIONS[-1]

LATER = '''"""a later migration, for a test"""

from alembic import op
from sqlalchemy import Column, String

revision = "9000"
down_revision = "{head}"
branch_labels = None
depends_on = None


def upgrade() -> None:
    {what}
'''
COPIES_A_TABLE = """with op.batch_alter_table("conversation", recreate="auto") as table:
        table.alter_column("interviewer", existing_type=String(80), type_=String(90), existing_nullable=False)
        table.add_column(Column("place", String(20), nullable=True))"""
LOSES_ROWS = 'op.execute("DELETE FROM copy")'


@pytest.fixture(params=REVISIONS)
def old(request: pytest.FixtureRequest, address: str) -> Iterator[Engine]:
    """A database with a row in every table, as it was at each revision."""
    engine = rows.restore(address, request.param)
    yield engine
    engine.dispose()


@pytest.fixture
def empty(address: str) -> Iterator[Engine]:
    engine = connect(address)
    yield engine
    engine.dispose()


def differences(engine: Engine) -> list[object]:
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        return list(compare_metadata(context, Base.metadata))


def test_the_migrations_make_exactly_the_tables_of_the_models(empty: Engine) -> None:
    assert differences(empty), "on an empty database the comparison must find everything missing"
    migrate(empty)
    assert differences(empty) == []


def test_an_old_database_comes_up_to_date_with_all_its_rows(old: Engine) -> None:
    before = rows.counts(old)
    assert set(before.values()) == {1} and len(before) >= 20
    migrate(old)
    assert database.is_current(old)
    assert differences(old) == []
    after = rows.counts(old)
    assert {name: after[name] for name in before} == before


def test_rows_of_an_old_database_can_be_read(old: Engine) -> None:
    migrate(old)
    with database.reading(old) as session:
        conversation = session.query(Conversation).one()
        assert conversation.state is State.PLANNED
        assert conversation.recording is not None
        assert conversation.recording.sealed_at == rows.NOON
        assert session.query(Order).one().state is OrderState.MADE
        assert session.query(Recording).one().conversation.review.codebook == rows.VALUES[bytes]
        assert session.query(Person).one().roles == ["x"]


def test_what_the_names_of_the_files_say_is_what_is_in_them() -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    written = [one.revision for one in ScriptDirectory.from_config(config).walk_revisions()]
    assert list(reversed(written)) == REVISIONS


def test_every_revision_has_its_sample() -> None:
    kinds = ("postgresql", "sqlite")
    expected = sorted(f"revision-{revision}.{kind}.sql" for revision in REVISIONS for kind in kinds)
    assert sorted(file.name for file in rows.SAMPLES.iterdir()) == expected


def test_an_old_sample_breaks_no_rule(address: str) -> None:
    engine = rows.restore(address, HEAD)
    if engine.dialect.name == "sqlite":
        with engine.connect() as connection:
            assert connection.exec_driver_sql("PRAGMA foreign_key_check").all() == []
            assert connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
    engine.dispose()


def test_a_database_of_a_newer_version_is_refused_untouched(old: Engine) -> None:
    with old.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    before = rows.counts(old)
    with pytest.raises(NewerHome, match=r"newer Candour \(revision 9999\)"):
        migrate(old)
    assert database.revision(old) == "9999"
    assert rows.counts(old) == before


def upgrade_with(engine: Engine, folder: Path, what: str) -> None:
    """Run the real migrations and one more."""
    scripts = copytree(MIGRATIONS, folder / "migrations")
    (scripts / "versions" / "9000_later.py").write_text(LATER.format(head=HEAD, what=what), encoding="utf-8")
    config = Config()
    config.set_main_option("script_location", str(scripts))
    config.attributes["engine"] = engine
    command.upgrade(config, "head")


def test_a_migration_that_copies_a_table_keeps_the_rows_that_point_at_it(address: str, tmp_path: Path) -> None:
    engine = rows.restore(address, HEAD)
    before = rows.counts(engine)
    upgrade_with(engine, tmp_path, COPIES_A_TABLE)
    assert rows.counts(engine) == before
    assert "place" in {column["name"] for column in inspect(engine).get_columns("conversation")}
    if engine.dialect.name == "sqlite":
        with Session(engine) as session:
            assert session.connection().exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
            assert session.connection().exec_driver_sql("PRAGMA foreign_key_check").all() == []
    engine.dispose()


def test_a_migration_that_loses_rows_is_undone(address: str, tmp_path: Path) -> None:
    engine = rows.restore(address, HEAD)
    before = rows.counts(engine)
    with pytest.raises(RuntimeError, match="number of rows"):
        upgrade_with(engine, tmp_path, LOSES_ROWS)
    assert rows.counts(engine) == before
    assert database.revision(engine) == HEAD
    engine.dispose()
