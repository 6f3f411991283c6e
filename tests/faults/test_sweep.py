"""Every system call of a destruction may fail or be the last: all victims or none, no survivor lost, one certificate."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from retention import orders, withdrawal
from tests import story
from tests.faults import strace
from tests.retention.test_destroy_crash import ENDED, NOTES
from tests.story import FIRST, Stage

Case = dict[str, Any]


def run(folder: Path, mode: str) -> list[Case]:
    """Each case with what was found after it and what carrying on made of it."""
    if reason := strace.reason():
        pytest.skip(reason)
    told = story.at(Stage.SIGNED, folder)
    number = withdrawal.withdraw(told.home, told.ana, story.password("ana"), FIRST).order
    orders.approve(told.home, told.ben, story.password("ben"), number)
    told.home.close()
    command = [sys.executable, "-m", "tests.faults.sweep", str(folder), str(number), mode]
    started = folder / "started"
    started.mkdir()
    surroundings = os.environ | {"PYTHONPATH": str(Path.cwd())}
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=started, env=surroundings)
    assert list(started.iterdir()) == [], "files were left in the folder it was started from"
    cases, said = [], Case()
    for line in map(json.loads, done.stdout.splitlines()):
        said |= line
        if "case" in line:
            cases.append(said)
            said = Case()
    return cases


def wrong(case: Case) -> str:
    """What is not as it must be; empty when nothing."""
    found, ended = case.get("found", {}), case.get("ended", {})
    if case["restarted"] != 0:
        return f"it cannot go on: {case.get('error')}"
    if found["victims"] not in {0, 2} or not found["survivors"] or not found["other"]:
        return "keys were lost, or half of the victims"
    if {name: ended.get(name) for name in ENDED} != ENDED:
        return "it did not end as it must"
    if not all(one.startswith("note: ") and one.endswith(NOTES) for one in ended["findings"]):
        return "the auditor finds fault"
    return ""


def check(cases: list[Case]) -> None:
    assert cases[0]["status"] == 0, "without a fault it comes to its end"
    assert [case["case"] for case in cases[1:] if not case["met"]] == [], "these met no fault"
    assert {case["case"]: what for case in cases if (what := wrong(case))} == {}
    assert {case["found"]["victims"] for case in cases} == {0, 2}, (
        "some ended before the point of no return, some after"
    )


@pytest.mark.slow
def test_one_call_of_each_kind(tmp_path: Path) -> None:
    cases = run(tmp_path, "some")
    assert len(cases) > 20
    check(cases)


@pytest.mark.slow
def test_a_disk_that_is_full_or_read_only_from_some_step_on(tmp_path: Path) -> None:
    cases = run(tmp_path, "full")
    assert len(cases) > 6
    check(cases)


@pytest.mark.slow
def test_the_sweep_sees_keys_that_are_lost(tmp_path: Path) -> None:
    """The control: a program that erases the old root before the new one is there."""
    cases = run(tmp_path, "careless")
    assert any("AnchorLost" in wrong(case) or "keys were lost" in wrong(case) for case in cases)


@pytest.mark.exhaustive
@pytest.mark.timeout(4 * 3600)
def test_every_call_with_every_fault(tmp_path: Path) -> None:
    cases = run(tmp_path, "all")
    assert len(cases) > 1000
    check(cases)
