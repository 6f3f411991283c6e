"""The language of a conversation: English unless somebody says otherwise, found out only when that is asked for."""

from typing import Final

from sqlalchemy import func, select

from access.people import Person
from access.roles import Act, require
from pipeline.reviews import find_conversation
from pipeline.transcription import library
from storage.errors import BadInput, Refused
from storage.home import Home
from storage.log.log import Event
from storage.models import State, Window

DETECT: Final = "detect"


class UnknownLanguage(BadInput):
    """language: "{language}" is none that a speech model could know; use a code such as en or cy, or "detect" to have it found \
out from the first minutes"""


class AlreadyHeard(Refused):
    """language: {reference} is being transcribed or has been; its language cannot change any more"""


def check(language: str) -> str:
    """What the database keeps for a code or for "detect". Raises UnknownLanguage."""
    code = language.strip().lower()
    if code == DETECT:
        return ""
    if code not in library.languages():
        raise UnknownLanguage(language=code[:20])
    return code


def choose(home: Home, actor: Person, reference: str, language: str) -> None:
    """Say which language a conversation is in, or "detect".

    Raises:
        NotAllowed, UnknownConversation, UnknownLanguage, AlreadyHeard.
    """
    require(actor.roles, Act.PLAN_CONVERSATION, actor.name)
    code = check(language)
    with home.writing() as session:
        conversation = find_conversation(session, reference)
        windows = session.scalar(select(func.count()).where(Window.conversation_id == conversation.id))
        if windows or conversation.state not in {State.PLANNED, State.RECORDED}:
            raise AlreadyHeard(reference=conversation.reference)
        conversation.language = code
        home.log(
            session,
            Event.CONVERSATION_LANGUAGE_CHOSEN,
            actor=actor.name,
            obj=[conversation.id],
            detail={"language": code or DETECT},
        )
