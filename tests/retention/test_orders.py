"""Orders: made once, signed by two different people with their own keys."""

from datetime import timedelta
from pathlib import Path

import pytest

from access import directory
from access.roles import NotAllowed
from access.signing import WrongPassword, verify
from retention import approvals, destroy, orders, plan
from retention.orders import OrderClosed, RestsOnSignOff, SameApprover, UnknownOrder
from storage.log.log import Event
from storage.log.statements import order_statement, subject_digest
from storage.models import Approval, Order, OrderState
from tests import story
from tests.story import FIRST, Stage, Story


@pytest.fixture
def told(tmp_path: Path) -> Story:
    """A story with order 1, which a schedule made because the recording's last day has come."""
    made = story.at(Stage.RECORDED, tmp_path)
    assert plan.order_due(made.home, story.vouch(made, made.home.now() + timedelta(days=366))) == [1]
    return made


def approve(told: Story, name: str, number: int = 1) -> bool:
    return orders.approve(told.home, directory.find(told.home, name), story.password(name), number)


def order(told: Story, number: int = 1) -> Order:
    with told.home.reading() as session:
        return orders.find(session, number)


def test_an_order_names_the_keys_it_destroys(told: Story) -> None:
    made = order(told)
    conversation = told.conversation()
    assert made.objects == [str(conversation.recording_key)]
    assert (made.state, made.made_by, made.reason) == (OrderState.MADE, "schedule", "backstop")
    entry = told.log()[-1]
    assert entry.event == Event.ORDER_MADE
    assert entry.obj == (str(made.id), str(conversation.id), *made.objects)
    assert made.digest == entry.ref == subject_digest(entry.obj, entry.detail)


def test_two_different_people_sign_it_with_their_own_keys(told: Story) -> None:
    assert approve(told, "cara") is False
    assert order(told).state is OrderState.MADE
    assert approve(told, "ben") is True
    assert order(told).state is OrderState.APPROVED
    statement = order_statement(order(told).digest)
    with told.home.reading() as session:
        rows = session.query(Approval).order_by(Approval.at).all()
    keys = [told.cara.public_key, told.ben.public_key]
    assert [[verify(key, row.signature, statement) for key in keys] for row in rows] == [[True, False], [False, True]]


def test_the_same_person_does_not_count_twice(told: Story) -> None:
    approve(told, "ben")
    before = told.events()
    with pytest.raises(SameApprover):
        approve(told, "ben")
    assert order(told).state is OrderState.MADE
    assert told.events() == before


def test_a_third_signature_is_refused(told: Story) -> None:
    approve(told, "ben")
    approve(told, "ana")
    with pytest.raises(OrderClosed):
        approve(told, "cara")


@pytest.mark.parametrize("name", ["dora"])
def test_who_may_not_sign(told: Story, name: str) -> None:
    with pytest.raises(NotAllowed):
        approve(told, name)
    assert story.rows(told.home, Approval) == 0


def test_with_a_wrong_password_nothing_is_signed(told: Story) -> None:
    with pytest.raises(WrongPassword):
        orders.approve(told.home, told.ben, story.password("ana"), 1)
    assert story.rows(told.home, Approval) == 0


def test_what_is_not_there_is_said(told: Story) -> None:
    with pytest.raises(UnknownOrder):
        approve(told, "ben", 2)


def test_an_order_signed_by_one_is_not_carried_out(told: Story) -> None:
    approve(told, "ben")
    with pytest.raises(OrderClosed):
        destroy.carry_out(told.home, 1)
    assert told.conversation().recording_key in told.home.vault.ids()
    approve(told, "ana")
    assert destroy.carry_out(told.home, 1).about == FIRST
    assert told.conversation().recording_key not in told.home.vault.ids()


def test_an_order_taken_back_is_neither_signed_nor_carried_out(told: Story) -> None:
    approve(told, "ben")
    approve(told, "ana")
    with told.home.writing() as session:
        orders.void(told.home, session, orders.find(session, 1), actor="ben")
    with pytest.raises(OrderClosed):
        destroy.carry_out(told.home, 1)
    with pytest.raises(OrderClosed):
        approve(told, "cara")
    assert told.conversation().recording_key in told.home.vault.ids()
    assert told.findings() == ()


def test_the_order_of_a_sign_off_is_signed_by_signing_off_alone(tmp_path: Path) -> None:
    told = story.at(Stage.EXPORTED, tmp_path)
    number = approvals.sign_off(told.home, told.ana, story.password("ana"), FIRST).order
    with pytest.raises(RestsOnSignOff):
        approve(told, "ben", number)
    assert approvals.sign_off(told.home, told.ben, story.password("ben"), FIRST).complete


def test_an_order_for_keys_that_another_destroyed_is_void(tmp_path: Path) -> None:
    told = story.at(Stage.EXPORTED, tmp_path)
    signed = approvals.sign_off(told.home, told.ana, story.password("ana"), FIRST).order
    number = plan.order_due(told.home, story.vouch(told, told.home.now() + timedelta(days=366)))[0]
    approve(told, "ben", number)
    approve(told, "ana", number)
    destroy.carry_out(told.home, number)
    assert order(told, signed).state is OrderState.VOID
    with pytest.raises(approvals.NotSigned):
        approvals.take_back(told.home, told.ana, story.password("ana"), FIRST)
    assert told.findings() == ()
