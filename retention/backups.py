"""Backing up, by a person who may, on record."""

from pathlib import Path

from access.people import Person
from access.roles import Act, require
from storage import backup
from storage.backup import Manifest, Report
from storage.home import Home
from storage.log.log import Event


def make(home: Home, actor: Person, target: Path, report: Report = lambda share: None) -> Manifest:
    """Back up a home into a new folder; see `storage.backup.write`. Raises NotAllowed and what that raises."""
    require(actor.roles, Act.BACKUP, actor.name)
    made = backup.write(home, target, report)
    with home.writing() as session:
        counts = {"sealed_files": made.sealed_files, "bytes": made.size, "entries": made.entries}
        home.log(session, Event.BACKUP_MADE, actor=actor.name, detail=counts)
    return made
