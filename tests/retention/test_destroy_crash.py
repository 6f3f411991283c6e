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
    "state": "approved", "survivors": True, "other": True, "first": True, "files": 1, "done": 0, "erased": 0, "issued": 0,
    "certified": False,
}  # fmt: skip
# A process that dies between writing an entry and signing it leaves the next step to sign it.
NOTES = ("not signed yet", "approved by two and not carried out")


def crashes(folder: Path, number: int, *, hold: bool) -> list[tuple[int, list[Case]]]:
    """For each step, how the process ended that was to die there, and what there is after others carried on."""
    wanted = [str(folder), str(number), *(["hold"] if hold else [])]
    command = [sys.executable, "-m", "tests.retention.destroy_crash", *wanted]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found: list[tuple[int, list[Case]]] = []
    for line in map(json.loads, done.stdout.splitlines()):
        if "at" in line:
            found.append((line["status"], []))
        else:
            found[-1][1].append(line)
    statuses = [status for status, _ in found]
    assert statuses[:-1] == [9] * (len(found) - 1) and statuses[-1] == 0, "each step but the last must kill"
    assert len(found) > 20
    return found


def check(case: Case, expected: Case, step: int) -> None:
    assert {name: case.get(name) for name in expected} == expected, (step, case)
    assert all(finding.startswith("note: ") and finding.endswith(NOTES) for finding in case["findings"]), (step, case)


@pytest.mark.slow
def test_signed_off_also_when_a_hold_comes_after_the_crash(tmp_path: Path) -> None:
    story.at(Stage.SIGNED, tmp_path).home.close()
    stopped = []
    for step, (_, (ended, held)) in enumerate(crashes(tmp_path, 1, hold=True)):
        check(ended, ENDED, step)
        check(held, STOPPED | {"victims": 1} if held["held"] else ENDED, step)
        stopped.append(held["held"])
    assert stopped == sorted(stopped, reverse=True), "up to the erasure a hold stops it, from then on it comes too late"
    assert stopped[0] and not stopped[-1]


@pytest.mark.slow
def test_a_withdrawal_with_both_its_keys(tmp_path: Path) -> None:
    told = story.at(Stage.SIGNED, tmp_path)
    number = withdrawal.withdraw(told.home, told.ana, story.password("ana"), FIRST).order
    orders.approve(told.home, told.ben, story.password("ben"), number)
    told.home.close()
    for step, (_, (ended,)) in enumerate(crashes(tmp_path, number, hold=False)):
        check(ended, ENDED, step)
