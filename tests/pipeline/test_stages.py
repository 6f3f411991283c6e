"""Conditions are met one by one, a conversation moves with them and back, and each says what to do next."""

import re
from collections.abc import Sequence
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import insert, update

import cli
from pipeline import contents, stages
from pipeline.codes import extracting
from pipeline.codes.coding import Fault
from pipeline.pseudonyms import naming
from pipeline.pseudonyms.names import Kind
from pipeline.pseudonyms.naming import New, NotAName
from pipeline.reviews import find_conversation
from pipeline.stages import Frozen
from pipeline.transcripts import editing, reviewing
from pipeline.transcripts.transcript import Speaker
from retention import approvals
from storage.log.log import Event
from storage.models import Conversation, Doubt, Incident, Recording, State, Window
from tests import story
from tests.story import CORRECTED, FIRST, OTHER, Stage, Story

NAMES = ["audio", "damage", "doubts", "heard", "names", "extracts"]


def conditions(told: Story, reference: str = FIRST) -> dict[str, str]:
    """What is to do by condition; empty where it is met."""
    with told.home.reading() as session:
        found = stages.conditions(told.home, session, find_conversation(session, reference))
    assert [one.name for one in found] == NAMES
    assert all(one.met is (one.todo == "") for one in found)
    return {one.name: one.todo for one in found if not one.met}


def state(told: Story) -> State:
    return told.conversation().state


def due(told: Story, attempts: int = 3) -> list[str]:
    with told.home.reading() as session:
        return [work.reference for work in stages.due(session, attempts)]


@pytest.mark.parametrize(
    ("stage", "open_conditions", "standing"),
    [
        (Stage.PLANNED, ["audio", "heard", "names", "extracts"], State.PLANNED),
        (Stage.RECORDED, ["audio", "heard", "names", "extracts"], State.RECORDED),
        (Stage.TRANSCRIBED, ["doubts", "heard", "names", "extracts"], State.TRANSCRIBED),
        (Stage.REVIEWED, ["names", "extracts"], State.REVIEWED),
        (Stage.NAMED, ["extracts"], State.PSEUDONYMISED),
        (Stage.CODED, [], State.CODED),
        (Stage.SIGNED, [], State.SIGNED_OFF),
    ],
)
def test_the_way_forward(stage: Stage, open_conditions: list[str], standing: State, tmp_path: Path) -> None:
    told = story.at(stage, tmp_path)
    assert list(conditions(told)) == open_conditions
    assert state(told) is standing


def test_each_step_is_logged_once_by_who_met_its_last_condition(tmp_path: Path) -> None:
    steps = (Event.TRANSCRIPT_REVIEWED, Event.TRANSCRIPT_PSEUDONYMISED, Event.CODING_FINISHED)
    entries = [(entry.event, entry.actor) for entry in story.at(Stage.CODED, tmp_path).log() if entry.event in steps]
    assert entries == [(step, "ana") for step in steps]


@pytest.mark.parametrize("stage", [Stage.RECORDED, Stage.TRANSCRIBED, Stage.REVIEWED, Stage.NAMED])
def test_what_to_do_next_names_the_conversation_and_a_command_there_is(stage: Stage, tmp_path: Path) -> None:
    told = story.at(stage, tmp_path)
    story.change(told.home, insert(Incident).values(id=uuid4(), conversation_id=told.conversation().id, start=0, end=1))
    for todo in conditions(told).values():
        for command in re.findall(r"`candour ([^`]+)`", todo):
            words = [word for word in command.split() if not word.startswith("-") and word != FIRST]
            assert known(words), command
            assert FIRST in command or command in {"work --once", "doctor"}


def known(words: Sequence[str]) -> bool:
    """Whether the command line has this command."""
    group = cli.main
    for word in words:
        found = group.get_command(None, word) if hasattr(group, "get_command") else None  # type: ignore[arg-type]
        if found is None:
            return False
        group = found  # type: ignore[assignment]
    return True


def test_the_look_at_commands_tells_them_apart() -> None:
    assert known(["doubts", "list"])
    assert not known(["doubts", "lits"])
    assert not known(["nothing"])


@pytest.mark.parametrize("column", [Window.silence, Window.transcribed])
def test_a_second_that_is_not_accounted_for_is_seen(column: object, tmp_path: Path) -> None:
    told = story.at(Stage.CODED, tmp_path)
    story.change(told.home, update(Window).values({column: column + 1.0}))  # type: ignore[operator]
    assert list(conditions(told)) == ["audio"]
    assert "doctor" in conditions(told)["audio"]


def test_a_longer_recording_than_what_was_heard_is_seen(tmp_path: Path) -> None:
    told = story.at(Stage.CODED, tmp_path)
    story.change(told.home, update(Recording).values(duration=Recording.duration + 1.0))
    assert list(conditions(told)) == ["audio"]


def test_damage_waits_for_a_person(tmp_path: Path) -> None:
    told = story.at(Stage.CODED, tmp_path)
    story.change(told.home, insert(Incident).values(id=uuid4(), conversation_id=told.conversation().id, start=0, end=1))
    assert list(conditions(told)) == ["damage"]
    reviewing.hear(told.home, told.ana, FIRST, [])
    assert state(told) is State.TRANSCRIBED
    assert reviewing.acknowledge_damage(told.home, told.ana, FIRST) == 1
    assert (conditions(told), state(told)) == ({}, State.CODED)


def test_a_doubt_that_is_open_again_takes_it_back(tmp_path: Path) -> None:
    told = story.at(Stage.CODED, tmp_path)
    story.change(told.home, update(Doubt).where(Doubt.number == 1).values(resolved_by=None))
    assert conditions(told)["doubts"].startswith("1 doubt")
    reviewing.hear(told.home, told.ana, FIRST, [])
    assert state(told) is State.TRANSCRIBED


def test_a_name_in_a_correction_takes_it_back_until_it_is_decided(tmp_path: Path) -> None:
    told = story.at(Stage.CODED, tmp_path)
    reviewing.correct(told.home, told.ana, FIRST, [3], text="Then we rang Hartigan.", speaker=None)
    assert list(conditions(told)) == ["names"]
    assert state(told) is State.REVIEWED
    assert "Hartigan" not in text(told), "the document waits for the decision"
    story.decide(told, New(replacement="GP 1", kind=Kind.PERSON))
    assert state(told) is State.CODED
    assert "Then we rang [GP 1]." in text(told)


def test_a_step_back_is_logged_with_from_and_to(tmp_path: Path) -> None:
    told = story.at(Stage.CODED, tmp_path)
    assert Event.CONVERSATION_STEPPED_BACK not in told.events()
    reviewing.correct(told.home, told.ana, FIRST, [3], text="Then we rang Hartigan.", speaker=None)
    (entry,) = [one for one in told.log() if one.event == Event.CONVERSATION_STEPPED_BACK]
    assert (entry.actor, entry.obj) == ("ana", (str(told.conversation().id),))
    assert entry.detail == {"from": "coded", "to": "reviewed"}
    story.decide(told, New(replacement="GP 1", kind=Kind.PERSON))
    assert told.events().count(Event.CONVERSATION_STEPPED_BACK) == 1, "the way forward is none back"


def text(told: Story) -> str:
    with told.home.reading() as session:
        document = contents.document(told.home, find_conversation(session, FIRST))
    assert document is not None
    return "\n".join(passage.text for passage in document.passages)


def faults(told: Story) -> dict[int, tuple[str, ...]]:
    return {number: problems for number, _, problems in extracting.listed(told.home, told.ana, FIRST)}


def test_a_correction_elsewhere_moves_extracts_with_their_words(tmp_path: Path) -> None:
    told = story.at(Stage.CODED, tmp_path)
    reviewing.correct(told.home, told.ana, FIRST, [1], text="Yes. We told Marlowe about it once.", speaker=None)
    assert faults(told) == {1: (), 2: ()}
    first = extracting.listed(told.home, told.ana, FIRST)[0][1]
    assert (first.quote, first.anchor.first_char) == ("told [Boy] about it", len("Yes. We "))
    assert state(told) is State.CODED


def test_an_extract_whose_words_changed_is_listed_and_stops_it(tmp_path: Path) -> None:
    told = story.at(Stage.CODED, tmp_path)
    reviewing.correct(told.home, told.ana, FIRST, [2], text="Somebody came to the meeting.", speaker=None)
    assert faults(told) == {1: (), 2: (Fault.MOVED.value,)}
    assert conditions(told) == {"extracts": f"1 extract to mend: `candour extract list {FIRST}`"}
    assert state(told) is State.PSEUDONYMISED
    extracting.remove(told.home, told.ana, FIRST, 2)
    assert state(told) is State.CODED
    extracting.restore(told.home, told.ana, FIRST, 2)
    assert state(told) is State.PSEUDONYMISED
    editing.undo(told.home, told.ana, FIRST)
    assert (faults(told), state(told)) == ({1: (), 2: ()}, State.CODED)
    assert CORRECTED in text(told)


def test_a_new_term_goes_into_every_document_of_the_review(tmp_path: Path) -> None:
    told = story.at(Stage.CODED, tmp_path)
    naming.add(told.home, told.ana, story.REVIEW, "meeting", replacement="place", kind=Kind.PLACE)
    assert "Nobody came to the [place]." in text(told)
    assert faults(told) == {1: (), 2: ()}
    assert extracting.listed(told.home, told.ana, FIRST)[1][1].quote == "Nobody came to the [place]."
    assert state(told) is State.CODED


def test_what_is_decided_to_be_no_name_stays(tmp_path: Path) -> None:
    told = story.at(Stage.REVIEWED, tmp_path)
    story.decide(told, NotAName())
    assert state(told) is State.PSEUDONYMISED
    assert "Marlowe" in text(told)


def test_the_last_extract_gone_takes_it_back(tmp_path: Path) -> None:
    told = story.at(Stage.CODED, tmp_path)
    for number in (1, 2):
        extracting.remove(told.home, told.ana, FIRST, number)
    assert state(told) is State.PSEUDONYMISED
    assert "extract add" in conditions(told)["extracts"]


def test_nothing_moves_after_a_signature(tmp_path: Path) -> None:
    told = story.at(Stage.EXPORTED, tmp_path)
    approvals.sign_off(told.home, told.ben, story.password("ben"), FIRST)
    before, words = told.events(), text(told)
    home, ana = told.home, told.ana
    for act in (
        lambda: reviewing.correct(home, ana, FIRST, [1], text="No.", speaker=None),
        lambda: reviewing.correct(home, ana, FIRST, [1], text=None, speaker=Speaker.UNKNOWN),
        lambda: editing.swap(home, ana, FIRST),
        lambda: editing.undo(home, ana, FIRST),
        lambda: reviewing.hear(home, ana, FIRST, []),
        lambda: reviewing.resolve(home, ana, FIRST, []),
        lambda: reviewing.acknowledge_damage(home, ana, FIRST),
        lambda: naming.decide(home, ana, FIRST, "1.1", NotAName()),
        lambda: story.extract(told, "We", 1),
        lambda: extracting.remove(home, ana, FIRST, 1),
        lambda: extracting.restore(home, ana, FIRST, 1),
    ):
        with pytest.raises(Frozen, match="take-back"):
            act()
    assert (told.events(), text(told)) == (before, words)
    naming.add(home, ana, story.REVIEW, "meeting", replacement="place", kind=Kind.PLACE)
    assert text(told) == words, "a term for others leaves alone what is signed"
    approvals.take_back(home, ana, story.password("ana"), FIRST)
    reviewing.correct(home, ana, FIRST, [1], text="No.", speaker=None)


def test_what_waits_to_be_transcribed(tmp_path: Path) -> None:
    told = story.at(Stage.TRANSCRIBED, tmp_path)
    assert due(told) == [OTHER]
    other = update(Conversation).where(Conversation.reference == OTHER)
    story.change(told.home, other.values(runs=2))
    assert (due(told, 3), due(told, 2)) == ([OTHER], [])
    story.change(told.home, other.values(runs=0, quarantined=True))
    assert due(told) == []
    story.change(told.home, other.values(quarantined=False, state=State.WITHDRAWN))
    assert due(told) == []


def test_the_oldest_recording_is_first(tmp_path: Path) -> None:
    told = story.at(Stage.RECORDED, tmp_path)
    first = told.conversation()
    story.change(
        told.home,
        update(Conversation)
        .where(Conversation.reference == OTHER)
        .values(state=State.RECORDED, state_at=first.created_at),
    )
    assert due(told) == [OTHER, FIRST]
