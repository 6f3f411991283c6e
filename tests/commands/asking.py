"""Asking the installed commands in a story's home, as a person would."""

import json
import shlex
from typing import Any

from click.testing import CliRunner, Result

from cli import main
from tests.story import Story


def run(told: Story, line: str, *, person: str = "ana", typed: str = "") -> Result:
    """One command line; the passphrase and the person's password lie in files beside the home."""
    return CliRunner().invoke(main, shlex.split(line), env=told.environment(person), input=typed)


def done(told: Story, line: str, *, person: str = "ana", typed: str = "") -> str:
    """What a command that has to succeed prints."""
    result = run(told, line, person=person, typed=typed)
    assert result.exit_code == 0, result.output
    return result.stdout


def ask(told: Story, line: str, *, person: str = "ana") -> Any:
    """The JSON answer of a command that has to succeed."""
    return json.loads(done(told, f"{line} --json", person=person))


def refused(told: Story, line: str, *, person: str = "ana") -> tuple[int, str]:
    """The exit code and message of a command that has to be refused."""
    result = run(told, f"{line} --json", person=person)
    assert result.exit_code != 0, result.output
    return result.exit_code, json.loads(result.stderr)["error"]["message"]
