"""What somebody types never breaks a line of the log, of its export, or of a terminal: refused, or one entry on one line."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import pytest
from click.testing import CliRunner, Result

from cli import main
from storage.home import Home
from storage.log.log import entries
from tests import homes

HOSTILE: Final[Mapping[str, str]] = {
    "newline": 'eve\n{"actor":"ada"}',
    "carriage return": "eve\rada",
    "line separator": "eve\u2028ada",
    "next line": "eve\x85ada",
    "terminal escape": "eve\x1b[2J\x1b[31mada",
    "NUL": "eve\x00ada",
    "lone surrogate": "eve\ud800ada",
    "right-to-left": "eve\u202eada",
    "a megabyte": "e" * 2**20,
}
COMMANDS: Final[Mapping[str, tuple[str, ...]]] = {
    "a sign-in name": ("person", "add", "{}", "--role", "reviewer"),
    "a reference of a review": ("review", "create", "{}"),
    "a position": ("participant", "add", "{}", "--review", "LT-1", "--agency", "School"),
    "an agency": ("participant", "add", "Head teacher 9", "--review", "LT-1", "--agency", "{}"),
    "a reason": ("hold", "place", "C-001", "--reason", "{}", "--reference", "letter 8"),
}


def run(folder: Path, place: Path, *words: str) -> Result:
    environment: dict[str, str | None] = {**homes.environment(folder, place / "secrets")}
    return CliRunner().invoke(main, [*words], env=environment)


def log_of(home: Home) -> list[bytes]:
    with home.reading() as session:
        return [body for _, body in entries(session)]


@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_words_leave_one_entry_on_one_line(home: Home, tmp_path: Path, kind: str) -> None:
    before = log_of(home)
    for command in COMMANDS.values():
        done = run(home.folder, tmp_path, *(word.format(HOSTILE[kind]) for word in command))
        assert done.exit_code in {0, 2, 3, 4, 5}, done.output[:2000]
        assert len(done.output) < 20_000, "nor is it repeated at length"
    added = log_of(home)[len(before) :]
    for seq, body in enumerate(added, len(before)):
        text = body.decode()
        assert text.isprintable() and len(text.splitlines()) == 1
        assert json.loads(text)["seq"] == seq
        assert "eve" not in text.replace("event", ""), "what was typed is no business of the log"
    listed = run(home.folder, tmp_path, "audit", "log", "--last", str(len(added) + 1)).output
    assert "\x1b" not in listed and len(listed.splitlines()) == len(added) + 2
    assert run(home.folder, tmp_path, "audit", "verify").exit_code == 0


def test_the_same_commands_with_plain_words_are_carried_out_and_logged(home: Home, tmp_path: Path) -> None:
    """The control: what is refused above is refused for its characters."""
    before = log_of(home)
    for number, command in enumerate(COMMANDS.values()):
        done = run(home.folder, tmp_path, *(word.format(f"eve-{number}") for word in command))
        assert done.exit_code == 0, done.output
    assert len(log_of(home)) == len(before) + len(COMMANDS)
