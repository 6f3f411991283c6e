"""The order of the first table: what needs a person next comes first."""

import random

import pytest

from storage.models import State
from web.arrivals import Coming
from web.overview import Row, urgency


def row(reference: str, state: State, **more: object) -> Row:
    known: dict[str, object] = {
        "review": "LT-1", "position": "Teacher 1", "seconds": 60.0, "transcribed": 0.0,
        "left": None, "coming": None, "doubts": 0, "trouble": "",
        "worked_on_by": "", "held_by": "", "days": 100, "waits_for": "its date", "holds": (),
    }  # fmt: skip
    return Row(reference=reference, state=state, **(known | more))  # type: ignore[arg-type]


@pytest.mark.parametrize("seed", range(5))
def test_what_needs_a_person_next_comes_first(seed: int) -> None:
    expected = [
        row("C-1", State.TRANSCRIBED, days=-3),
        row("C-2", State.RECORDED, trouble="it is no audio"),
        row("C-3", State.WITHDRAWN, waits_for="two signatures"),
        row("C-4", State.PLANNED, days=None, seconds=None, coming=Coming.BROKE_OFF),
        row("C-4a", State.REVIEWED, days=-9, holds=(1,)),
        row("C-5", State.TRANSCRIBED, days=10),
        row("C-6", State.CODED, days=20),
        row("C-7", State.PLANNED, days=None, seconds=None),
        row("C-8", State.RECORDED),
        row("C-9", State.SIGNED_OFF),
        row("C-10", State.DESTROYED, days=None, waits_for=""),
    ]
    shuffled = random.Random(seed).sample(expected, len(expected))  # noqa: S311
    assert [one.reference for one in sorted(shuffled, key=urgency)] == [one.reference for one in expected]


def test_the_next_step_is_a_persons_or_says_how_far_the_machine_is() -> None:
    assert row("C-1", State.TRANSCRIBED, doubts=12).next_step == "Listen: 12 doubts"
    assert row("C-1", State.TRANSCRIBED, doubts=1).next_step == "Listen: 1 doubt"
    assert row("C-1", State.TRANSCRIBED).next_step == "Listen and correct"
    assert row("C-1", State.RECORDED, transcribed=0.43).next_step == "Being transcribed, 43%"
    assert row("C-1", State.RECORDED, transcribed=0.43, left=700.0).next_step == (
        "Being transcribed, 43%, about 12 minutes left"
    )
    assert row("C-1", State.RECORDED, transcribed=0.99, left=9.0).next_step == "Being transcribed, 99%, soon done"
    assert row("C-1", State.PLANNED, coming=Coming.RECORDED).next_step == "Being recorded"
    assert row("C-1", State.RECORDED, trouble="x").next_step == "See what stopped the machine"
    assert row("C-1", State.WITHDRAWN, waits_for="two signatures").next_step == "Approve the destruction"
    assert all(row("C-1", state).next_step is not None for state in State)
