"""The plan, for a conversation in every state, and what of it is due."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from access import directory
from pipeline import reviews
from retention import destroy, holds, orders, plan, withdrawal
from retention.policy import ObjectClass, parse_period
from storage.models import Conversation, Order, Review, State
from tests import story
from tests.story import FIRST, OTHER, Stage, Story

BACKSTOP = parse_period("P6M")
RECORDING, EXTRACTS = ObjectClass.RECORDING, ObjectClass.EXTRACTS


def lines(told: Story, now: datetime | None = None) -> dict[tuple[str, ObjectClass], plan.Planned]:
    found = plan.plan(told.home, now or told.home.now())
    named = {(line.conversation, line.object_class): line for line in found}
    assert len(named) == len(found), "no object is planned twice"
    return named


def sealed(told: Story) -> datetime:
    recording = told.conversation().recording
    assert recording is not None
    return recording.sealed_at


def approve(told: Story, number: int, *people: str) -> None:
    for name in people:
        orders.approve(told.home, directory.find(told.home, name), story.password(name), number)


def test_nothing_is_planned_for_what_is_not_recorded(tmp_path: Path) -> None:
    assert lines(story.at(Stage.PLANNED, tmp_path)) == {}


@pytest.mark.parametrize("stage", [Stage.RECORDED, Stage.TRANSCRIBED, Stage.REVIEWED, Stage.NAMED, Stage.CODED])
def test_before_sign_off_the_recording_waits_for_its_last_day(stage: Stage, tmp_path: Path) -> None:
    told = story.at(stage, tmp_path)
    found = lines(told)
    line = found[FIRST, RECORDING]
    assert (line.at, line.order) == (BACKSTOP.after(sealed(told)), None)
    assert line.waits_for == "its date"
    assert line.position == story.POSITIONS[0]
    assert (found[FIRST, EXTRACTS].at, found[FIRST, EXTRACTS].reason) == (None, "waits for review closed")
    assert plan.due(told.home, told.home.now()) == []


def test_signed_off_by_two_it_is_due(tmp_path: Path) -> None:
    told = story.at(Stage.SIGNED, tmp_path)
    found = plan.plan(told.home, told.home.now())
    assert (found[0].conversation, found[0].object_class, found[0].waits_for) == (FIRST, RECORDING, "")
    assert found[0].reason == "period after signed off"
    assert found[-1].at is None, "what has no day yet comes last"
    assert plan.due(told.home, told.home.now()) == [1]


def test_a_plan_changes_nothing(tmp_path: Path) -> None:
    told = story.at(Stage.SIGNED, tmp_path)
    events, keys = told.events(), dict(told.home.vault.ids())
    far = told.home.now() + timedelta(days=3650)
    assert [line.waits_for for line in plan.plan(told.home, far) if line.order is None and line.at] != []
    assert plan.due(told.home, far) == [1]
    assert told.events() == events
    assert dict(told.home.vault.ids()) == keys


def test_another_schedule_is_another_plan(tmp_path: Path) -> None:
    told = story.at(Stage.SIGNED, tmp_path)
    before = lines(told)[FIRST, RECORDING]
    schedule = told.conversation().review.schedule.replace("P0D", "P14D")
    story.change(told.home, update(Review).values(schedule=schedule))
    after = lines(told)[FIRST, RECORDING]
    assert before.at is not None
    assert after.at == before.at + timedelta(days=14)
    assert (before.waits_for, after.waits_for) == ("", "its date")
    assert plan.due(told.home, told.home.now()) == []
    assert plan.due(told.home, story.vouch(told, after.at)) == [1]


def on_the_conversation(told: Story) -> int:
    return holds.place(told.home, told.ben, story.password("ben"), FIRST, reason="a letter", reference="L 1")


def on_the_review(told: Story) -> int:
    return holds.place(told.home, told.ben, story.password("ben"), story.REVIEW, reason="an inquiry", reference="L 2")


def on_another(told: Story) -> int:
    return holds.place(told.home, told.ben, story.password("ben"), OTHER, reason="a letter", reference="L 3")


@pytest.mark.parametrize(("place", "due"), [(on_the_conversation, []), (on_the_review, []), (on_another, [1])])
def test_a_hold_stops_what_it_covers(place: Callable[[Story], int], due: list[int], tmp_path: Path) -> None:
    told = story.at(Stage.SIGNED, tmp_path)
    number = place(told)
    assert lines(told)[FIRST, RECORDING].waits_for == ("" if due else f"hold {number}")
    assert plan.due(told.home, told.home.now()) == due


def test_on_its_last_day_a_recording_gets_one_order_that_waits_for_two(tmp_path: Path) -> None:
    told = story.at(Stage.CODED, tmp_path)
    day_before, day = (BACKSTOP.after(sealed(told)) + timedelta(days=days) for days in (-1, 1))
    assert plan.order_due(told.home, day_before) == []
    other = story.vouch(told, BACKSTOP.after(told.home.now()) + timedelta(days=1))
    assert plan.order_due(told.home, other) == [1, 2], "one for each recording"
    assert plan.order_due(told.home, other) == []
    assert lines(told, day)[FIRST, RECORDING].waits_for == "two signatures"
    assert plan.due(told.home, other) == []
    approve(told, 1, "ana")
    assert plan.due(told.home, other) == []
    approve(told, 1, "ben")
    assert plan.due(told.home, other) == [1]
    assert plan.due(told.home, day_before) == [], "nothing goes before its day, approved or not"


def test_a_hold_makes_no_order(tmp_path: Path) -> None:
    told = story.at(Stage.CODED, tmp_path)
    on_the_review(told)
    assert plan.order_due(told.home, story.vouch(told, told.home.now() + timedelta(days=3650))) == []


def test_after_destruction_the_extracts_are_left_and_go_a_year_after_the_review(tmp_path: Path) -> None:
    told = story.at(Stage.SIGNED, tmp_path)
    destroy.carry_out(told.home, 1)
    assert (FIRST, RECORDING) not in lines(told)
    assert lines(told)[FIRST, EXTRACTS].at is None
    reviews.close_review(told.home, told.ana, story.REVIEW)
    closed = told.conversation().review.closed_at
    assert closed is not None
    day = parse_period("P1Y").after(closed)
    assert lines(told)[FIRST, EXTRACTS].at == day
    for other in (OTHER, story.PLANNED):
        holds.place(told.home, told.ben, story.password("ben"), other, reason="not this one", reference="L 1")
    story.vouch(told, day)
    assert plan.order_due(told.home, day) == [2]
    approve(told, 2, "ana", "ben")
    assert plan.due(told.home, day) == [2]
    destroy.carry_out(told.home, 2)
    assert told.conversation().state is State.DESTROYED
    assert [key for key in lines(told) if key[0] == FIRST] == []
    assert plan.order_due(told.home, day + timedelta(days=1)) == [], "what is gone is not ordered again"
    assert told.findings() == ()


def test_extracts_destroyed_before_the_recording_are_not_ordered_again(tmp_path: Path) -> None:
    told = story.at(Stage.CODED, tmp_path)
    schedule = told.conversation().review.schedule.replace("P1Y", "P1D")
    story.change(told.home, update(Review).values(schedule=schedule))
    reviews.close_review(told.home, told.ana, story.REVIEW)
    day = story.vouch(told, told.home.now() + timedelta(days=2))
    number = next(n for n in plan.order_due(told.home, day) if order(told, n).conversation_id == told.conversation().id)
    approve(told, number, "ana", "ben")
    destroy.carry_out(told.home, number)
    assert told.conversation().state is State.CODED
    assert plan.order_due(told.home, day) == []
    assert (FIRST, RECORDING) in lines(told, day)


def order(told: Story, number: int) -> Order:
    with told.home.reading() as session:
        found = orders.find(session, number)
        _ = found.conversation
        return found


def test_extracts_that_count_from_sign_off_are_due_after_the_recording_is_gone(tmp_path: Path) -> None:
    told = story.at(Stage.SIGNED, tmp_path)
    schedule = told.conversation().review.schedule.replace('after = "review closed"', 'after = "signed off"', 1)
    story.change(told.home, update(Review).values(schedule=schedule))
    planned = lines(told)[FIRST, EXTRACTS].at
    destroy.carry_out(told.home, 1)
    assert planned is not None
    assert lines(told)[FIRST, EXTRACTS].at == planned


def test_a_withdrawal_is_due_with_its_second_signature_and_is_the_only_line(tmp_path: Path) -> None:
    told = story.at(Stage.SIGNED, tmp_path)
    done = withdrawal.withdraw(told.home, told.ana, story.password("ana"), FIRST)
    found = [line for line in plan.plan(told.home, told.home.now()) if line.conversation == FIRST]
    assert [(line.order, line.waits_for, line.reason) for line in found] == [
        (done.order, "two signatures", "withdrawal")
    ]
    approve(told, done.order, "ben")
    assert plan.due(told.home, told.home.now()) == [done.order]
    destroy.carry_out(told.home, done.order)
    assert [line for line in plan.plan(told.home, told.home.now()) if line.conversation == FIRST] == []
    assert plan.due(told.home, told.home.now()) == []


def test_an_extension_postpones_an_approved_order(tmp_path: Path) -> None:
    told = story.at(Stage.CODED, tmp_path)
    day = BACKSTOP.after(sealed(told)) + timedelta(minutes=1)
    (number,) = plan.order_due(told.home, story.vouch(told, BACKSTOP.after(sealed(told))))
    story.vouch(told, day)
    approve(told, number, "ana", "ben")
    assert plan.due(told.home, day) == [number]
    later = day + timedelta(days=30)
    story.change(
        told.home,
        update(Conversation).where(Conversation.reference == FIRST).values(keep_until=later),
    )
    assert plan.due(told.home, day) == []
    assert plan.due(told.home, story.vouch(told, later)) == [number]
