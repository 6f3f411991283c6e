"""Whatever step a destruction dies at, carrying on ends it: all victims or none, no survivor lost, one certificate."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from retention import orders, withdrawal
from tests import story
from tests.story import FIRST, Stage

Case = dict[str, Any]
ENDED = {
    "state": "done", "victims": 0, "survivors": True, "other": True, "first": False, "files": 0, "done": 1, "erased": 1,
    "issued": 1, "certified": True,
}  # fmt: skip
STOPPED = {
    "state": "approved", "victims": 2, "survivors": True, "other": True, "first": True, "files": 1, "done": 0, "erased": 0,
    "issued": 0, "certified": False,
}  # fmt: skip
# What is no fault: a step that died before it signed, and what a hold leaves undone.
NOTES = ("any further step signs them", "approved by two and not carried out", "neither carried out nor refused")


def crashes(folder: Path, number: int) -> list[tuple[int, list[Case]]]:
    """For each step, how the process ended that was to die there, and what there is after others carried on."""
    command = [sys.executable, "-m", "tests.retention.destroy_crash", str(folder), str(number)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found: list[tuple[int, list[Case]]] = []
    for line in map(json.loads, done.stdout.splitlines()):
        if "at" in line:
            found.append((line["status"], []))
        else:
            found[-1][1].append(line)
    return found


def check(case: Case, expected: Case, step: int) -> None:
    assert {name: case.get(name) for name in expected} == expected, (step, case)
    assert all(finding.startswith("note: ") and finding.endswith(NOTES) for finding in case["findings"]), (step, case)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_killed_at_any_step_also_when_a_hold_comes_next(tmp_path: Path) -> None:
    told = story.at(Stage.SIGNED, tmp_path)
    number = withdrawal.withdraw(told.home, told.ana, story.password("ana"), FIRST).order
    orders.approve(told.home, told.ben, story.password("ben"), number)
    told.home.close()
    cases = crashes(tmp_path, number)
    assert len(cases) > 20
    assert [status for status, _ in cases] == [9] * (len(cases) - 1) + [0], "each step but the last must kill"
    stopped = []
    for step, (_, (ended, after_hold)) in enumerate(cases):
        check(ended, ENDED, step)
        check(after_hold, STOPPED if after_hold["held"] else ENDED, step)
        stopped.append(after_hold["held"])
    assert stopped == sorted(stopped, reverse=True), "up to the erasure a hold stops it, from then on it comes too late"
    assert stopped[0] and not stopped[-1]
