"""Decisions about what may leave: whose they are, how long they hold, and that none is needed for what was decided before."""

from pathlib import Path

import pytest

from access.roles import NotAllowed
from pipeline.codes import extracting
from pipeline.export.model import Profile
from pipeline.pseudonyms import disclosing, naming
from pipeline.pseudonyms.disclosing import NoReason, NothingConfirmed, NothingInTheWay, NothingOpen
from pipeline.pseudonyms.disclosure import NotFit
from pipeline.pseudonyms.names import GeneralUnusable, ReplacementNames
from pipeline.pseudonyms.naming import NotAName
from pipeline.reviews import find_conversation
from pipeline.transcripts import reviewing
from retention import destroy, withdrawal
from storage.log.log import Event
from storage.vault import KeyGone
from tests import story
from tests.story import CORRECTED, FIRST, REVIEW, Stage, Story


@pytest.fixture
def told(tmp_path: Path) -> Story:
    """Coded, with a place in it that names nobody and tells where it was."""
    made = story.at(Stage.CODED, tmp_path)
    reviewing.correct(made.home, made.ana, FIRST, [3], text="We met in Eastmere.", speaker=None)
    story.decide(made, NotAName())
    return made


def opens(told: Story, profile: Profile = Profile.PUBLIC) -> list[str]:
    with told.home.reading() as session:
        found = disclosing.still_open(told.home, session, find_conversation(session, FIRST), profile)
    return [one.reference.partition(":")[2] for one in found]


def clear(told: Story, profile: Profile) -> None:
    with told.home.reading() as session:
        conversation = find_conversation(session, FIRST)
        opens = disclosing.still_open(told.home, session, conversation, profile)
        disclosing.require_cleared(told.home, session, conversation, profile, opens)


def test_what_is_said_in_general_is_taken_back_with_the_names(told: Story) -> None:
    (at,) = opens(told)
    for shown, error in (("  ", GeneralUnusable), ("[town]", GeneralUnusable), ("Marlowe's town", ReplacementNames)):
        with pytest.raises(error):
            disclosing.generalise(told.home, told.ana, FIRST, at, shown)
    with pytest.raises(NothingOpen):
        disclosing.generalise(told.home, told.ana, FIRST, "99.9", "a town")
    assert disclosing.generalise(told.home, told.ana, FIRST, at, "a town") == 0
    naming.undo(told.home, told.ana, REVIEW)
    assert opens(told) == [at]


def test_a_confirmation_is_taken_back(told: Story) -> None:
    (at,) = opens(told)
    with pytest.raises(NothingConfirmed):
        disclosing.take_back(told.home, told.ben, FIRST, [at])
    assert disclosing.confirm(told.home, told.ben, FIRST, [at]) == 0
    assert told.log()[-1].event == Event.DISCLOSURE_CONFIRMED
    assert disclosing.take_back(told.home, told.ben, FIRST, [at]) == 1


def test_an_override_is_for_one_reader_and_for_what_is_there_now(told: Story) -> None:
    with pytest.raises(NoReason):
        disclosing.override(told.home, told.ben, FIRST, Profile.PUBLIC, " ")
    with pytest.raises(NothingInTheWay):
        disclosing.override(told.home, told.ben, FIRST, Profile.INTERNAL, "Why not?")
    assert disclosing.override(told.home, told.ben, FIRST, Profile.PUBLIC, "An unmistakable reason.") == 1
    entry = told.log()[-1]
    assert (entry.event, entry.actor, entry.detail["count"]) == (Event.DISCLOSURE_OVERRIDDEN, "ben", 1)
    clear(told, Profile.PUBLIC)
    (left,) = disclosing.left(told.home, told.ana, REVIEW)
    assert (left.what, left.profile, left.person, left.reason) == (
        "override",
        "public",
        "ben",
        "An unmistakable reason.",
    )
    extracting.add(told.home, told.ana, FIRST, codes=("a2",), quote=CORRECTED)
    with pytest.raises(NotFit):
        clear(told, Profile.PUBLIC)
    extracting.undo(told.home, told.ana, FIRST)
    clear(told, Profile.PUBLIC)
    told.home.close()
    bodies = b"".join(path.read_bytes() for path in told.home.folder.glob("candour.db*"))
    assert b"unmistakable" not in bodies
    assert b"Community health" in bodies, "the look must see what lies open"


def test_an_override_lets_an_undecided_name_pass_too_as_long_as_it_is_the_only_one(told: Story) -> None:
    reviewing.correct(told.home, told.ana, FIRST, [2], text="Nobody met Hartigan.", speaker=None)
    with pytest.raises(NotFit):
        clear(told, Profile.INTERNAL)
    disclosing.override(told.home, told.ben, FIRST, Profile.INTERNAL, "A court wants it today.")
    clear(told, Profile.INTERNAL)
    reviewing.correct(told.home, told.ana, FIRST, [2], text="Nobody met Hartigan or Quill.", speaker=None)
    with pytest.raises(NotFit):
        clear(told, Profile.INTERNAL)


def test_without_the_names_key_extracts_still_leave_but_not_for_the_public(tmp_path: Path) -> None:
    told = story.at(Stage.SIGNED, tmp_path)
    destroy.carry_out(told.home, 1)
    with told.home.vault.prepare({told.conversation().review.names_key}) as rotation:
        rotation.commit()
    for profile in (Profile.INTERNAL, Profile.PARTICIPANT):
        clear(told, profile)
    with pytest.raises(KeyGone):
        clear(told, Profile.PUBLIC)


def test_who_may_decide_what(told: Story) -> None:
    (at,) = opens(told)
    before = told.events()
    for act in (
        lambda: disclosing.confirm(told.home, told.ana, FIRST, [at]),
        lambda: disclosing.take_back(told.home, told.ana, FIRST, [at]),
        lambda: disclosing.override(told.home, told.ana, FIRST, Profile.PUBLIC, "x"),
        lambda: disclosing.generalise(told.home, told.ben, FIRST, at, "a town"),
        lambda: disclosing.left(told.home, told.dora, REVIEW),
    ):
        with pytest.raises(NotAllowed):
            act()
    assert told.events() == before


def test_after_a_withdrawal_the_rest_of_the_review_is_still_listed_without_the_reason(told: Story) -> None:
    disclosing.override(told.home, told.ben, FIRST, Profile.PUBLIC, "An unmistakable reason.")
    withdrawal.withdraw(told.home, told.ana, story.password("ana"), FIRST)
    (one,) = disclosing.left(told.home, told.ana, REVIEW)
    assert (one.what, one.conversation, one.reason) == ("override", FIRST, "")
