"""A person reviews: the draft never changes, and what was not listened to is not marked as heard."""

from pathlib import Path

import pytest
from sqlalchemy import insert

from access.roles import NotAllowed
from pipeline.contents import NoDraft
from pipeline.reviews import find_conversation, recording_key
from pipeline.transcripts import editing, reviewing
from pipeline.transcripts.corrections import NoSuchTurn
from pipeline.transcripts.reviewing import NoReason, UnknownDoubt
from pipeline.transcripts.transcript import Speaker
from pipeline.transcripts.undoing import NothingToUndo
from storage.log.log import Event
from storage.models import Correction, Incident
from storage.sealed import NotSealedHere, open_value
from tests import story
from tests.story import CORRECTED, FIRST, OTHER, SAID, Stage, Story


@pytest.fixture
def told(tmp_path: Path) -> Story:
    return story.at(Stage.TRANSCRIBED, tmp_path)


def texts(told: Story, *, machine: bool = False) -> list[str]:
    return [turn.text for turn in reviewing.read(told.home, told.ana, FIRST, machine=machine).turns]


def speakers(told: Story) -> list[Speaker]:
    return [turn.speaker for turn in reviewing.read(told.home, told.ana, FIRST).turns]


def heard(told: Story) -> set[int]:
    return set(reviewing.read(told.home, told.ana, FIRST).heard)


def test_a_correction_lies_over_the_draft(told: Story) -> None:
    (turn,) = reviewing.correct(told.home, told.ana, FIRST, [2], text=CORRECTED, speaker=Speaker.PARTICIPANT)
    assert (turn.text, turn.speaker) == (CORRECTED, Speaker.PARTICIPANT)
    assert texts(told) == [SAID, CORRECTED, SAID]
    assert texts(told, machine=True) == [SAID] * 3
    assert reviewing.read(told.home, told.ana, FIRST).corrected == {2}
    assert told.log()[-1].event == Event.TRANSCRIPT_CORRECTED


def test_the_latest_correction_counts_and_can_be_taken_back(told: Story) -> None:
    for text in ("One.", "Two."):
        reviewing.correct(told.home, told.ana, FIRST, [2], text=text, speaker=None)
    assert texts(told)[1] == "Two."
    assert editing.undo(told.home, told.ana, FIRST).turns == {2}
    assert texts(told)[1] == "One."
    editing.undo(told.home, told.ana, FIRST)
    assert texts(told) == [SAID] * 3
    with pytest.raises(NothingToUndo):
        editing.undo(told.home, told.ana, FIRST)


def test_who_wrote_a_turn_down_has_heard_it(told: Story) -> None:
    reviewing.correct(told.home, told.ana, FIRST, [2], text=CORRECTED, speaker=None)
    assert heard(told) == {2}


def test_saying_who_speaks_is_no_listening(told: Story) -> None:
    reviewing.correct(told.home, told.ana, FIRST, [1, 2, 3], text=None, speaker=Speaker.INTERVIEWER)
    editing.swap(told.home, told.ana, FIRST)
    assert heard(told) == set()


def test_speakers_are_exchanged_everywhere_in_one_step(told: Story) -> None:
    reviewing.correct(told.home, told.ana, FIRST, [1], text=None, speaker=Speaker.INTERVIEWER)
    reviewing.correct(told.home, told.ana, FIRST, [2], text=None, speaker=Speaker.PARTICIPANT)
    entries = len(told.log())
    editing.swap(told.home, told.ana, FIRST)
    assert speakers(told) == [Speaker.PARTICIPANT, Speaker.INTERVIEWER, Speaker.UNKNOWN]
    assert len(told.log()) == entries + 1
    editing.swap(told.home, told.ana, FIRST)
    assert speakers(told) == [Speaker.INTERVIEWER, Speaker.PARTICIPANT, Speaker.UNKNOWN]


def test_turns_are_marked_as_heard_once(told: Story) -> None:
    assert reviewing.hear(told.home, told.ana, FIRST, [1]) == 1
    assert reviewing.hear(told.home, told.cara, FIRST, [1, 2]) == 1
    assert heard(told) == {1, 2}
    assert reviewing.hear(told.home, told.ana, FIRST, []) == 1
    assert heard(told) == {1, 2, 3}
    assert (told.log()[-1].event, told.log()[-1].detail) == (Event.TRANSCRIPT_HEARD, {"turns": 1})


def test_a_waiver_keeps_its_reason_sealed(told: Story) -> None:
    assert reviewing.waive(told.home, told.ana, FIRST, [3], "A recorded announcement.") == 1
    with told.home.reading() as session:
        row = session.query(Correction).one()
        key = recording_key(told.home, find_conversation(session, FIRST))
    assert b"announcement" not in row.sealed
    assert b"A recorded announcement." in open_value(key, f"correction.sealed:{row.id}", row.sealed)
    with pytest.raises(NoReason):
        reviewing.waive(told.home, told.ana, FIRST, [2], "  ")
    assert heard(told) == {3}
    (waiver,) = reviewing.read(told.home, told.ana, FIRST).transcript.waivers
    assert (waiver[0].author, waiver[1].reason) == ("ana", "A recorded announcement.")


def test_doubts_are_shown_with_their_words_and_resolved_by_number(told: Story) -> None:
    found = reviewing.open_doubts(told.home, told.ana, FIRST)
    assert [number for number, _, _ in found] == [1, 2, 3]
    assert {words for _, _, words in found} == {SAID}
    assert reviewing.resolve(told.home, told.ana, FIRST, [2]) == 2
    assert [number for number, _, _ in reviewing.open_doubts(told.home, told.ana, FIRST)] == [1, 3]
    with pytest.raises(UnknownDoubt):
        reviewing.resolve(told.home, told.ana, FIRST, [1, 2])
    assert len(reviewing.open_doubts(told.home, told.ana, FIRST)) == 2, "all of the numbers or none"
    assert reviewing.resolve(told.home, told.ana, FIRST, []) == 0


def test_damage_is_acknowledged_once(told: Story) -> None:
    for start in (1, 2):
        values = {"conversation_id": told.conversation().id, "start": start, "end": start + 1}
        story.change(told.home, insert(Incident).values(**values))
    assert reviewing.acknowledge_damage(told.home, told.ana, FIRST) == 2
    assert reviewing.acknowledge_damage(told.home, told.ana, FIRST) == 0


@pytest.mark.parametrize("turns", [[4], [0], [1, 99]])
def test_a_turn_that_is_not_there_is_said_and_nothing_is_marked(turns: list[int], told: Story) -> None:
    before = told.events()
    with pytest.raises(NoSuchTurn):
        reviewing.correct(told.home, told.ana, FIRST, turns, text="No.", speaker=None)
    with pytest.raises(NoSuchTurn):
        reviewing.hear(told.home, told.ana, FIRST, turns)
    assert (told.events(), heard(told), texts(told)) == (before, set(), [SAID] * 3)


def test_before_there_is_a_draft_there_is_nothing_to_review(told: Story) -> None:
    for act in (
        lambda: reviewing.read(told.home, told.ana, OTHER),
        lambda: reviewing.correct(told.home, told.ana, OTHER, [1], text="No.", speaker=None),
        lambda: reviewing.hear(told.home, told.ana, OTHER, []),
        lambda: reviewing.resolve(told.home, told.ana, OTHER, []),
        lambda: reviewing.open_doubts(told.home, told.ana, OTHER),
    ):
        with pytest.raises(NoDraft):
            act()


@pytest.mark.parametrize("name", ["ben", "dora"])
def test_who_may_neither_read_nor_correct(name: str, told: Story) -> None:
    person = getattr(told, name)
    before = told.events()
    for act in (
        lambda: reviewing.read(told.home, person, FIRST),
        lambda: reviewing.open_doubts(told.home, person, FIRST),
        lambda: reviewing.correct(told.home, person, FIRST, [1], text="No.", speaker=None),
        lambda: editing.swap(told.home, person, FIRST),
        lambda: editing.undo(told.home, person, FIRST),
        lambda: reviewing.hear(told.home, person, FIRST, []),
        lambda: reviewing.resolve(told.home, person, FIRST, []),
        lambda: reviewing.acknowledge_damage(told.home, person, FIRST),
    ):
        with pytest.raises(NotAllowed):
            act()
    assert told.events() == before


def test_no_word_of_a_transcript_or_correction_lies_open(told: Story) -> None:
    reviewing.correct(told.home, told.ana, FIRST, [2], text="An unmistakable sentence.", speaker=None)
    told.home.close()
    bodies = b"".join(path.read_bytes() for path in told.home.folder.glob("candour.db*"))
    assert b"unmistakable" not in bodies and b"Marlowe" not in bodies
    assert b"Community health" in bodies, "the look must see what lies open"


def test_a_row_moved_to_another_place_does_not_open(told: Story) -> None:
    reviewing.correct(told.home, told.ana, FIRST, [2], text=CORRECTED, speaker=None)
    reviewing.correct(told.home, told.ana, FIRST, [3], text="Other.", speaker=None)
    with told.home.writing() as session:
        first, second = session.query(Correction).all()
        first.sealed, second.sealed = second.sealed, first.sealed
    with pytest.raises(NotSealedHere):
        reviewing.read(told.home, told.ana, FIRST)
