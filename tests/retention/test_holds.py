"""A hold: one person places it, two different people lift it, and nothing goes while it stands."""

from base64 import b64decode
from pathlib import Path

import pytest

from access import directory
from access.roles import NotAllowed
from access.signing import WrongPassword, verify
from pipeline.reviews import UnknownConversation, find_conversation
from retention import destroy, holds, orders
from retention.holds import HoldLifted, NoReason, SameLifter, UnknownHold, WithoutGovernance
from storage.log.log import Event
from storage.log.statements import hold_lift_statement, hold_statement, subject_digest
from storage.models import HoldLift, OrderState
from storage.vault import KeyClass
from tests import story
from tests.story import FIRST, OTHER, REVIEW, Stage, Story

WHY = {"reason": "An inquiry asks for it.", "reference": "Letter 12"}


@pytest.fixture
def told(tmp_path: Path) -> Story:
    return story.at(Stage.RECORDED, tmp_path)


def place(told: Story, name: str = "ben", target: str = FIRST) -> int:
    return holds.place(told.home, directory.find(told.home, name), story.password(name), target, **WHY)


def lift(told: Story, name: str, number: int = 1) -> bool:
    return holds.lift(told.home, directory.find(told.home, name), story.password(name), number, **WHY)


def standing(told: Story, reference: str = FIRST) -> list[int]:
    with told.home.reading() as session:
        return holds.standing(session, find_conversation(session, reference))


@pytest.mark.parametrize("name", ["ana", "ben"])
def test_one_person_places_it_and_it_stands_at_once(told: Story, name: str) -> None:
    assert standing(told) == []
    assert place(told, name) == 1
    assert standing(told) == [1]
    assert standing(told, OTHER) == []
    entry = told.log()[-1]
    assert (entry.event, entry.actor) == (Event.HOLD_PLACED, name)
    assert str(told.conversation().id) in entry.obj


def test_on_a_review_it_covers_every_conversation(told: Story) -> None:
    place(told, target=REVIEW)
    assert standing(told) == standing(told, OTHER) == [1]
    assert str(told.conversation().review_id) in told.log()[-1].obj


def test_two_different_people_lift_it(told: Story) -> None:
    place(told)
    assert lift(told, "ben") is False
    assert standing(told) == [1]
    assert lift(told, "eve") is True
    assert standing(told) == []
    assert told.events()[-2:] == [Event.HOLD_LIFT_ASKED, Event.HOLD_LIFTED]
    with pytest.raises(HoldLifted):
        lift(told, "eve")


def test_a_reviewer_is_one_of_the_two_when_the_other_is_governance(told: Story) -> None:
    place(told)
    assert lift(told, "ana") is False
    with pytest.raises(WithoutGovernance):
        lift(told, "cara")
    assert standing(told) == [1]
    assert lift(told, "eve") is True
    assert standing(told) == []
    assert [finding for finding in told.findings() if finding.fatal] == []


def test_the_same_person_does_not_count_twice(told: Story) -> None:
    place(told)
    lift(told, "ben")
    before = told.events()
    with pytest.raises(SameLifter):
        lift(told, "ben")
    assert standing(told) == [1]
    assert told.events() == before


@pytest.mark.parametrize("name", ["dora"])
def test_who_may_not_place(told: Story, name: str) -> None:
    with pytest.raises(NotAllowed):
        place(told, name)
    assert standing(told) == []


@pytest.mark.parametrize("name", ["dora"])
def test_who_may_not_lift(told: Story, name: str) -> None:
    place(told)
    with pytest.raises(NotAllowed):
        lift(told, name)
    assert story.rows(told.home, HoldLift) == 0


def test_without_the_password_nobody_places_or_lifts(told: Story) -> None:
    with pytest.raises(WrongPassword):
        holds.place(told.home, told.ben, story.password("eve"), FIRST, **WHY)
    assert standing(told) == []
    place(told)
    with pytest.raises(WrongPassword):
        holds.lift(told.home, told.ben, story.password("eve"), 1, **WHY)
    assert story.rows(told.home, HoldLift) == 0


@pytest.mark.parametrize("missing", ["reason", "reference"])
def test_a_hold_and_its_lifting_need_a_reason_and_a_reference(told: Story, missing: str) -> None:
    with pytest.raises(NoReason):
        holds.place(told.home, told.ben, story.password("ben"), FIRST, **(WHY | {missing: "  "}))
    assert standing(told) == []
    place(told)
    with pytest.raises(NoReason):
        holds.lift(told.home, told.ben, story.password("ben"), 1, **(WHY | {missing: ""}))
    assert story.rows(told.home, HoldLift) == 0


def test_what_is_not_there_is_said(told: Story) -> None:
    with pytest.raises(UnknownConversation):
        place(told, target="C-999")
    with pytest.raises(UnknownHold):
        lift(told, "ben", 7)


def test_reasons_are_sealed_and_shown_with_who_and_when(told: Story) -> None:
    place(told)
    place(told, target=REVIEW)
    lift(told, "eve")
    first, second = holds.views(told.home)
    assert (first.conversation, first.reason, first.reference) == (FIRST, WHY["reason"], WHY["reference"])
    assert (first.placed_by, first.lifters, first.lifted_at) == ("ben", ("eve",), None)
    assert (second.conversation, second.review) == (None, REVIEW)
    assert holds.views(told.home, REVIEW) == [first, second]
    database = (told.home.folder / "candour.db").read_bytes() + (told.home.folder / "candour.db-wal").read_bytes()
    assert WHY["reason"].encode() not in database
    assert WHY["reference"].encode() not in database
    assert b"Community health" in database, "the look must see what lies open"


def test_placing_is_signed_with_the_persons_own_key(told: Story) -> None:
    place(told)
    entry = told.log()[-1]
    assert entry.ref == subject_digest(entry.obj, {}) and entry.sig is not None
    statement = hold_statement(entry.ref)
    assert verify(told.ben.public_key, b64decode(entry.sig), statement)
    assert not verify(told.eve.public_key, b64decode(entry.sig), statement)
    assert told.findings() == ()


def test_each_lifting_is_signed_with_the_persons_own_key(told: Story) -> None:
    place(told)
    lift(told, "ben")
    lift(told, "eve")
    with told.home.reading() as session:
        rows = session.query(HoldLift).order_by(HoldLift.at).all()
        statement = hold_lift_statement(subject_digest([str(rows[0].hold_id)], {}))
    keys = [told.ben.public_key, told.eve.public_key]
    valid = [[verify(key, row.signature, statement) for key in keys] for row in rows]
    assert valid == [[True, False], [False, True]]
    assert told.findings() == ()


def test_a_hold_between_signatures_and_destruction_stops_it_and_everything_still_opens(tmp_path: Path) -> None:
    told = story.at(Stage.SIGNED, tmp_path)
    keys = told.home.vault.ids()
    place(told)
    with pytest.raises(destroy.Held):
        destroy.carry_out(told.home, 1)
    assert told.home.vault.ids() == keys
    assert told.home.vault.epoch == 1
    lift(told, "ben")
    with pytest.raises(destroy.Held):
        destroy.carry_out(told.home, 1)
    lift(told, "eve")
    assert destroy.carry_out(told.home, 1).certificate == "D-0001"
    assert told.findings() == ()


def test_a_hold_while_the_new_root_is_prepared_stops_it_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = story.at(Stage.SIGNED, tmp_path)
    keys, prepare = told.home.vault.ids(), destroy._rotation

    def prepared(home: object, order: object) -> object:
        # The last moment: the new root lies there, the old one has not been touched.
        rotation = prepare(home, order)  # type: ignore[arg-type]
        place(story.opened(told.home.folder))
        return rotation

    monkeypatch.setattr(destroy, "_rotation", prepared)
    with pytest.raises(destroy.Held):
        destroy.carry_out(told.home, 1)
    again = told.again()
    assert (again.home.vault.ids(), again.home.vault.epoch) == (keys, 1)
    with again.home.reading() as session:
        order = orders.find(session, 1)
        assert order.state is OrderState.APPROVED
        assert order.conversation is not None and not order.conversation.quarantined
    assert again.events()[-1] == Event.DESTROY_FAILED
    assert [finding for finding in again.findings() if finding.fatal] == []
    assert again.home.vault.put(order.id, KeyClass.REVIEW), "the vault is free for others"
