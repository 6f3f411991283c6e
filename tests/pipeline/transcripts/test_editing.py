"""Edits are sealed, attributed, refused when they would overwrite, and taken back after a restart."""

from pathlib import Path

import pytest

from access.roles import NotAllowed
from pipeline.transcripts import editing, reviewing
from pipeline.transcripts.corrections import NoSuchTurn, NothingToMerge
from pipeline.transcripts.editing import Stale, UnknownNote
from pipeline.transcripts.searching import NothingSought
from pipeline.transcripts.transcript import Span, Speaker
from pipeline.transcripts.undoing import BuiltUpon
from storage.log.log import Event
from storage.models import Correction
from tests import story
from tests.story import FIRST, OTHER, SAID, Stage, Story


@pytest.fixture
def told(tmp_path: Path) -> Story:
    return story.at(Stage.TRANSCRIBED, tmp_path)


def lines(told: Story) -> list[tuple[int, str]]:
    return [(turn.number, turn.text) for turn in reviewing.read(told.home, told.ana, FIRST).turns]


def test_a_stale_save_is_refused_and_both_texts_are_there(told: Story) -> None:
    seen = reviewing.read(told.home, told.ana, FIRST).transcript.version
    theirs = editing.rewrite(told.home, told.cara, FIRST, 2, "Theirs.", base=seen)
    with pytest.raises(Stale) as refused:
        editing.rewrite(told.home, told.ana, FIRST, 2, "Mine.", base=seen)
    assert (refused.value.standing.turn.text, refused.value.standing.version) == ("Theirs.", theirs.transcript.version)
    assert "Theirs" not in str(refused.value) and "Theirs" not in repr(refused.value.fields)
    assert lines(told)[1] == (2, "Theirs.")
    editing.rewrite(told.home, told.ana, FIRST, 3, "Another turn is free.", base=seen)
    editing.rewrite(told.home, told.ana, FIRST, 2, "Mine.", base=refused.value.standing.version)
    assert [text for _, text in lines(told)] == [SAID, "Mine.", "Another turn is free."]


def test_typing_is_one_step_however_often_it_is_saved(told: Story) -> None:
    version, entries = 0, len(told.log())
    for text in ("N", "No", "Nobody", "Nobody came."):
        saved = editing.rewrite(told.home, told.ana, FIRST, 2, text, base=version, typing=True)
        assert saved.transcript.version > version
        version = saved.transcript.version
    assert story.rows(told.home, Correction) == 1
    assert len(told.log()) == entries + 1
    with pytest.raises(Stale):
        editing.rewrite(told.home, told.cara, FIRST, 2, "Other.", base=version - 1)
    editing.undo(told.home, told.ana, FIRST)
    assert lines(told)[1] == (2, SAID)
    editing.redo(told.home, told.ana, FIRST)
    assert lines(told)[1] == (2, "Nobody came.")


def test_typing_goes_on_only_where_nothing_came_between(told: Story) -> None:
    first = editing.rewrite(told.home, told.ana, FIRST, 2, "One", base=0, typing=True).transcript.version
    editing.check(told.home, told.cara, FIRST, [1])
    editing.rewrite(told.home, told.ana, FIRST, 2, "One two", base=first, typing=True)
    editing.rewrite(told.home, told.ana, FIRST, 3, "Three", base=first + 2, typing=True)
    assert story.rows(told.home, Correction) == 4


def test_a_save_that_changes_nothing_is_no_correction(told: Story) -> None:
    assert editing.rewrite(told.home, told.ana, FIRST, 2, SAID).turns == frozenset()
    assert editing.swap(told.home, told.ana, FIRST).turns == frozenset()
    assert story.rows(told.home, Correction) == 0


def test_cut_merge_and_back_after_a_restart(told: Story) -> None:
    saved = editing.split(told.home, told.ana, FIRST, 2, len("We told"), speaker=Speaker.INTERVIEWER)
    assert [(one.turn.number, one.turn.text) for one in saved.standing] == [
        (2, "We told"), (4, "Marlowe about it twice."),
    ]  # fmt: skip
    editing.merge(told.home, told.ana, FIRST, 1)
    assert lines(told) == [(1, f"{SAID} We told"), (4, "Marlowe about it twice."), (3, SAID)]
    again = told.again()
    assert editing.undo(again.home, again.ana, FIRST).turns == {1, 2}
    editing.undo(again.home, again.ana, FIRST)
    assert lines(again) == [(1, SAID), (2, SAID), (3, SAID)]
    for _ in range(2):
        editing.redo(again.home, again.ana, FIRST)
    assert len(lines(again)) == 3
    with pytest.raises(NothingToMerge):
        editing.merge(again.home, again.ana, FIRST, 3)


def test_swap_and_assign_are_one_step(told: Story) -> None:
    editing.assign(told.home, told.ana, FIRST, {1: Speaker.INTERVIEWER, 2: Speaker.PARTICIPANT})
    editing.swap(told.home, told.ana, FIRST, {3: Speaker.INTERVIEWER})
    who = [turn.speaker for turn in reviewing.read(told.home, told.ana, FIRST).turns]
    assert who == [Speaker.PARTICIPANT, Speaker.INTERVIEWER, Speaker.INTERVIEWER]
    editing.undo(told.home, told.ana, FIRST)
    who = [turn.speaker for turn in reviewing.read(told.home, told.ana, FIRST).turns]
    assert who == [Speaker.INTERVIEWER, Speaker.PARTICIPANT, Speaker.UNKNOWN]


def test_find_and_replace_with_a_look_before_and_one_step_back(told: Story) -> None:
    found = editing.find(told.home, told.ana, FIRST, "marlowe")
    assert [(hit.turn, hit.before, hit.text, hit.after) for hit in found.hits] == [
        (turn, "We told ", "Marlowe", " about it twice.") for turn in (1, 2, 3)
    ]
    assert editing.find(told.home, told.ana, FIRST, "marlowe", case=True).hits == ()
    assert editing.find(told.home, told.ana, FIRST, "marl").hits == ()
    assert len(editing.find(told.home, told.ana, FIRST, "marl", whole=False).hits) == 3
    with pytest.raises(NothingSought):
        editing.find(told.home, told.ana, FIRST, " . ")
    editing.replace(told.home, told.ana, FIRST, found.hits[1:], "Marlow", base=found.version)
    assert [text for _, text in lines(told)] == [SAID, *["We told Marlow about it twice."] * 2]
    with pytest.raises(Stale):
        editing.replace(told.home, told.ana, FIRST, found.hits, "Marlow", base=found.version)
    editing.undo(told.home, told.ana, FIRST)
    assert [text for _, text in lines(told)] == [SAID] * 3
    assert reviewing.read(told.home, told.ana, FIRST).heard == frozenset(), "replacing is no listening"


def test_checks_notes_and_what_another_built_upon(told: Story) -> None:
    editing.check(told.home, told.ana, FIRST, [1, 2])
    one = reviewing.read(told.home, told.ana, FIRST).transcript.find(1)
    assert one.checked is not None and one.checked.author == "ana"
    editing.rewrite(told.home, told.cara, FIRST, 1, "Otherwise.")
    with pytest.raises(Stale):
        editing.check(told.home, told.ana, FIRST, [1], base=1)
    editing.note(told.home, told.ana, FIRST, 1, " Ask for the date. ")
    (remark,) = reviewing.read(told.home, told.cara, FIRST).transcript.find(1).notes
    editing.note(told.home, told.cara, FIRST, 1, "Asked.", of=remark.number)
    (remark,) = reviewing.read(told.home, told.ana, FIRST).transcript.find(1).notes
    assert (remark.author, remark.text) == ("cara", "Asked.")
    with pytest.raises(UnknownNote, match="no note 77"):
        editing.note(told.home, told.ana, FIRST, 1, "x", of=77)
    with pytest.raises(NoSuchTurn):
        editing.note(told.home, told.ana, FIRST, 77, "x")
    editing.assign(told.home, told.ana, FIRST, {1: Speaker.INTERVIEWER})
    editing.undo(told.home, told.cara, FIRST)
    with pytest.raises(BuiltUpon, match="ana"):
        editing.undo(told.home, told.cara, FIRST)


def test_the_history_shows_who_did_what_and_the_difference_to_the_machine(told: Story) -> None:
    editing.rewrite(told.home, told.ana, FIRST, 2, "We told Marlow about it.")
    editing.rewrite(told.home, told.cara, FIRST, 2, "We told Marlow twice.")
    found = reviewing.history(told.home, told.ana, FIRST, 2)
    assert [(step.author, step.text) for step in found.steps] == [
        ("ana", "We told Marlow about it."), ("cara", "We told Marlow twice."),
    ]  # fmt: skip
    assert [(piece.old, piece.new) for piece in found.difference if not piece.same] == [("Marlowe about it", "Marlow")]


def test_what_was_played_counts_as_the_union_for_everybody(told: Story) -> None:
    first, second, _ = reviewing.read(told.home, told.ana, FIRST).turns
    middle = (first.start + first.end) / 2
    reviewing.played(told.home, told.ana, FIRST, [Span(start=0, end=middle), Span(start=0, end=1)])
    assert reviewing.read(told.home, told.ana, FIRST).heard == frozenset()
    found = reviewing.played(told.home, told.cara, FIRST, [Span(start=middle - 0.1, end=first.end)])
    assert found.heard == {1}
    assert {one.person: len(one.played) for one in found.listened} == {"ana": 1, "cara": 1}
    assert 0 < found.share < 1
    editing.merge(told.home, told.ana, FIRST, 1)
    assert reviewing.read(told.home, told.ana, FIRST).heard == frozenset()
    found = reviewing.played(told.home, told.ana, FIRST, [Span(start=second.start, end=second.end)])
    assert found.heard == {1}, "the turn that holds both"
    assert [entry.event for entry in told.log()].count(Event.TRANSCRIPT_HEARD) == 2, "once for each person"


def test_a_waiver_is_taken_back_like_a_correction(told: Story) -> None:
    reviewing.waive(told.home, told.ana, FIRST, [], "A recorded announcement.")
    assert reviewing.read(told.home, told.ana, FIRST).heard == {1, 2, 3}
    editing.undo(told.home, told.ana, FIRST)
    assert reviewing.read(told.home, told.ana, FIRST).heard == frozenset()


def test_who_may_not_edit_changes_nothing(told: Story) -> None:
    before = told.events()
    for act in (
        lambda: editing.rewrite(told.home, told.ben, FIRST, 1, "No."),
        lambda: editing.split(told.home, told.ben, FIRST, 1, 3),
        lambda: editing.find(told.home, told.ben, FIRST, "told"),
        lambda: editing.redo(told.home, told.ben, FIRST),
        lambda: reviewing.played(told.home, told.ben, FIRST, [Span(start=0, end=1)]),
        lambda: reviewing.waive(told.home, told.ben, FIRST, [], "No."),
        lambda: reviewing.history(told.home, told.ben, FIRST, 1),
    ):
        with pytest.raises(NotAllowed):
            act()
    assert told.events() == before


def test_a_conversation_without_a_draft_cannot_be_edited(told: Story) -> None:
    with pytest.raises(Exception, match="no draft yet"):
        editing.rewrite(told.home, told.ana, OTHER, 1, "No.")
