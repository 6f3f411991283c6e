"""A withdrawal: everything is closed at once, and goes when two have signed; a hold delays it and opens nothing."""

import io
from collections.abc import Callable
from pathlib import Path

import pytest

from access import directory
from access.roles import NotAllowed
from access.signing import WrongPassword
from configs import read
from pipeline import stages
from pipeline.codes import bookkeeping, comparing, extracting
from pipeline.codes.codebook import parse
from pipeline.export import exporting
from pipeline.export.model import Profile
from pipeline.pseudonyms import naming
from pipeline.pseudonyms.disclosing import NothingToExport
from pipeline.pseudonyms.names import Kind
from pipeline.recording import intake
from pipeline.reviews import ConversationGone
from pipeline.transcription.speech import Engine
from pipeline.transcription.transcribing import LeaseLost, advance
from pipeline.transcripts import reviewing
from retention import destroy, holds, orders, plan
from retention.holds import lift
from retention.withdrawal import AlreadyWithdrawn, Withdrawn, withdraw
from storage.errors import Destroyed
from storage.log.log import Event
from storage.models import Order, OrderState, State
from storage.vault import KeyClass, KeyGone
from tests import story
from tests.story import FIRST, OTHER, REVIEW, Stage, Story


def receive(told: Story, name: str = "ana") -> Withdrawn:
    return withdraw(told.home, directory.find(told.home, name), story.password(name), FIRST)


def carry_out(told: Story, number: int) -> None:
    orders.approve(told.home, told.ben, story.password("ben"), number)
    destroy.carry_out(told.home, number)


READINGS: dict[str, Callable[[Story], object]] = {
    "transcript": lambda told: reviewing.read(told.home, told.ana, FIRST),
    "draft": lambda told: reviewing.read(told.home, told.ana, FIRST, machine=True),
    "doubts": lambda told: reviewing.open_doubts(told.home, told.ana, FIRST),
    "pseudonymised": lambda told: naming.preview(told.home, told.ana, FIRST),
    "extracts": lambda told: extracting.listed(told.home, told.ana, FIRST),
    "export": lambda told: exporting.dry_run(told.home, told.ana, FIRST, Profile.INTERNAL),
}
NEED_NO_RECORDING = {"pseudonymised", "extracts", "export"}


@pytest.mark.parametrize("reading", READINGS)
def test_from_the_moment_it_is_received_nobody_opens_anything(reading: str, tmp_path: Path) -> None:
    told = story.at(Stage.SIGNED, tmp_path)
    READINGS[reading](told)
    receive(told)
    with pytest.raises(Destroyed):
        READINGS[reading](told)
    assert told.conversation().recording_key in told.home.vault.ids(), "nothing is destroyed yet"


@pytest.mark.parametrize("reading", READINGS)
def test_after_its_recording_is_gone_the_rest_is_closed_too(reading: str, tmp_path: Path) -> None:
    told = story.at(Stage.SIGNED, tmp_path)
    destroy.carry_out(told.home, 1)
    if reading in NEED_NO_RECORDING:
        READINGS[reading](told)
    done = receive(told)
    with pytest.raises(Destroyed):
        READINGS[reading](told)
    carry_out(told, done.order)
    with pytest.raises(Destroyed):
        READINGS[reading](told)
    assert told.findings() == ()


def test_everything_of_it_is_destroyed_and_nothing_else(tmp_path: Path) -> None:
    told = story.at(Stage.SIGNED, tmp_path)
    conversation = told.conversation()
    keys = {conversation.recording_key, conversation.extract_key}
    others = told.home.vault.ids().keys() - keys
    done = receive(told)
    carry_out(told, done.order)
    assert told.home.vault.ids().keys() == others
    with pytest.raises(KeyGone):
        told.home.vault.get(conversation.extract_key, KeyClass.EXTRACT)
    after = told.conversation()
    assert (after.state, after.draft, after.document) == (State.WITHDRAWN, None, None)
    assert told.conversation(OTHER).state is State.RECORDED
    assert told.findings() == ()


def test_the_order_of_a_sign_off_gives_way(tmp_path: Path) -> None:
    told = story.at(Stage.SIGNED, tmp_path)
    done = receive(told)
    with told.home.reading() as session:
        assert orders.find(session, 1).state is OrderState.VOID
        assert orders.find(session, done.order).state is OrderState.MADE
    assert plan.due(told.home, told.home.now()) == []


def test_the_rest_of_the_review_goes_on(tmp_path: Path) -> None:
    told = story.at(Stage.EXPORTED, tmp_path)
    receive(told)
    assert comparing.framework(told.home, told.ana, REVIEW).matrix.rows == ()
    with pytest.raises(NothingToExport):
        exporting.dry_run(told.home, told.ana, REVIEW, Profile.INTERNAL)
    bookkeeping.replace_codebook(told.home, told.ana, REVIEW, parse(read("codebooks/learning-together.toml")))
    naming.add(told.home, told.ana, REVIEW, "Okafor", replacement="GP", kind=Kind.PERSON)


def test_with_a_hold_it_is_closed_delayed_and_the_ground_logged(tmp_path: Path) -> None:
    told = story.at(Stage.EXPORTED, tmp_path)
    number = holds.place(told.home, told.ben, story.password("ben"), FIRST, reason="a letter", reference="L 1")
    done = receive(told)
    assert done.holds == (number,)
    entry = told.log()[-1]
    assert (entry.event, entry.detail["ground"], entry.detail["hold"]) == (Event.WITHDRAWAL_REFUSED, "hold", number)
    with pytest.raises(Destroyed):
        reviewing.read(told.home, told.ana, FIRST)
    orders.approve(told.home, told.ben, story.password("ben"), done.order)
    with pytest.raises(destroy.Held):
        destroy.carry_out(told.home, done.order)
    assert told.conversation().recording_key in told.home.vault.ids()
    for name in ("ben", "eve"):
        person = directory.find(told.home, name)
        lift(told.home, person, story.password(name), number, reason="over", reference="L 2")
    assert plan.due(told.home, told.home.now()) == [done.order]
    destroy.carry_out(told.home, done.order)
    assert told.findings() == ()


def test_without_a_hold_nothing_is_refused(tmp_path: Path) -> None:
    told = story.at(Stage.EXPORTED, tmp_path)
    assert receive(told).holds == ()
    assert Event.WITHDRAWAL_REFUSED not in told.events()


def test_a_hold_that_stops_it_half_way_does_not_open_it_again(tmp_path: Path) -> None:
    told = story.at(Stage.EXPORTED, tmp_path)
    done = receive(told)
    orders.approve(told.home, told.ben, story.password("ben"), done.order)
    destroy._intend(told.home, done.order)
    holds.place(told.home, told.ben, story.password("ben"), FIRST, reason="a letter", reference="L 1")
    with pytest.raises(destroy.Held):
        destroy.carry_out(told.home, done.order)
    for reading in READINGS.values():
        with pytest.raises(Destroyed):
            reading(told)


def test_it_is_received_while_the_recording_is_being_destroyed(tmp_path: Path) -> None:
    told = story.at(Stage.SIGNED, tmp_path)
    destroy._intend(told.home, 1)
    done = receive(told)
    assert plan.due(told.home, told.home.now()) == [1], "what was begun goes on"
    destroy.carry_out(told.home, 1)
    assert told.conversation().state is State.WITHDRAWN
    carry_out(told, done.order)
    assert told.conversation().extract_key not in told.home.vault.ids()
    assert told.findings() == ()


def test_received_twice_it_says_what_it_waits_for(tmp_path: Path) -> None:
    told = story.at(Stage.RECORDED, tmp_path)
    done = receive(told)
    with pytest.raises(AlreadyWithdrawn, match=str(done.order)):
        receive(told, "ben")
    carry_out(told, done.order)
    with pytest.raises(ConversationGone):
        receive(told)
    assert story.rows(told.home, Order) == 1


def test_before_anything_is_recorded_the_keys_go_as_well(tmp_path: Path) -> None:
    told = story.at(Stage.PLANNED, tmp_path)
    done = receive(told)
    with pytest.raises(ConversationGone):
        intake.receive(told.home, told.ana, FIRST, io.BytesIO(story.recording("woman")))
    assert list(told.home.blobs.survey()) == []
    carry_out(told, done.order)
    assert told.conversation().recording_key not in told.home.vault.ids()
    assert told.findings() == ()


def test_a_worker_that_is_at_it_writes_nothing_more(tmp_path: Path) -> None:
    told = story.at(Stage.RECORDED, tmp_path)
    with told.home.reading() as session:
        (work,) = stages.due(session, 3)
    engine = Engine.load(told.home.models / "scripted", 1)

    def after_its_only_window(_: object) -> None:
        if not closed(told):
            receive(told)

    with pytest.raises(LeaseLost):
        advance(told.home, engine, work, report=after_its_only_window)
    assert told.conversation().draft is None
    assert Event.TRANSCRIPT_DRAFTED not in told.events()


def closed(told: Story) -> bool:
    return told.conversation().state is State.WITHDRAWN


@pytest.mark.parametrize("name", ["dora"])
def test_who_may_not_receive_it(name: str, tmp_path: Path) -> None:
    told = story.at(Stage.RECORDED, tmp_path)
    with pytest.raises(NotAllowed):
        receive(told, name)
    assert not closed(told)


def test_with_a_wrong_password_nothing_changes(tmp_path: Path) -> None:
    told = story.at(Stage.RECORDED, tmp_path)
    before = told.events()
    with pytest.raises(WrongPassword):
        withdraw(told.home, told.ana, story.password("ben"), FIRST)
    assert told.events() == before
    assert not closed(told)
