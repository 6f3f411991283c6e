"""Keeping a recording longer: by governance, with a reason, never shorter, and not what is on its way out."""

from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from access.roles import NotAllowed
from pipeline.reviews import ConversationGone, UnknownConversation
from retention import destroy, extending, orders, plan, withdrawal
from retention.extending import NoGrounds, NothingToKeep, NotLater
from retention.policy import ObjectClass
from storage.errors import CandourError
from storage.log.log import Event
from storage.models import Extension
from tests import story
from tests.story import FIRST, PLANNED, Stage, Story


@pytest.fixture
def signed(tmp_path: Path) -> Story:
    return story.at(Stage.SIGNED, tmp_path)


def in_days(told: Story, days: int) -> date:
    return (told.home.now() + timedelta(days=days)).date()


def extend(
    told: Story, until: date, reference: str = FIRST, by: str = "ben", reason: str = "a question is open"
) -> None:
    person = getattr(told, by)
    extending.extend(
        told.home, person, story.password(by), reference, until, reason=reason, reference="Letter of 4 May"
    )


def at(told: Story) -> datetime | None:
    found = plan.plan(told.home, told.home.now())
    return next(one.at for one in found if (one.conversation, one.object_class) == (FIRST, ObjectClass.RECORDING))


def test_it_goes_on_the_later_day_although_two_have_signed(signed: Story) -> None:
    assert plan.due(signed.home, signed.home.now()) == [1]
    until = in_days(signed, 300)
    extend(signed, until)
    found = at(signed)
    assert found is not None and found.date() == until
    assert plan.due(signed.home, signed.home.now()) == []
    with pytest.raises(destroy.Kept):
        destroy.carry_out(signed.home, 1)
    assert signed.conversation().recording_key in signed.home.vault.ids()
    assert plan.due(signed.home, story.vouch(signed, found)) == [1]
    assert destroy.carry_out(signed.home, 1).about == FIRST


def test_it_is_on_record_and_its_reason_sealed(signed: Story) -> None:
    until = in_days(signed, 30)
    extend(signed, until)
    entry = signed.log()[-1]
    assert (entry.event, entry.actor, entry.detail) == (Event.RETENTION_EXTENDED, "ben", {"until": until.isoformat()})
    with signed.home.reading() as session:
        assert entry.obj == (str(signed.conversation().id), str(session.query(Extension).one().id))
    assert [finding for finding in signed.findings() if finding.fatal] == []
    signed.home.close()
    bodies = b"".join(path.read_bytes() for path in signed.home.folder.rglob("*") if path.is_file())
    assert b"a question is open" not in bodies
    assert until.isoformat().encode() in bodies, "the look must see what is stored"


def test_it_only_becomes_longer(signed: Story) -> None:
    extend(signed, in_days(signed, 30))
    for days in (30, 29, 0, -1):
        with pytest.raises(NotLater):
            extend(signed, in_days(signed, days))
    extend(signed, in_days(signed, 31))
    assert story.rows(signed.home, Extension) == 2


def refused(told: Story, error: type[CandourError], **how: str) -> None:
    with pytest.raises(error):
        extend(told, in_days(told, 30), **how)
    assert story.rows(told.home, Extension) == 0


def test_who_and_what_is_refused(signed: Story) -> None:
    for person in ("ana", "cara", "dora"):
        refused(signed, NotAllowed, by=person)
    refused(signed, NoGrounds, reason=" ")
    refused(signed, UnknownConversation, reference="C-099")
    refused(signed, NothingToKeep, reference=PLANNED)


def test_what_is_gone_or_going_is_not_kept(signed: Story) -> None:
    destroy._intend(signed.home, 1)
    refused(signed, ConversationGone)
    destroy.carry_out(signed.home, 1)
    refused(signed, ConversationGone)


def test_a_withdrawal_is_not_held_up(signed: Story) -> None:
    extend(signed, in_days(signed, 300))
    number = withdrawal.withdraw(signed.home, signed.ana, story.password("ana"), FIRST).order
    assert orders.approve(signed.home, signed.ben, story.password("ben"), number)
    assert plan.due(signed.home, signed.home.now()) == [number]
    assert destroy.carry_out(signed.home, number).about == FIRST
