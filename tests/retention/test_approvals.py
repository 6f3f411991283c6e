"""Sign-off: nobody signs what is not ready, nobody signs twice, and who reviewed is never the second."""

from pathlib import Path

import pytest

from access.people import Person
from access.roles import NotAllowed
from access.signing import WrongPassword, verify
from pipeline import contents
from pipeline.pseudonyms import naming
from pipeline.pseudonyms.names import Kind
from pipeline.reviews import ConversationGone, find_conversation
from pipeline.stages import Frozen
from pipeline.transcripts import reviewing
from pipeline.transcripts.transcript import Speaker
from retention import approvals, destroy, orders, withdrawal
from retention.approvals import AlreadySigned, NotReady, NotSigned, OwnReview
from retention.orders import OrderClosed
from storage.log.log import Event
from storage.log.statements import order_statement, signoff_statement
from storage.models import Approval, OrderState, SignOff, State
from tests import story
from tests.story import FIRST, Stage, Story


@pytest.fixture
def ready(tmp_path: Path) -> Story:
    return story.at(Stage.EXPORTED, tmp_path)


def sign(told: Story, person: Person) -> approvals.SignedOff:
    return approvals.sign_off(told.home, person, story.password(person.name), FIRST)


def test_two_people_sign_the_analysis_and_the_order(ready: Story) -> None:
    first = sign(ready, ready.ana)
    assert (first.complete, ready.conversation().state) == (False, State.CODED)
    second = sign(ready, ready.ben)
    assert (second.complete, second.order) == (True, first.order)
    assert ready.conversation().state is State.SIGNED_OFF
    with ready.home.reading() as session:
        order = orders.find(session, first.order)
        signed = session.query(SignOff).order_by(SignOff.at).all()
        approved = session.query(Approval).order_by(Approval.at).all()
    assert order.state is OrderState.APPROVED
    assert signed[0].digest == signed[1].digest
    for person, analysis, destruction in zip((ready.ana, ready.ben), signed, approved, strict=True):
        assert verify(person.public_key, analysis.signature, signoff_statement(analysis.digest))
        assert verify(person.public_key, destruction.signature, order_statement(order.digest))
        assert not verify(person.public_key, analysis.signature, order_statement(order.digest))
    assert [finding for finding in ready.findings() if finding.fatal] == []


def test_the_same_person_does_not_count_twice(ready: Story) -> None:
    sign(ready, ready.ben)
    before = ready.events()
    with pytest.raises(AlreadySigned):
        sign(ready, ready.ben)
    assert ready.events() == before
    assert story.rows(ready.home, Approval) == 1


def test_who_reviewed_may_be_the_first_but_not_the_second(ready: Story) -> None:
    sign(ready, ready.ben)
    with pytest.raises(OwnReview):
        sign(ready, ready.ana)
    assert ready.conversation().state is State.CODED
    assert sign(ready, ready.cara).complete, "another reviewer may"


@pytest.mark.parametrize("part", ["hears", "corrects", "resolves"])
def test_who_did_part_of_the_review_is_not_the_second_either(tmp_path: Path, part: str) -> None:
    told = story.at(Stage.TRANSCRIBED, tmp_path)
    home = told.home
    match part:
        case "hears":
            reviewing.hear(home, told.cara, FIRST, [3])
        case "corrects":
            reviewing.correct(home, told.cara, FIRST, [3], text=None, speaker=Speaker.INTERVIEWER)
        case "resolves":
            reviewing.resolve(home, told.cara, FIRST, [1])
    for step in (story._review, story._name, story._code, story._export):
        step(told)
    sign(told, told.ben)
    with pytest.raises(OwnReview):
        sign(told, told.cara)


@pytest.mark.parametrize("name", ["dora"])
def test_who_may_not_sign(ready: Story, name: str) -> None:
    with pytest.raises(NotAllowed):
        sign(ready, getattr(ready, name))


def test_with_a_wrong_password_nothing_is_signed(ready: Story) -> None:
    before = ready.events()
    with pytest.raises(WrongPassword):
        approvals.sign_off(ready.home, ready.ana, story.password("ben"), FIRST)
    assert ready.events() == before
    assert story.rows(ready.home, SignOff) == 0


@pytest.mark.parametrize(
    ("stage", "todo"),
    [
        (Stage.TRANSCRIBED, "doubts list"),
        (Stage.TRANSCRIBED, "transcript check"),
        (Stage.REVIEWED, "names candidates"),
        (Stage.NAMED, "extract add"),
        (Stage.CODED, "candour export"),
    ],
)
def test_what_is_not_ready_is_refused_and_what_to_do_is_listed(stage: Stage, todo: str, tmp_path: Path) -> None:
    told = story.at(stage, tmp_path)
    with pytest.raises(NotReady) as refused:
        sign(told, told.ana)
    assert f"{todo} {FIRST}" in str(refused.value)
    assert story.rows(told.home, SignOff) == 0


def test_an_export_counts_for_the_extracts_it_holds_and_no_others(ready: Story) -> None:
    story.extract(ready, "We told", 1)
    with pytest.raises(NotReady, match="export"):
        sign(ready, ready.ana)
    story.export(ready, ready.home.folder.parent / "again.csv")
    sign(ready, ready.ana)


def test_work_is_frozen_between_the_two_signatures(ready: Story) -> None:
    sign(ready, ready.ben)
    with pytest.raises(Frozen):
        reviewing.correct(ready.home, ready.ana, FIRST, [1], text="Something else.", speaker=None)
    with pytest.raises(Frozen):
        story.extract(ready, "We told", 1)


def test_taken_back_the_order_is_void_and_work_goes_on(tmp_path: Path) -> None:
    told = story.at(Stage.SIGNED, tmp_path)
    approvals.take_back(told.home, told.cara, story.password("cara"), FIRST)
    assert told.conversation().state is State.CODED
    with told.home.reading() as session:
        assert orders.find(session, 1).state is OrderState.VOID
    with pytest.raises(OrderClosed):
        destroy.carry_out(told.home, 1)
    story.extract(told, "We told", 1)
    story.export(told, tmp_path / "again.csv")
    sign(told, told.ana)
    assert sign(told, told.ben).order == 2
    assert destroy.carry_out(told.home, 2).certificate == "D-0002"
    assert told.findings() == ()


def test_a_name_learnt_while_frozen_is_replaced_when_the_signatures_are_taken_back(tmp_path: Path) -> None:
    told = story.at(Stage.SIGNED, tmp_path)
    naming.add(told.home, told.ana, story.REVIEW, "meeting", replacement="place", kind=Kind.PLACE)
    assert "meeting" in kept(told), "what is signed does not change"
    approvals.take_back(told.home, told.ana, story.password("ana"), FIRST)
    assert "meeting" not in kept(told)
    with pytest.raises(NotReady, match="candour export"):
        sign(told, told.ana)


def kept(told: Story) -> str:
    with told.home.reading() as session:
        document = contents.document(told.home, find_conversation(session, FIRST))
    assert document is not None
    return " ".join(passage.text for passage in document.passages)


def test_there_is_nothing_to_take_back_before_anybody_signed(ready: Story) -> None:
    with pytest.raises(NotSigned):
        approvals.take_back(ready.home, ready.ana, story.password("ana"), FIRST)


@pytest.mark.parametrize("how", ["destroyed", "withdrawn", "begun"])
def test_there_is_nothing_to_take_back_when_the_recording_is_closed(how: str, tmp_path: Path) -> None:
    told = story.at(Stage.SIGNED, tmp_path)
    match how:
        case "destroyed":
            destroy.carry_out(told.home, 1)
        case "withdrawn":
            withdrawal.withdraw(told.home, told.ana, story.password("ana"), FIRST)
        case "begun":
            destroy._intend(told.home, 1)
    before = told.conversation().state
    with pytest.raises(NotSigned):
        approvals.take_back(told.home, told.ana, story.password("ana"), FIRST)
    assert told.conversation().state is before


def test_what_is_closed_cannot_be_signed(tmp_path: Path) -> None:
    told = story.at(Stage.EXPORTED, tmp_path)
    withdrawal.withdraw(told.home, told.ana, story.password("ana"), FIRST)
    with pytest.raises(ConversationGone):
        sign(told, told.ana)


def test_every_signature_is_in_the_log(ready: Story) -> None:
    sign(ready, ready.ana)
    sign(ready, ready.ben)
    assert ready.events()[-5:] == [
        Event.ORDER_MADE,
        Event.SIGNOFF_GIVEN,
        Event.ORDER_APPROVED,
        Event.SIGNOFF_GIVEN,
        Event.ORDER_APPROVED,
    ]
