"""A withdrawal refused on a lawful ground: on record, by governance alone, until destruction begins."""

from base64 import b64decode
from pathlib import Path

import pytest

from access import signing
from access.roles import NotAllowed
from pipeline.reviews import recording_key
from pipeline.transcripts import reviewing
from retention import destroy, orders, plan, withdrawal
from retention.withdrawal import Ground, NoGrounds, NotWithdrawn
from storage.errors import Destroyed
from storage.log.log import Event
from storage.log.statements import refusal_statement, subject_digest
from storage.models import Order, OrderState, SignOff, State
from tests import story
from tests.story import FIRST, Stage, Story


def withdrawn(told: Story) -> int:
    return withdrawal.withdraw(told.home, told.ana, story.password("ana"), FIRST).order


def refuse(told: Story, by: str = "ben", reason: str = "a court asks for it") -> None:
    person = getattr(told, by)
    password, why = story.password(by), {"reason": reason, "reference": "Letter of 4 May"}
    withdrawal.refuse(told.home, person, password, FIRST, Ground.LEGAL_CLAIMS, **why)


def test_refused_it_is_what_it_was_before(tmp_path: Path) -> None:
    told = story.at(Stage.TRANSCRIBED, tmp_path)
    number = withdrawn(told)
    with pytest.raises(Destroyed):
        recording_key(told.home, told.conversation())
    refuse(told)
    assert told.conversation().state is State.TRANSCRIBED
    assert reviewing.read(told.home, told.ana, FIRST).turns
    with told.home.reading() as session:
        assert orders.find(session, number).state is OrderState.VOID
    assert plan.due(told.home, told.home.now()) == []
    assert told.findings() == ()


def test_the_ground_is_in_the_log_and_the_reason_sealed(tmp_path: Path) -> None:
    told = story.at(Stage.RECORDED, tmp_path)
    withdrawn(told)
    refuse(told)
    entry = told.log()[-1]
    with told.home.reading() as session:
        order = session.query(Order).one()
    detail, kept = {"ground": "legal-claims", "order": str(order.id)}, order.refusal
    assert (entry.event, entry.actor, entry.detail) == (Event.WITHDRAWAL_REFUSED, "ben", detail)
    assert entry.ref == subject_digest([str(told.conversation().id)], detail)
    assert signing.verify(told.ben.public_key, b64decode(entry.sig or ""), refusal_statement(entry.ref))
    assert kept is not None and b"a court" not in kept


def test_what_was_signed_off_is_to_be_signed_anew(tmp_path: Path) -> None:
    told = story.at(Stage.SIGNED, tmp_path)
    withdrawn(told)
    refuse(told)
    assert told.conversation().state is State.CODED
    assert story.rows(told.home, SignOff) == 0
    assert plan.due(told.home, told.home.now()) == []
    assert [finding for finding in told.findings() if finding.fatal] == []


def test_it_can_be_withdrawn_again(tmp_path: Path) -> None:
    told = story.at(Stage.RECORDED, tmp_path)
    withdrawn(told)
    refuse(told)
    number = withdrawn(told)
    orders.approve(told.home, told.ben, story.password("ben"), number)
    destroy.carry_out(told.home, number)
    with pytest.raises(NotWithdrawn):
        refuse(told)


def test_signed_by_two_it_can_be_refused_until_it_begins(tmp_path: Path) -> None:
    told = story.at(Stage.RECORDED, tmp_path)
    number = withdrawn(told)
    orders.approve(told.home, told.ben, story.password("ben"), number)
    destroy._intend(told.home, number)
    with pytest.raises(orders.OrderClosed):
        refuse(told)
    assert told.conversation().state is State.WITHDRAWN


def test_who_may_not_and_what_is_missing(tmp_path: Path) -> None:
    told = story.at(Stage.RECORDED, tmp_path)
    with pytest.raises(NotWithdrawn):
        refuse(told)
    withdrawn(told)
    for name in ("ana", "cara", "dora"):
        with pytest.raises(NotAllowed):
            refuse(told, name)
    with pytest.raises(NoGrounds):
        refuse(told, reason="")
    assert told.conversation().state is State.WITHDRAWN
