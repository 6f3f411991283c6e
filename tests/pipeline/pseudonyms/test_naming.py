"""Names: decided once for a whole review, kept under a key of their own, replaced in every document."""

import hashlib
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from access.roles import NotAllowed
from pipeline import contents
from pipeline.history import BuiltUpon
from pipeline.pseudonyms import naming
from pipeline.pseudonyms.candidates import NoCandidate
from pipeline.pseudonyms.dates import Shift
from pipeline.pseudonyms.names import DateUnusable, Kind, ReplacementNames, Term, TermTaken, TermUnusable
from pipeline.pseudonyms.naming import Decision, Is, New, NotAName, UnknownTerm
from pipeline.reviews import ConversationGone, UnknownReview, find_conversation
from pipeline.transcripts import reviewing
from retention import destroy
from storage.errors import CandourError
from storage.log.log import Event
from storage.models import NameDecision, State
from tests import story, undoing
from tests.story import FIRST, OTHER, REVIEW, Stage, Story
from worker import local


@pytest.fixture
def told(tmp_path: Path) -> Story:
    """Reviewed; "Marlowe" waits for a decision."""
    return story.at(Stage.REVIEWED, tmp_path)


def handles(told: Story, reference: str = FIRST) -> list[str]:
    return [one.handle for one in naming.open_candidates(told.home, told.ana, reference)]


def preview(told: Story, reference: str = FIRST) -> list[str]:
    return [passage.text for passage in naming.preview(told.home, told.ana, reference).passages]


def add(told: Story, real: str, replacement: str, kind: Kind = Kind.PERSON) -> Term:
    return naming.add(told.home, told.ana, REVIEW, real, replacement=replacement, kind=kind)


def test_a_name_is_asked_about_once_however_often_it_stands(told: Story) -> None:
    (candidate,) = naming.open_candidates(told.home, told.ana, FIRST)
    assert (candidate.shown, [one.turn for one in candidate.occurrences]) == ("Marlowe", [1, 3])


def test_as_a_new_term_it_is_replaced_everywhere(told: Story) -> None:
    naming.decide(told.home, told.ana, FIRST, handles(told)[0], New(replacement="Boy", kind=Kind.FAMILY))
    assert handles(told) == []
    assert [text.count("[Boy]") for text in preview(told)] == [1, 0, 1]
    (term,) = naming.listed(told.home, told.ana, REVIEW)
    assert (term.id, term.real, term.replacement, term.kind) == ("T1", "Marlowe", "Boy", Kind.FAMILY)
    assert told.events()[-2:] == [Event.NAME_DECIDED, Event.TRANSCRIPT_PSEUDONYMISED]


def test_as_another_way_to_write_a_term_it_goes_under_that_term(told: Story) -> None:
    term = add(told, "Marlow Hughes", "Boy")
    naming.decide(told.home, told.ana, FIRST, handles(told)[0], Is(term=term.id))
    assert handles(told) == []
    (known,) = naming.listed(told.home, told.ana, REVIEW)
    assert known.also == ("Marlowe",)
    assert "[Boy]" in preview(told)[0]


def test_what_is_no_name_stays_and_is_not_asked_again_in_the_review(told: Story) -> None:
    naming.decide(told.home, told.ana, FIRST, handles(told)[0], NotAName())
    assert handles(told) == []
    assert "Marlowe" in preview(told)[0]
    assert local.work_once(told.home).transcribed == [OTHER]
    assert handles(told, OTHER) == [], "the other conversation says the same word"


def test_undecided_it_is_asked_in_each_conversation(told: Story) -> None:
    assert local.work_once(told.home).transcribed == [OTHER]
    assert len(handles(told, OTHER)) == 1, "the control of the one above"


REFUSED: list[tuple[Decision, type[CandourError]]] = [
    (Is(term="T9"), UnknownTerm),
    (New(replacement="  ", kind=Kind.PERSON), TermUnusable),
    (New(replacement="[Boy]", kind=Kind.PERSON), TermUnusable),
    (New(replacement="Marlowe's brother", kind=Kind.PERSON), ReplacementNames),
]


@pytest.mark.parametrize(("decision", "error"), REFUSED)
def test_a_decision_that_cannot_be_is_refused_and_changes_nothing(
    decision: Decision, error: type[CandourError], told: Story
) -> None:
    before = told.events(), handles(told), naming.listed(told.home, told.ana, REVIEW)
    with pytest.raises(error):
        naming.decide(told.home, told.ana, FIRST, handles(told)[0], decision)
    assert (told.events(), handles(told), naming.listed(told.home, told.ana, REVIEW)) == before


@pytest.mark.parametrize("handle", ["1.1", "99.1", "", "Marlowe"])
def test_what_is_no_candidate_is_said(handle: str, told: Story) -> None:
    with pytest.raises(NoCandidate):
        naming.decide(told.home, told.ana, FIRST, handle, NotAName())
    assert story.rows(told.home, NameDecision) == 0


def test_a_table_of_terms_is_added_whole_or_not_at_all(told: Story) -> None:
    entries = [("Marlowe", "Boy", Kind.FAMILY), ("Okafor", "GP 1", Kind.PERSON)]
    added = naming.add_all(told.home, told.ana, REVIEW, entries)
    assert [term.id for term in added] == ["T1", "T2"]
    before = told.events()
    with pytest.raises(TermTaken):
        naming.add_all(
            told.home, told.ana, REVIEW, [("Hartigan", "Teacher", Kind.PERSON), ("Okafor", "x", Kind.PERSON)]
        )
    assert [term.real for term in naming.listed(told.home, told.ana, REVIEW)] == ["Marlowe", "Okafor"]
    assert told.events() == before


def test_the_name_key_lies_sealed_and_a_decision_confirms_no_guess(told: Story) -> None:
    add(told, "Marlowe", "Boy")
    reviewing.correct(told.home, told.ana, FIRST, [2], text="We met in Eastmere.", speaker=None)
    story.decide(told, NotAName())
    assert story.rows(told.home, NameDecision) == 1
    told.home.close()
    bodies = b"".join(path.read_bytes() for path in told.home.folder.glob("candour.db*"))
    digest = hashlib.sha256(b"eastmere").hexdigest()
    assert not any(word in bodies for word in (b"Marlowe", b"Eastmere", b"eastmere", digest.encode()))
    assert b"Community health" in bodies, "the look must see what lies open"


def test_after_the_recording_is_gone_the_kept_document_is_shown(tmp_path: Path) -> None:
    told = story.at(Stage.SIGNED, tmp_path)
    kept = preview(told)
    destroy.carry_out(told.home, 1)
    assert preview(told) == kept
    with pytest.raises(ConversationGone):
        handles(told)


def test_a_term_for_others_does_not_touch_what_is_signed_or_gone(tmp_path: Path) -> None:
    told = story.at(Stage.SIGNED, tmp_path)
    digest = told.conversation().document_digest
    add(told, "Nobody", "Somebody")
    assert told.conversation().document_digest == digest
    destroy.carry_out(told.home, 1)
    add(told, "Meeting", "Gathering")
    assert told.conversation().document_digest == digest


def everything(told: Story) -> object:
    return naming.key_of(told.home, told.ana, REVIEW), handles(told), preview(told), told.conversation().state


def test_every_act_on_names_is_taken_back_and_done_again_by_another_process(told: Story) -> None:
    reviewing.correct(told.home, told.ana, FIRST, [2], text="We met in Eastmere on 3 June 2021.", speaker=None)
    home, ana = told.home, told.ana
    entries = [("Okafor", "GP 1", Kind.PERSON), ("Hartigan", "Teacher", Kind.PERSON)]
    acts: list[Callable[[], object]] = [
        lambda: naming.add_all(home, ana, REVIEW, entries),
        lambda: naming.decide(home, ana, FIRST, handles(told)[0], New(replacement="Boy", kind=Kind.FAMILY)),
        lambda: naming.change(home, ana, REVIEW, "T3", replacement="Child 1", also=("Marlow",)),
        lambda: naming.decide(home, ana, FIRST, handles(told)[0], NotAName()),
        lambda: naming.remove(home, ana, REVIEW, "T1"),
        lambda: naming.shift_dates(home, ana, REVIEW, 5),
        lambda: naming.relate_dates(home, ana, REVIEW, date(2021, 6, 1), "the birth"),
    ]
    undoing.back_and_again(
        told,
        acts,
        everything,
        lambda told: naming.undo(told.home, told.ana, REVIEW),
        lambda told: naming.redo(told.home, told.ana, REVIEW),
    )


def test_what_another_has_changed_since_is_not_taken_back(told: Story) -> None:
    add(told, "Okafor", "GP 1")
    naming.change(told.home, told.cara, REVIEW, "T1", replacement="GP 2")
    with pytest.raises(BuiltUpon):
        naming.undo(told.home, told.ana, REVIEW)
    naming.undo(told.home, told.cara, REVIEW)
    naming.undo(told.home, told.ana, REVIEW)
    assert naming.listed(told.home, told.ana, REVIEW) == ()


def test_the_way_of_dates_is_sealed_and_drawn(told: Story) -> None:
    drawn = set()
    for _ in range(12):
        naming.shift_dates(told.home, told.ana, REVIEW)
        dates = naming.key_of(told.home, told.ana, REVIEW).dates
        assert isinstance(dates, Shift) and 4 <= abs(dates.weeks) <= 26
        drawn.add(dates.weeks)
    assert len(drawn) > 1
    with pytest.raises(DateUnusable):
        naming.relate_dates(told.home, told.ana, REVIEW, date(2021, 6, 1), " ")


def test_both_ways_the_marks_say_what_stands_for_what(told: Story) -> None:
    add(told, "Marlower", "Boy")
    (mark,) = naming.both_ways(told.home, told.ana, FIRST)[0].shown.marks
    assert (mark.term, mark.exact) == ("T1", False)


@pytest.mark.parametrize("name", ["ben", "dora"])
def test_who_may_neither_see_nor_decide(name: str, told: Story) -> None:
    person = getattr(told, name)
    for act in (
        lambda: naming.preview(told.home, person, FIRST),
        lambda: naming.listed(told.home, person, REVIEW),
        lambda: naming.open_candidates(told.home, person, FIRST),
        lambda: naming.add(told.home, person, REVIEW, "Okafor", replacement="GP", kind=Kind.PERSON),
        lambda: naming.decide(told.home, person, FIRST, "1.3", NotAName()),
    ):
        with pytest.raises(NotAllowed):
            act()


def test_what_is_not_there_is_said(told: Story) -> None:
    with pytest.raises(UnknownReview):
        naming.listed(told.home, told.ana, "LT-9")


def test_the_document_is_made_from_the_key_as_it_stands(told: Story) -> None:
    story.decide(told, New(replacement="Boy", kind=Kind.FAMILY))
    with told.home.reading() as session:
        conversation = find_conversation(session, FIRST)
        stored = contents.document(told.home, conversation)
        assert stored == contents.pseudonymised(told.home, session, conversation)
    assert stored.position == story.POSITIONS[0]


def test_whether_anything_is_undecided_is_told_without_finding_all_of_it(told: Story) -> None:
    def look() -> tuple[bool, int]:
        with told.home.reading() as session:
            one = find_conversation(session, FIRST)
            found = contents.undecided(told.home, session, one)
            return contents.has_undecided(told.home, session, one), len(found)

    assert look() == (True, 1)
    naming.decide(told.home, told.ana, FIRST, handles(told)[0], NotAName())
    assert look() == (False, 0)
    reviewing.correct(told.home, told.ana, FIRST, [2], text="We met Marlowe and Tyrone.", speaker=None)
    assert look() == (True, 1)
    add(told, "Tyrone", "Boy")
    assert look() == (False, 0)


def test_what_is_no_name_lets_other_conversations_go_on_too(told: Story) -> None:
    local.work_once(told.home)
    reviewing.correct(told.home, told.ana, OTHER, [1], text="We told Marlowe about it.", speaker=None)
    reviewing.hear(told.home, told.ana, OTHER, [])
    reviewing.resolve(told.home, told.ana, OTHER, [])
    naming.decide(told.home, told.ana, FIRST, handles(told)[0], NotAName())
    assert {told.conversation(one).state for one in (FIRST, OTHER)} == {State.PSEUDONYMISED}
    naming.reopen(told.home, told.ana, FIRST, naming.settled_candidates(told.home, told.ana, FIRST)[0].handle)
    assert {told.conversation(one).state for one in (FIRST, OTHER)} == {State.REVIEWED}
