"""The keys of a review: names and register on their day, codebook and reasons of holds with the last of it."""

from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from access import directory
from access.people import Person
from access.roles import Role
from pipeline import reviews
from pipeline.pseudonyms import naming
from retention import certificates, destroy, holds, orders, plan
from retention.certificate_check import verify_certificate
from retention.policy import ObjectClass, parse_period
from storage.errors import Destroyed
from storage.models import NameDecision, Participant, Review
from tests import story
from tests.story import FIRST, OTHER, PLANNED, REVIEW, Stage, Story


@pytest.fixture
def closed(tmp_path: Path) -> Story:
    """A closed review whose every day has come, as far as an hour after the last."""
    told = story.at(Stage.SIGNED, tmp_path)
    destroy.carry_out(told.home, 1)
    reviews.close_review(told.home, told.ana, REVIEW)
    at = told.conversation().review.closed_at
    assert at is not None
    story.vouch(told, parse_period("P1Y1D").after(at))
    return told


def now(told: Story) -> datetime:
    return told.home.now()


def sign(told: Story, number: int) -> None:
    for name in ("ana", "ben"):
        orders.approve(told.home, directory.find(told.home, name), story.password(name), number)


def carry_out_all(told: Story) -> list[str]:
    done = []
    for number in plan.order_due(told.home, now(told)):
        sign(told, number)
    while due := plan.due(told.home, now(told)):
        done += [destroy.carry_out(told.home, number).about for number in due]
    return done


def registrar(told: Story) -> Person:
    return replace(told.ben, roles=frozenset({Role.REGISTRAR}))


def of_review(told: Story) -> dict[ObjectClass, plan.Planned]:
    return {line.object_class: line for line in plan.plan(told.home, now(told)) if not line.conversation}


def review(told: Story) -> Review:
    return told.conversation().review


def test_an_open_review_has_no_line_of_its_own(tmp_path: Path) -> None:
    assert of_review(story.at(Stage.SIGNED, tmp_path)) == {}


def test_names_and_register_are_destroyed_on_their_day(closed: Story) -> None:
    home, before = closed.home, review(closed)
    assert reviews.read_register(home, registrar(closed), REVIEW)[0][1] is not None
    assert before.name_key and story.rows(home, NameDecision) >= 0
    assert of_review(closed)[ObjectClass.NAMES].waits_for == "an order"
    assert carry_out_all(closed)[-1] == REVIEW, "the review comes after its conversations"
    assert not {before.names_key, before.review_key} & home.vault.ids().keys()
    assert home.vault.ids() == {}, "nothing of this review is left at all"
    with pytest.raises(Destroyed):
        reviews.read_register(home, registrar(closed), REVIEW)
    with pytest.raises(Destroyed):
        reviews.codebook_of(home, review(closed))
    after = review(closed)
    assert (after.name_key, after.codebook) == (None, b"")
    with home.reading() as session:
        assert [one.sealed for one in session.query(Participant)] == [None] * 3
    assert story.rows(home, NameDecision) == 0
    assert of_review(closed) == {}
    assert [finding for finding in closed.findings() if finding.fatal] == []


def test_the_evidence_names_the_review_and_holds(closed: Story) -> None:
    carry_out_all(closed)
    ((_, encoded, text),) = certificates.shown(closed.home, REVIEW)
    key = closed.home.signer.verifier_key
    assert verify_certificate(encoded, key).findings == ()
    assert verify_certificate(text, key).findings == ()
    assert str(review(closed).id) in encoded
    assert REVIEW not in encoded, "ids only"
    assert len(certificates.shown(closed.home, FIRST)) == 2


def test_a_hold_on_one_conversation_keeps_the_keys_of_its_review(closed: Story) -> None:
    held = holds.place(closed.home, closed.ben, story.password("ben"), OTHER, reason="a letter", reference="L 1")
    assert {line.waits_for for line in of_review(closed).values()} == {f"hold {held}"}
    assert REVIEW not in carry_out_all(closed)
    assert reviews.codebook_of(closed.home, review(closed)).codes
    assert holds.views(closed.home)[0].reason == "a letter"


def test_an_order_for_a_review_is_stopped_by_a_hold_that_came_after_its_signatures(closed: Story) -> None:
    numbers = plan.order_due(closed.home, now(closed))
    for number in numbers:
        sign(closed, number)
    holds.place(closed.home, closed.ben, story.password("ben"), OTHER, reason="a letter", reference="L 1")
    with pytest.raises(destroy.Held):
        destroy.carry_out(closed.home, numbers[-1])
    assert review(closed).names_key in closed.home.vault.ids()


def test_a_review_waits_for_its_conversations(closed: Story) -> None:
    numbers = plan.order_due(closed.home, now(closed))
    sign(closed, numbers[-1])
    assert of_review(closed)[ObjectClass.REVIEW].waits_for == plan.THE_REST
    assert plan.due(closed.home, now(closed)) == []


def test_the_reason_of_a_hold_goes_with_the_review_and_the_hold_stays_on_record(closed: Story) -> None:
    number = holds.place(closed.home, closed.ben, story.password("ben"), FIRST, reason="a letter", reference="L 1")
    for name in ("ben", "eve"):
        person = directory.find(closed.home, name)
        holds.lift(closed.home, person, story.password(name), number, reason="over", reference="L 2")
    assert holds.views(closed.home)[0].reason == "a letter"
    carry_out_all(closed)
    (view,) = holds.views(closed.home)
    assert (view.number, view.reason, view.placed_by) == (number, "(destroyed with the review)", "ben")


def test_keys_that_waited_for_a_recording_that_never_came_go_when_the_review_is_closed(tmp_path: Path) -> None:
    told = story.at(Stage.RECORDED, tmp_path)
    planned = told.conversation(PLANNED)
    lines = plan.plan(told.home, now(told))
    assert [line for line in lines if line.conversation == PLANNED] == []
    reviews.close_review(told.home, told.ana, REVIEW)
    found = [line for line in plan.plan(told.home, now(told)) if line.conversation == PLANNED]
    assert [line.reason for line in found] == ["never recorded, review closed"] * 2
    *_, number = plan.order_due(told.home, now(told))
    sign(told, number)
    assert plan.due(told.home, now(told)) == [number]
    assert destroy.carry_out(told.home, number).about == PLANNED
    assert not {planned.recording_key, planned.extract_key} & told.home.vault.ids().keys()


def test_without_the_names_key_a_name_key_kept_from_before_says_nothing(closed: Story) -> None:
    """The ciphertext of before, put back into the row: no key that is left opens it."""
    kept = review(closed).name_key
    assert kept is not None
    assert naming.listed(closed.home, closed.ana, REVIEW)
    carry_out_all(closed)
    with closed.home.writing() as session:
        session.query(Review).one().name_key = kept
    with pytest.raises(Destroyed):
        naming.listed(closed.home, closed.ana, REVIEW)
