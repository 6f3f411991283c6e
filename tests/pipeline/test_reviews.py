"""Reviews, participants and conversations: what exists before anything is recorded."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from access import directory
from access.people import Person
from access.roles import NotAllowed, Role
from configs import read
from pipeline import reviews
from pipeline.codes.codebook import Codebook, parse
from pipeline.reviews import (
    BadReference,
    BadReviewReference,
    HasConversations,
    LikeAConversation,
    RegisterEntry,
    ReviewClosed,
    Taken,
    UnknownConversation,
    UnknownPosition,
    UnknownReview,
)
from storage.log.log import Event
from storage.models import Conversation, Participant, Review, State
from storage.sealed import slot
from storage.vault import KeyClass
from tests import story
from tests.story import FIRST, POSITIONS, REVIEW, Stage, Story

SCHEDULE = read("retention/learning-together.toml")


@pytest.fixture
def told(tmp_path: Path) -> Story:
    return story.at(Stage.PLANNED, tmp_path)


def codebook() -> Codebook:
    return parse(read("codebooks/learning-together.toml"))


def create(told: Story, reference: str) -> Review:
    return reviews.create_review(told.home, told.ana, reference, schedule=SCHEDULE, codebook=codebook())


def plan(told: Story, review: str = REVIEW, position: str = POSITIONS[0], interviewer: str = "Lead") -> Conversation:
    return reviews.plan_conversation(told.home, told.ana, review, position, interviewer=interviewer, on=None)


def test_a_review_has_its_own_keys_and_codebook(told: Story) -> None:
    made = create(told, " LT 2.b ")
    assert made.reference == "LT 2.b"
    kinds = told.home.vault.ids()
    assert (kinds[made.review_key], kinds[made.names_key]) == (KeyClass.REVIEW, KeyClass.NAMES)
    with told.home.reading() as session:
        assert reviews.codebook_of(told.home, reviews.find_review(session, "LT 2.b")) == codebook()
    assert told.events()[-1] == Event.REVIEW_CREATED


def test_a_conversation_has_two_keys_and_a_slot_that_seals_to_one_of_them(told: Story) -> None:
    made = reviews.plan_conversation(
        told.home, told.ana, REVIEW, POSITIONS[0], interviewer="Lead", on=date(2026, 11, 30)
    )
    assert (made.reference, made.state, made.on) == ("C-004", State.PLANNED, date(2026, 11, 30))
    secret = told.home.vault.get(made.recording_key, KeyClass.RECORDING)
    assert made.recipient == str(slot(secret).recipient())
    assert told.home.vault.get(made.extract_key, KeyClass.EXTRACT) != secret
    entry = told.log()[-1]
    assert entry.obj == (str(made.id), str(made.recording_key), str(made.extract_key))


REFUSED: dict[str, tuple[Callable[[Story], object], type[Exception]]] = {
    "a review twice": (lambda told: create(told, REVIEW), Taken),
    "no reference": (lambda told: create(told, "  "), BadReference),
    "a long reference": (lambda told: create(told, "x" * 41), BadReference),
    "a line break": (lambda told: create(told, "LT\n2"), BadReference),
    "the look of a conversation": (lambda told: create(told, "c-12"), LikeAConversation),
    "a bracket": (lambda told: create(told, "LT[2]"), BadReference),
    "a slash": (lambda told: create(told, "LT/2"), BadReviewReference),
    "dots alone": (lambda told: create(told, ".."), BadReviewReference),
    "a conversation in no review": (lambda told: plan(told, review="LT-9"), UnknownReview),
    "a conversation with nobody": (lambda told: plan(told, position="Nurse 1"), UnknownPosition),
    "a conversation by nobody": (lambda told: plan(told, interviewer=""), BadReference),
    "a position twice": (
        lambda told: reviews.add_participant(told.home, told.ana, REVIEW, POSITIONS[0], "Health"),
        Taken,
    ),
    "a participant in no review": (
        lambda told: reviews.add_participant(told.home, told.ana, "LT-9", "Nurse 1", "Health"),
        UnknownReview,
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_is_refused_and_leaves_nothing_not_even_a_key(name: str, told: Story) -> None:
    def everything() -> object:
        tables = [story.rows(told.home, table) for table in (Review, Participant, Conversation)]
        return tables, told.events(), dict(told.home.vault.ids())

    before = everything()
    act, error = REFUSED[name]
    with pytest.raises(error):
        act(told)
    assert everything() == before


def test_in_a_closed_review_nothing_is_added(told: Story) -> None:
    reviews.close_review(told.home, told.ana, REVIEW)
    keys = dict(told.home.vault.ids())
    with pytest.raises(ReviewClosed):
        plan(told)
    with pytest.raises(ReviewClosed):
        reviews.add_participant(told.home, told.ana, REVIEW, "Nurse 1", "Health")
    with pytest.raises(ReviewClosed):
        reviews.close_review(told.home, told.ana, REVIEW)
    assert dict(told.home.vault.ids()) == keys
    assert told.events()[-1] == Event.REVIEW_CLOSED


def registrar(told: Story) -> Person:
    return directory.add(told.home, told.ben, "fay", story.password("fay"), [Role.REGISTRAR], work=story.LIGHT)


ENTRY = RegisterEntry(name="Frances Okonkwo", contact="07700 900123")


def test_the_register_is_sealed_and_each_reading_is_logged(told: Story) -> None:
    fay = registrar(told)
    reviews.add_participant(told.home, told.ana, REVIEW, "Nurse 1", "Health", ENTRY)
    reviews.add_participant(told.home, told.ana, REVIEW, "Nurse 2", "Health")
    found = dict(reviews.read_register(told.home, fay, REVIEW))
    assert (found["Nurse 1"], found["Nurse 2"]) == (ENTRY, None)
    assert (told.log()[-1].event, told.log()[-1].actor) == (Event.REGISTER_READ, "fay")
    told.home.close()
    bodies = b"".join(path.read_bytes() for path in told.home.folder.rglob("*") if path.is_file())
    assert b"Okonkwo" not in bodies and b"900123" not in bodies
    assert b"Nurse 1" in bodies, "the look must see what lies open"


def test_a_participant_is_changed_and_taken_out(told: Story) -> None:
    fay = registrar(told)
    reviews.add_participant(told.home, told.ana, REVIEW, "Nurse 1", "Health")
    reviews.change_participant(told.home, told.ana, REVIEW, "Nurse 1", agency="A hospital")
    reviews.change_participant(told.home, fay, REVIEW, "Nurse 1", register=ENTRY)
    assert dict(reviews.read_register(told.home, fay, REVIEW))["Nurse 1"] == ENTRY
    reviews.remove_participant(told.home, told.ana, REVIEW, "Nurse 1")
    assert told.events()[-1] == Event.PARTICIPANT_REMOVED
    with pytest.raises(UnknownPosition):
        reviews.change_participant(told.home, told.ana, REVIEW, "Nurse 1", agency="x")
    with pytest.raises(HasConversations):
        reviews.remove_participant(told.home, told.ana, REVIEW, POSITIONS[0])


def test_only_a_registrar_sees_or_changes_who_somebody_is(told: Story) -> None:
    before = told.events()
    for person in (told.ana, told.ben, told.dora):
        with pytest.raises(NotAllowed, match="registrar"):
            reviews.read_register(told.home, person, REVIEW)
        with pytest.raises(NotAllowed):
            reviews.change_participant(told.home, person, REVIEW, POSITIONS[0], register=ENTRY)
    assert told.events() == before


def test_who_may_not_plan_or_create(told: Story) -> None:
    keys = dict(told.home.vault.ids())
    for act in (
        lambda: reviews.create_review(told.home, told.dora, "LT-2", schedule=SCHEDULE, codebook=codebook()),
        lambda: reviews.close_review(told.home, told.dora, REVIEW),
        lambda: reviews.add_participant(told.home, told.dora, REVIEW, "Nurse 1", "Health"),
        lambda: reviews.plan_conversation(told.home, told.dora, REVIEW, POSITIONS[0], interviewer="Lead", on=None),
    ):
        with pytest.raises(NotAllowed):
            act()
    assert dict(told.home.vault.ids()) == keys


def test_a_conversation_is_found_however_it_is_typed(told: Story) -> None:
    with told.home.reading() as session:
        assert reviews.find_conversation(session, FIRST.lower()).reference == FIRST
        with pytest.raises(UnknownConversation):
            reviews.find_conversation(session, "C-999")
