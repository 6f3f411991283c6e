"""Runs migrations on the engine it is given; there is no ini file.

A batch migration copies a table, and with foreign keys on that silently deletes the rows of its children. So they are off,
set outside the transaction, and the number of rows of every table must be the same afterwards.
"""

from alembic import context
from sqlalchemy import Connection, Engine, inspect, text

import storage.log.tables
import storage.models  # noqa: F401  importing them registers the tables
from storage.base import Base


def _counts(connection: Connection) -> dict[str, int]:
    names = set(inspect(connection).get_table_names()) - {"alembic_version"}
    return {n: connection.execute(text(f'SELECT count(*) FROM "{n}"')).scalar_one() for n in sorted(names)}  # noqa: S608


def run(engine: Engine) -> None:
    sqlite = engine.dialect.name == "sqlite"
    with engine.connect() as connection:
        if sqlite:
            connection.rollback()
            connection.connection.driver_connection.execute("PRAGMA foreign_keys=OFF")  # type: ignore[union-attr]
        try:
            with connection.begin():
                before = _counts(connection)
                context.configure(connection=connection, target_metadata=Base.metadata, render_as_batch=sqlite)
                context.run_migrations()
                after = _counts(connection)
                lost = {n: (k, after[n]) for n, k in before.items() if n in after and after[n] != k}
                if lost:
                    raise RuntimeError(f"a migration changed the number of rows: {lost}")
        finally:
            if sqlite:
                connection.connection.driver_connection.execute("PRAGMA foreign_keys=ON")  # type: ignore[union-attr]


run(context.config.attributes["engine"])
