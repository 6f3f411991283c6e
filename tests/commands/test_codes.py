"""Codes and extracts through the commands: what they print, for people and for programs."""

from pathlib import Path

import pytest

from tests import story
from tests.commands.asking import ask, done, refused
from tests.story import FIRST, REVIEW, Stage, Story


@pytest.fixture
def told(tmp_path: Path) -> Story:
    """Ana has coded two extracts of the first conversation."""
    return story.at(Stage.CODED, tmp_path)


def test_two_coders_are_compared(told: Story) -> None:
    done(told, f"extract add {FIRST} --turn 2 --code a1 --code c33", person="cara")
    found = ask(told, f"extract agreement {FIRST}")
    assert (found["coders"], found["unit"]) == (["ana", "cara"], "turns")
    assert [(one["code"], one["units"], one["only ana"], one["only cara"]) for one in found["codes"]] == [
        ("structure/introduction", 3, ["C-001:1"], []),
        ("contributory-factors/conditions-of-work/workload", 3, [], ["C-001:2"]),
    ]
    assert (found["all"]["units"], found["all"]["agreement"]) == (6, 0.667)
    table = done(told, f"extract agreement {REVIEW} --coder cara --coder ana --unit characters")
    assert "cara and ana, counted in characters" in table
    assert "C3.3 Workload" in table and "all codes together" in table


def test_who_is_compared_must_be_clear(told: Story) -> None:
    code, message = refused(told, f"extract agreement {FIRST}")
    assert (code, "1 people have coded" in message, "--coder" in message) == (4, True, True)
    assert refused(told, f"extract agreement {FIRST} --coder ana --coder ana")[0] == 4
    assert "cara has coded nothing" in refused(told, f"extract agreement {FIRST} --coder ana --coder cara")[1]
    assert "may not code" in refused(told, f"extract agreement {FIRST}", person="dora")[1]
