"""A transcript made elsewhere becomes the draft of a conversation, with or without its recording.

Nothing of it is ever written in clear: the file is read into memory and its words are sealed under the recording key.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import uuid4

from sqlalchemy import delete
from sqlalchemy.orm import Session

from access.people import Person
from access.roles import Act, require
from pipeline.reviews import ConversationGone, find_conversation, recording_key
from pipeline.stages import settle
from pipeline.transcripts.transcript import Speaker, Turn, turns_to_json
from pipeline.transcripts.written import drafting, reading
from pipeline.transcripts.written.lines import Problem
from storage.errors import Refused
from storage.home import Home
from storage.log.log import Event
from storage.models import Conversation, State, Window
from storage.sealed import seal_value

BEYOND = 2.0  # seconds that a transcript may go on after its recording


class AlreadyTranscribed(Refused):
    """transcript: {reference} has a draft already (it is {state}); plan another conversation for another transcript"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Import:
    """A file as it was understood: its format, who each tag stands for, the turns, and what was not understood.

    `timed` where the file says when things were said; `recorded` where the conversation has its recording.
    """

    format: str
    tags: Mapping[str, Speaker]
    turns: tuple[Turn, ...]
    timed: bool
    recorded: bool
    problems: tuple[Problem, ...]


def look(home: Home, actor: Person, reference: str, data: bytes, given: Mapping[str, Speaker]) -> Import:
    """What a file would become as the draft of a conversation; nothing is changed.

    `given` says who tags of the file stand for. Besides, the usual tags are known, and the position and the interviewer of the
    conversation.

    Raises:
        NotAllowed, UnknownConversation, AlreadyTranscribed, ConversationGone, and what `reading.parse` raises.
    """
    require(actor.roles, Act.CORRECT, actor.name)
    with home.reading() as session:
        return _understood(_open(session, reference), data, given)


def adopt(home: Home, actor: Person, reference: str, data: bytes, given: Mapping[str, Speaker]) -> Import:
    """Make a file the draft of a conversation. With a recording the worker lays it over the sound next.

    Raises what `look` raises, and VaultClosed.
    """
    require(actor.roles, Act.CORRECT, actor.name)
    with home.writing() as session:
        conversation = _open(session, reference)
        understood = _understood(conversation, data, given)
        turns = understood.turns if understood.timed or understood.recorded else drafting.paced(understood.turns)
        key = recording_key(home, conversation)
        conversation.draft = seal_value(key, f"conversation.draft:{conversation.id}", turns_to_json(turns))
        conversation.imported = understood.format
        if understood.recorded:
            # A worker that began with it writes no more, and what it heard so far was heard without the transcript.
            conversation.run_token, conversation.runs, conversation.trouble = uuid4(), 0, None
            session.execute(delete(Window).where(Window.conversation_id == conversation.id))
        else:
            conversation.state, conversation.state_at = State.TRANSCRIBED, home.now()
        detail: dict[str, str | int | bool] = {"imported": understood.format, "turns": len(turns)}
        home.log(session, Event.TRANSCRIPT_DRAFTED, actor=actor.name, obj=[conversation.id], detail=detail)
        settle(home, session, conversation, actor)
        return understood


def _open(session: Session, reference: str) -> Conversation:
    conversation = find_conversation(session, reference)
    if conversation.quarantined or conversation.state in {State.DESTROYED, State.WITHDRAWN}:
        raise ConversationGone(reference=conversation.reference, what="the recording")
    if conversation.draft is not None or conversation.state not in {State.PLANNED, State.RECORDED}:
        raise AlreadyTranscribed(reference=conversation.reference, state=conversation.state.value)
    return conversation


def _understood(conversation: Conversation, data: bytes, given: Mapping[str, Speaker]) -> Import:
    known = {
        conversation.interviewer.casefold(): Speaker.INTERVIEWER,
        conversation.participant.position.casefold(): Speaker.PARTICIPANT,
    } | {tag.casefold(): speaker for tag, speaker in given.items()}
    written = reading.parse(data, known)
    tags = drafting.roles(written, known)
    drafted = drafting.draft(written, tags)
    problems = list(drafted.problems)
    if written.lines and not tags:
        problems.append(Problem(place=0, what="nobody is named; all speakers are unknown"))
    recording = conversation.recording
    if recording is not None and max(turn.end for turn in drafted.turns) > recording.duration + BEYOND:
        problems.append(
            Problem(place=0, what="it goes on after the end of the recording; is it of the same conversation?")
        )
    return Import(
        format=written.format,
        tags=tags,
        turns=drafted.turns,
        timed=drafted.timed,
        recorded=recording is not None,
        problems=tuple(problems),
    )
