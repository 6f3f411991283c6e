"""Deadlines count time that has passed: a clock that is moved destroys nothing early, and a person can put it right."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, text, update

from access.roles import NotAllowed
from retention import approvals, clock, plan
from retention.clock import ClockDisagrees
from retention.policy import ObjectClass
from storage.log.log import Event
from storage.log.tables import AuditLeaf
from storage.models import ClockEntry, Review
from tests import story
from tests.retention.machine import Machine
from tests.story import FIRST, Stage, Story

DAY = timedelta(days=1)
TEN_YEARS = timedelta(days=3653)
FORTNIGHT = 14 * DAY
SECOND = timedelta(seconds=1)


@pytest.fixture
def told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Story:
    """A recording that goes two weeks after sign-off, which has just been given; the log has evidence of the time."""
    made = story.at(Stage.EXPORTED, tmp_path)
    schedule = made.conversation().review.schedule.replace("P0D", "P14D").replace("P6M", "P50Y")
    story.change(made.home, update(Review).values(schedule=schedule))
    return made


@pytest.fixture
def machine(told: Story, monkeypatch: pytest.MonkeyPatch) -> Machine:
    found = Machine(told.home, monkeypatch)
    # What the story did before is evidence of another start.
    clock.confirm(told.home, told.ana, found.clock.date())
    return found


def sign_off(told: Story) -> None:
    for person in (told.ana, told.ben):
        approvals.sign_off(told.home, person, story.password(person.name), FIRST)


def due(told: Story) -> list[int]:
    """As a run does it: keep evidence, then look."""
    clock.keep(told.home)
    return plan.due(told.home, told.home.now())


def line(told: Story) -> plan.Planned:
    found = plan.plan(told.home, told.home.now())
    return next(one for one in found if (one.conversation, one.object_class) == (FIRST, ObjectClass.RECORDING))


def test_on_a_machine_that_runs_on_it_goes_on_its_day(told: Story, machine: Machine) -> None:
    sign_off(told)
    for _ in range(14):
        assert due(told) == []
        machine.wait(DAY)
    assert due(told) == [1]


def test_a_clock_set_forward_destroys_nothing(told: Story, machine: Machine) -> None:
    sign_off(told)
    machine.set(machine.clock + TEN_YEARS)
    assert due(told) == []
    assert line(told).waits_for == plan.CONFIRMATION
    machine.wait(13 * DAY)
    assert due(told) == []
    machine.wait(DAY)
    assert due(told) == [1], "when the two weeks have passed it goes, whatever the clock says"


def test_neither_does_one_that_jumps_while_the_machine_is_off(told: Story, machine: Machine) -> None:
    sign_off(told)
    assert due(told) == []
    for _ in range(3):
        machine.restart(off=TEN_YEARS)
        assert due(told) == []
        machine.wait(4 * DAY)
        assert due(told) == []


def test_a_clock_set_back_destroys_nothing_and_dates_nothing_too_early(told: Story, machine: Machine) -> None:
    before = told.log()[-1].t
    machine.set(machine.clock - TEN_YEARS)
    sign_off(told)
    assert due(told) == []
    assert min(entry.t for entry in told.log()[-4:]) >= before
    at = line(told).at
    assert at is not None and at >= before + FORTNIGHT
    machine.set(before + DAY)
    assert due(told) == [], "put right again, a day has passed and not ten years"


def test_at_once_needs_no_clock(told: Story, machine: Machine) -> None:
    schedule = told.conversation().review.schedule.replace("P14D", "P0D")
    story.change(told.home, update(Review).values(schedule=schedule))
    machine.restart(off=30 * DAY)
    sign_off(told)
    assert due(told) == [1]


def test_a_person_confirms_the_date_after_the_machine_was_off(told: Story, machine: Machine) -> None:
    sign_off(told)
    machine.restart(off=FORTNIGHT)
    assert (due(told), line(told).waits_for) == ([], plan.CONFIRMATION)
    with pytest.raises(ClockDisagrees):
        clock.confirm(told.home, told.ana, (machine.clock - DAY).date())
    with pytest.raises(NotAllowed):
        clock.confirm(told.home, told.cara, machine.clock.date())
    assert due(told) == []
    assert clock.confirm(told.home, told.ana, machine.clock.date()) == 0
    assert due(told) == [1]
    assert [finding for finding in told.findings() if finding.fatal] == []


def test_what_a_clock_ahead_has_dated_counts_from_when_it_is_put_right(told: Story, machine: Machine) -> None:
    true = machine.clock
    machine.set(true + TEN_YEARS)
    sign_off(told)
    machine.set(true + DAY)
    at = line(told).at
    assert at is not None and at > true + TEN_YEARS, "as it is, it would stay for ten years"
    assert told.home.now() >= true + TEN_YEARS
    assert clock.confirm(told.home, told.ana, machine.clock.date()) == 2
    assert told.home.now() < true + 2 * DAY
    assert line(told).at == true + DAY + FORTNIGHT
    machine.wait(FORTNIGHT - SECOND)
    assert due(told) == []
    machine.wait(SECOND)
    assert due(told) == [1]
    notes = [str(finding) for finding in told.findings()]
    assert sum("a clock was moved" in note for note in notes) == 1 and all(note.startswith("note") for note in notes)


def test_evidence_is_kept_now_and_then(told: Story, machine: Machine) -> None:
    def kept() -> int:
        clock.keep(told.home)
        return told.events().count(Event.CLOCK_SEEN)

    at_first = kept()
    assert kept() == at_first
    machine.wait(clock.OFTEN)
    assert kept() == at_first + 1
    machine.restart()
    assert kept() == at_first + 2
    assert kept() == at_first + 2


def test_a_new_home_knows_only_its_clock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = story.at(Stage.PLANNED, tmp_path)
    machine = Machine(told.home, monkeypatch)
    with told.home.reading() as session:
        assert told.home.evidence(session) is None
        then: datetime = machine.clock + TEN_YEARS
        assert clock.moment(told.home, session, then).sure == then


def test_evidence_that_was_changed_vouches_for_nothing(told: Story, machine: Machine) -> None:
    sign_off(told)
    machine.wait(FORTNIGHT)
    assert due(told) == [1]
    with told.home.reading() as session:
        seq = session.query(func.max(ClockEntry.seq)).scalar()
    story.change(told.home, text("DROP TRIGGER IF EXISTS audit_leaf_refuses_update"))
    story.change(told.home, update(AuditLeaf).where(AuditLeaf.idx == seq).values(body=b"{}"))
    with told.home.reading() as session:
        assert clock.moment(told.home, session, machine.clock).sure < machine.clock - TEN_YEARS
    assert plan.due(told.home, told.home.now()) == []
