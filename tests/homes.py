"""A home with people and conversations at several places of their way, quick to make and to copy.

C-001 is transcribed, C-002 recorded, C-003 planned and under hold 1, C-004 withdrawn with order 1 waiting for a signature.
"""

import hashlib
import io
import json
import os
import shutil
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Final
from uuid import uuid4

import configs
from access import directory, passwords, signing
from access.people import Person
from access.roles import Role
from pipeline import reviews
from pipeline.codes import codebook
from pipeline.recording import intake
from retention import holds, withdrawal
from storage import models
from storage.home import Home
from storage.keyring import Work
from storage.log.log import Event
from tests import engines
from tests.pipeline import media
from worker import local

QUICK: Final = Work(memory=64, iterations=1, lanes=1)
PASSPHRASE: Final = "twelve grey horses"
PASSWORD: Final = "quiet water runs"
REVIEW: Final = "LT-1"
PEOPLE: Final[Mapping[str, tuple[Role, ...]]] = {
    "ada": (Role.OPERATOR, Role.REVIEWER, Role.GOVERNANCE),
    "ben": (Role.REVIEWER, Role.GOVERNANCE),
    "ray": (Role.RECORDER,),
    "una": (Role.AUDITOR,),
}
SAID: Final = "Tilly lives in Eastmere and her father shouted"


def empty(folder: Path) -> Home:
    """A home with its people and one review."""
    home = Home.create(folder, PASSPHRASE.encode(), origin="candour.test/log", work=QUICK)
    for name, roles in PEOPLE.items():
        _add(home, name, roles)
    book = codebook.parse(configs.read("codebooks/learning-together.toml"))
    schedule = configs.read("retention/learning-together.toml")
    reviews.create_review(home, directory.find(home, "ada"), REVIEW, schedule=schedule, codebook=book)
    return home


def furnished(folder: Path) -> Home:
    """The home above, with four conversations."""
    home = empty(folder)
    ada = directory.find(home, "ada")
    for number in range(1, 5):
        reviews.add_participant(home, ada, REVIEW, f"Teacher {number}", "School")
        reviews.plan_conversation(home, ada, REVIEW, f"Teacher {number}", interviewer="Lead reviewer", on=None)
    engines.scripted(home.models / "scripted", engines.script(SAID))
    intake.receive(home, ada, "C-001", io.BytesIO(recording("woman")))
    done = local.work_once(home)
    assert (done.transcribed, done.failed) == (["C-001"], [])
    intake.receive(home, ada, "C-002", io.BytesIO(recording("man")))
    holds.place(home, ada, PASSWORD, "C-003", reason="a hearing", reference="letter 7")
    withdrawal.withdraw(home, ada, PASSWORD, "C-004")
    return home


def recording(who: str) -> bytes:
    """A few seconds of one person reading."""
    return media.encoded(media.person(who)[:, : 4 * 16000], "flac")


def copy(source: Path, target: Path) -> Home:
    """A home of its own for one test, with the vault open."""
    home = Home.open(shutil.copytree(source, target))
    home.unlock(PASSPHRASE.encode())
    return home


def _add(home: Home, name: str, roles: tuple[Role, ...]) -> Person:
    sealed, public = signing.create(PASSWORD, QUICK)
    row = models.Person(
        id=uuid4(), name=name, roles=sorted(roles), password=passwords.hash_password(PASSWORD, QUICK),
        signing_key=sealed, public_key=public, added_at=home.now(),
    )  # fmt: skip
    with home.writing() as session:
        session.add(row)
        detail = {"key": public.hex(), "roles": ",".join(sorted(roles))}
        home.log(session, Event.PERSON_ADDED, actor="ada", obj=[name], detail=detail)
    return directory.find(home, name)


def snapshot(folder: Path) -> dict[str, str]:
    """What lies in a home: each file's digest, and each table's, so that two can be compared."""
    seen = {}
    for file in sorted(path for path in folder.rglob("*") if path.is_file() or path.is_symlink()):
        # The lock of the worker is empty; what is in the three files of SQLite is compared row by row.
        if file.name != "worker.lock" and not file.name.startswith("candour.db"):
            seen[str(file.relative_to(folder))] = hashlib.sha256(file.read_bytes()).hexdigest()
    if (folder / "candour.db").is_file():
        with closing(sqlite3.connect(f"file:{folder / 'candour.db'}?mode=ro", uri=True)) as rows:
            tables = [name for (name,) in rows.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            for table in sorted(tables):
                found = sorted(repr(row) for row in rows.execute(f'SELECT * FROM "{table}"'))
                seen[f"table {table}, {len(found)} rows"] = hashlib.sha256(json.dumps(found).encode()).hexdigest()
    return seen


def environment(home: Path, secrets: Path, person: str = "ada") -> dict[str, str]:
    """What a person would have set to run commands in a home; writes the secrets they name."""
    if not secrets.is_dir():
        secrets.mkdir()
        (secrets / "passphrase").write_text(PASSPHRASE)
        (secrets / "password").write_text(PASSWORD)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CANDOUR_")}
    return kept | {
        "CANDOUR_HOME": str(home),
        "CANDOUR_PERSON": person,
        "CANDOUR_PASSPHRASE_FILE": str(secrets / "passphrase"),
        "CANDOUR_PASSWORD_FILE": str(secrets / "password"),
    }
