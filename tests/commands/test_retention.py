"""What goes when, from the command line: the plan, its calendar, keeping longer, refusing, confirming the date, keeping at it."""

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from access import directory
from cli import main
from pipeline import reviews
from pipeline.recording import arriving
from retention import orders, withdrawal
from storage import orphans
from storage.durable import DiskFull
from storage.home import Home
from storage.models import Conversation
from tests import homes

GROUNDS = ("--reason", "a question is open", "--reference", "Letter of 4 May")


@pytest.fixture
def run(home: Home, tmp_path: Path) -> Callable[..., Result]:
    def words(*words: str, code: int = 0, person: str = "ada") -> Result:
        environment: dict[str, str | None] = {**homes.environment(home.folder, tmp_path / "secrets", person)}
        done = CliRunner().invoke(main, [*words], env=environment)
        assert done.exit_code == code, done.output
        return done

    return words


def run_json(run: Callable[..., Result], *words: str) -> Any:
    return json.loads(run(*words, "--json").stdout)


def planned(run: Callable[..., Result], reference: str) -> list[dict[str, str]]:
    found: list[dict[str, str]] = run_json(run, "retention", "plan")
    return [line for line in found if line["conversation"] == reference]


def test_a_recording_is_kept_longer_with_a_reason(home: Home, run: Callable[..., Result]) -> None:
    day = f"{home.now() + timedelta(days=365):%Y-%m-%d}"
    assert not planned(run, "C-001")[0]["on"].startswith(day)
    told = run("retention", "extend", "C-001", "--until", day, *GROUNDS)
    assert told.stdout == f"The recording of C-001 is kept until {day}.\n"
    assert planned(run, "C-001")[0]["on"].startswith(day)
    assert planned(run, "C-001")[0]["why"] == "backstop after recorded, extended"
    said = run("retention", "extend", "C-001", "--until", day, *GROUNDS, "--json", code=4)
    assert json.loads(said.stderr)["error"]["kind"] == "NotLater"


def test_the_calendar_goes_to_a_file_or_is_shown(run: Callable[..., Result], tmp_path: Path) -> None:
    shown = run("retention", "calendar").stdout
    assert "SUMMARY:Destroy C-001: recording" in shown and "Teacher" not in shown
    file = tmp_path / "retention.ics"
    assert run("retention", "calendar", "--to", str(file)).stdout.startswith("Wrote ")
    assert b"BEGIN:VCALENDAR\r\n" in file.read_bytes()
    run("retention", "calendar", "--to", str(file), code=3)
    days = json.loads(run("retention", "calendar", "--json").stdout)
    assert {one["reference"] for one in days} == {"C-001", "C-002", "C-004"}
    assert set(days[0]) == {"on", "what", "reference"}


def test_a_withdrawal_is_refused_on_a_lawful_ground(run: Callable[..., Result]) -> None:
    run("transcript", "show", "C-004", code=8)
    told = run("retention", "refuse", "C-004", "--ground", "legal-claims", *GROUNDS)
    assert "Tell the participant" in told.stdout
    assert "planned" in run("conversation", "show", "C-004").stdout
    run("retention", "approve", "1", "--yes", code=3)
    assert "legal-obligation" in run("retention", "refuse", "C-004", "--ground", "mine", *GROUNDS, code=2).stderr


def test_the_date_is_confirmed_and_another_is_not(home: Home, run: Callable[..., Result]) -> None:
    today, other = home.machine_clock(), home.machine_clock() + timedelta(days=30)
    assert "on record" in run("retention", "confirm-date", f"{today:%Y-%m-%d}").stdout
    said = run("retention", "confirm-date", f"{other:%Y-%m-%d}", code=3)
    assert f"the machine says it is {today:%Y-%m-%d}" in said.stderr
    run("retention", "confirm-date", "yesterday", code=2)
    run("retention", "confirm-date", f"{today:%Y-%m-%d}", code=3, person="una")


def test_what_waits_for_a_date_says_how_to_confirm_it(
    home: Home, run: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    run("retention", "confirm-date", f"{home.machine_clock():%Y-%m-%d}")
    later = home.machine_clock() + timedelta(days=400)
    monkeypatch.setattr(Home, "machine_clock", lambda _: later)
    assert planned(run, "C-002")[0]["waits for"] == "its date to be confirmed"
    assert f"candour retention confirm-date {later:%Y-%m-%d}" in run("retention", "plan").stdout
    assert json.loads(run("retention", "run", "--dry-run", "--json").stdout) == {"due": []}


def test_the_keys_of_a_closed_review_are_planned(home: Home, run: Callable[..., Result]) -> None:
    reviews.close_review(home, directory.find(home, "ada"), homes.REVIEW)
    found = {line["what"]: line for line in planned(run, homes.REVIEW)}
    assert set(found) == {"names", "review"}
    assert found["names"]["position"] == "(the whole review)"
    assert found["names"]["waits for"] == "its date"


def test_one_run_takes_the_sealed_file_of_a_recording_that_broke_off(home: Home, run: Callable[..., Result]) -> None:
    ada, ben = (directory.find(home, name) for name in ("ada", "ben"))
    position = run_json(run, "conversation", "show", "C-001")["position"]
    new = reviews.plan_conversation(home, ada, homes.REVIEW, position, interviewer="Lead", on=None)
    kept = {found.name for found in home.blobs.survey()}
    with arriving.begin(home, ada, new.reference, None) as arrival:
        arrival.receive(b"RIFF")
    order = withdrawal.withdraw(home, ada, homes.PASSWORD, new.reference).order
    orders.approve(home, ben, homes.PASSWORD, order)
    assert {found.name for found in home.blobs.survey()} > kept, "there is something to sweep"
    done = run_json(run, "retention", "run", "--yes")
    assert [one["order"] for one in done["destroyed"]] == [order]
    assert {found.name for found in home.blobs.survey()} == kept


def test_what_was_destroyed_is_said_also_where_clearing_up_fails(
    home: Home, run: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: Home) -> int:
        raise DiskFull

    monkeypatch.setattr(orphans, "sweep", full)
    orders.approve(home, directory.find(home, "ben"), homes.PASSWORD, 1)
    told = run("retention", "run", "--yes", code=DiskFull.exit_code)
    assert told.stdout.startswith("Order 1: destroyed, certificate D-0001")
    assert told.stderr == f"candour: {DiskFull()}\n"
    told = run("retention", "run", "--yes", "--json", code=DiskFull.exit_code)
    assert json.loads(told.stdout)["destroyed"] == [] and json.loads(told.stderr)["error"]["kind"] == "DiskFull"
    monkeypatch.undo()
    assert run("retention", "run", "--yes").stdout == "Nothing is due.\n"


@contextmanager
def watched(environment: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "cli", "retention", "run", "--watch", "--yes"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as watching:
        try:
            yield watching
        finally:
            watching.kill()


def test_watching_does_what_becomes_due_until_it_is_stopped(home: Home, tmp_path: Path) -> None:
    environment = homes.environment(home.folder, tmp_path / "secrets")
    with watched(environment) as watching:
        assert watching.stdout is not None
        assert watching.stdout.readline() == "Watching; stop with Ctrl-C.\n"
        watching.send_signal(signal.SIGTERM)
        assert watching.wait(60) == 0
        assert watching.stdout.read() == "", "nothing was due, and it says nothing"
    orders.approve(home, directory.find(home, "ben"), homes.PASSWORD, 1)
    with watched(environment) as watching:
        assert watching.stdout is not None
        lines = [watching.stdout.readline() for _ in range(2)]
        assert lines[1].startswith("Order 1: destroyed, certificate D-0001")
        watching.send_signal(signal.SIGINT)
        assert watching.wait(60) == 0


def test_what_was_given_up_waits_again_or_is_said_not_to_have_been(home: Home, run: Callable[..., Result]) -> None:
    assert "was not given up" in run("work", "--retry", "C-002", code=3).stderr
    with home.writing() as session:
        session.query(Conversation).filter_by(reference="C-002").one().runs = 3
    assert run("work", "--retry", "C-002").stdout == "C-002 waits for the worker again.\n"
