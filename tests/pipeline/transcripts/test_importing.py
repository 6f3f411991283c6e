"""A transcript made elsewhere is a draft like any other: sealed, corrected, signed off and destroyed."""

import io
from pathlib import Path

import pytest

import configs
from access.roles import NotAllowed
from pipeline import stages
from pipeline.codes import extracting
from pipeline.codes.codebook import parse as parse_codebook
from pipeline.pseudonyms import naming
from pipeline.pseudonyms.naming import NotAName
from pipeline.recording import intake
from pipeline.reviews import ConversationGone, find_conversation
from pipeline.transcripts import importing, reviewing
from pipeline.transcripts.importing import AlreadyTranscribed
from pipeline.transcripts.transcript import Speaker
from retention import approvals, destroy
from storage.log.log import Event
from storage.models import State
from tests import story
from tests.pipeline import media
from tests.story import FIRST, OTHER, PLANNED, Stage, Story
from worker import local

TEXT = b"I: What happened with the unmistakable marmalade?\nP: We told Marlowe about it twice.\n"
CAPTIONS = b"WEBVTT\n\n00:00.500 --> 00:02.500\nI: What happened?\n\n00:02.600 --> 00:03.900\nP: We told Marlowe.\n"


@pytest.fixture
def told(tmp_path: Path) -> Story:
    return story.at(Stage.TRANSCRIBED, tmp_path)


def read(told: Story, reference: str) -> list[tuple[Speaker, str]]:
    return [(turn.speaker, turn.text) for turn in reviewing.read(told.home, told.ana, reference).turns]


def test_looking_changes_nothing(told: Story) -> None:
    before = told.events()
    found = importing.look(told.home, told.ana, PLANNED, TEXT, {})
    assert found.tags == {"I": Speaker.INTERVIEWER, "P": Speaker.PARTICIPANT}
    assert (found.timed, found.recorded, found.problems) == (False, False, ())
    assert told.events() == before
    assert told.conversation(PLANNED).state is State.PLANNED


def test_without_a_recording_it_is_transcribed_at_once(told: Story) -> None:
    importing.adopt(told.home, told.ana, PLANNED, TEXT, {})
    assert told.conversation(PLANNED).state is State.TRANSCRIBED
    assert [speaker for speaker, _ in read(told, PLANNED)] == [Speaker.INTERVIEWER, Speaker.PARTICIPANT]
    entry = told.log()[-1]
    assert (entry.event, entry.detail) == (Event.TRANSCRIPT_DRAFTED, {"imported": "txt", "turns": 2})
    with told.home.reading() as session:
        open_now = [
            c.name for c in stages.conditions(told.home, session, find_conversation(session, PLANNED)) if not c.met
        ]
    assert "audio" not in open_now and "heard" in open_now
    told.home.close()
    bodies = b"".join(path.read_bytes() for path in told.home.folder.rglob("*") if path.is_file())
    assert b"unmistakable" not in bodies and b"marmalade" not in bodies
    assert b"Community health" in bodies, "the look must see what lies open"


def test_position_and_interviewer_are_known_and_tags_can_be_given(told: Story) -> None:
    position = told.conversation(PLANNED).participant.position
    found = importing.look(told.home, told.ana, PLANNED, f"Lead: Yes.\n{position}: No.\n".encode() * 2, {})
    assert list(found.tags.values()) == [Speaker.INTERVIEWER, Speaker.PARTICIPANT]
    found = importing.look(told.home, told.ana, PLANNED, b"Anna: Yes.\nBen: No.\n" * 2, {"Ben": Speaker.INTERVIEWER})
    assert found.tags == {"Anna": Speaker.PARTICIPANT, "Ben": Speaker.INTERVIEWER}


def test_a_tag_that_is_known_is_one_even_where_it_stands_once(told: Story) -> None:
    """It would be taken for words of whoever spoke before."""
    position = told.conversation(PLANNED).participant.position
    text = f"I: How was it?\n{position}: It was hard.\nI: And then?\nAnna: Then it stopped.\nI: Well: that is it.\n"
    found = importing.look(told.home, told.ana, PLANNED, text.encode(), {"Anna": Speaker.PARTICIPANT})
    assert found.tags == {"I": Speaker.INTERVIEWER, position: Speaker.PARTICIPANT, "Anna": Speaker.PARTICIPANT}
    assert [turn.text for turn in found.turns][-1] == "Well: that is it."


@pytest.mark.parametrize("body", [CAPTIONS, TEXT], ids=["with times", "without"])
def test_with_its_recording_the_worker_lays_it_over_the_sound(body: bytes, told: Story) -> None:
    importing.adopt(told.home, told.ana, OTHER, body, {})
    assert told.conversation(OTHER).state is State.RECORDED
    done = local.work_once(told.home)
    assert done.transcribed == [OTHER], done
    conversation = told.conversation(OTHER)
    assert conversation.state is State.TRANSCRIBED
    assert conversation.recording is not None and conversation.recording.playback and conversation.recording.waveform
    found = reviewing.read(told.home, told.ana, OTHER).turns
    assert [turn.speaker for turn in found] == [Speaker.INTERVIEWER, Speaker.PARTICIPANT]
    assert found[1].text.startswith("We told Marlowe")
    assert 0 < found[0].end <= found[1].end <= conversation.recording.duration
    with told.home.reading() as session:
        conditions = stages.conditions(told.home, session, find_conversation(session, OTHER))
    assert next(c for c in conditions if c.name == "audio").met


def test_a_transcript_of_something_longer_is_asked_about(told: Story) -> None:
    body = CAPTIONS + b"\n10:00.000 --> 10:02.000\nI: Still here?\n"
    (problem,) = importing.look(told.home, told.ana, OTHER, body, {}).problems
    assert "of the same conversation" in problem.what


def test_what_is_transcribed_or_gone_takes_no_other(told: Story) -> None:
    with pytest.raises(AlreadyTranscribed, match="it is transcribed"):
        importing.adopt(told.home, told.ana, FIRST, TEXT, {})
    importing.adopt(told.home, told.ana, OTHER, TEXT, {})
    with pytest.raises(AlreadyTranscribed, match="it is recorded"):
        importing.adopt(told.home, told.ana, OTHER, TEXT, {})
    importing.adopt(told.home, told.ana, PLANNED, TEXT, {})
    with pytest.raises(intake.AlreadyRecorded):
        intake.receive(told.home, told.ana, PLANNED, io.BytesIO(media.encoded(media.person("man"), "wav")))
    with pytest.raises(NotAllowed):
        importing.look(told.home, told.ben, OTHER, TEXT, {})
    with told.home.writing() as session:
        find_conversation(session, PLANNED).quarantined = True
    with pytest.raises(ConversationGone):
        importing.look(told.home, told.ana, PLANNED, TEXT, {})


def test_the_whole_way_without_a_recording(told: Story) -> None:
    home, ana = told.home, told.ana
    importing.adopt(home, ana, PLANNED, TEXT, {})
    reviewing.hear(home, ana, PLANNED, [], checked=True)
    story.decide(told, NotAName(), PLANNED)
    assert naming.open_candidates(home, ana, PLANNED) == ()
    book = parse_codebook(configs.read("codebooks/learning-together.toml"))
    code = next(one.id for one in book.codes if one.codable)
    extracting.add(home, ana, PLANNED, codes=(code,), quote="told Marlowe about it", turn=2, memo="")
    story.export(told, home.folder.parent / "export.csv", target=PLANNED)
    for name in ("ana", "ben"):
        made = approvals.sign_off(home, getattr(told, name), story.password(name), PLANNED)
    assert told.conversation(PLANNED).state is State.SIGNED_OFF
    destroy.carry_out(home, made.order)
    assert told.conversation(PLANNED).state is State.DESTROYED
    with pytest.raises(ConversationGone):
        reviewing.read(home, ana, PLANNED)
    assert told.findings() == ()
