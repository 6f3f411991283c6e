"""People, from the command line: roles, passwords, links and sessions."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from access import directory, sessions, signing_in
from cli import main
from storage.home import Home
from tests import homes


@pytest.fixture
def run(home: Home, tmp_path: Path) -> Callable[..., Result]:
    def words(*words: str, code: int = 0, person: str = "ada") -> Result:
        environment: dict[str, str | None] = {**homes.environment(home.folder, tmp_path / "secrets", person)}
        done = CliRunner().invoke(main, [*words], env=environment)
        assert done.exit_code == code, done.output
        return done

    return words


def test_roles_are_given_and_taken(run: Callable[..., Result]) -> None:
    assert run("person", "roles", "una", "--add", "recorder").stdout == "una: auditor, recorder\n"
    found = json.loads(run("person", "roles", "una", "--remove", "recorder", "--json").stdout)
    assert found == {"name": "una", "roles": ["auditor"]}
    assert "disable them instead" in run("person", "roles", "una", "--remove", "auditor", code=3).stderr
    run("person", "roles", "una", "--add", "governance", code=3, person="una")


def test_the_last_of_governance_cannot_leave(run: Callable[..., Result]) -> None:
    run("person", "disable", "ben")
    assert "give it to somebody else first" in run("person", "disable", "ada", code=3).stderr


def test_one_changes_the_own_password(run: Callable[..., Result], home: Home, tmp_path: Path) -> None:
    (tmp_path / "new").write_text("seven slow tortoises\n")
    told = run("person", "password", "--new-password-file", str(tmp_path / "new"), person="ben")
    assert told.stdout == "ben has a new password.\n"
    assert directory.check(home, "ben", "seven slow tortoises").name == "ben"
    refused = run("person", "password", "--new-password-file", str(tmp_path / "new"), person="ben", code=7)
    assert "the password does not open this signing key" in refused.stderr
    assert "--new-password-file" in run("person", "password", code=7).stderr


def test_a_link_signs_in_and_who_is_signed_in_is_shown_and_signed_out(run: Callable[..., Result], home: Home) -> None:
    link = run("person", "login-link", "ray", "--page", "https://page.example.org/").stdout.strip()
    address, _, token = link.partition("?token=")
    assert address == "https://page.example.org/sign-in/link"
    begun = signing_in.sign_in_by_link(home, token, "127.0.0.1")
    assert run("person", "sessions").stdout == "Nobody is signed in.\n"
    (shown,) = json.loads(run("person", "sessions", "--everyone", "--json").stdout)
    assert (shown["session"], shown["person"], shown["from"]) == (str(begun.session.id), "ray", "127.0.0.1")
    run("person", "sessions", "--everyone", code=3, person="una")
    run("person", "sign-out", "ray", code=3, person="una")
    assert run("person", "sign-out", "ray").stdout == "Ended 1 sessions of ray.\n"
    with pytest.raises(sessions.NotSignedIn):
        sessions.find(home, begun.token)
    run("person", "login-link", "ray", code=3, person="una")
    run("person", "login-link", "nobody", code=5)
