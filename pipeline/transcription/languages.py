"""The language of a conversation: English unless somebody says otherwise, found out only when that is asked for."""

from typing import Final

from sqlalchemy import func, select

from access.people import Person
from access.roles import Act, require
from pipeline.reviews import find_conversation
from storage.errors import BadInput, Refused
from storage.home import Home
from storage.log.log import Event
from storage.models import State, Window

DETECT: Final = "detect"
# ISO 639-1, three letters where there are not two: what any model of this kind knows. Asking its library would bring all of it
# into the process of the page; a test asks it.
KNOWN: Final = frozenset((
    "af", "am", "ar", "as", "az", "ba", "be", "bg", "bn", "bo", "br", "bs", "ca", "cs", "cy", "da", "de", "el", "en",
    "es", "et", "eu", "fa", "fi", "fo", "fr", "gl", "gu", "ha", "haw", "he", "hi", "hr", "ht", "hu", "hy", "id", "is",
    "it", "ja", "jw", "ka", "kk", "km", "kn", "ko", "la", "lb", "ln", "lo", "lt", "lv", "mg", "mi", "mk", "ml", "mn",
    "mr", "ms", "mt", "my", "ne", "nl", "nn", "no", "oc", "pa", "pl", "ps", "pt", "ro", "ru", "sa", "sd", "si", "sk",
    "sl", "sn", "so", "sq", "sr", "su", "sv", "sw", "ta", "te", "tg", "th", "tk", "tl", "tr", "tt", "uk", "ur", "uz",
    "vi", "yi", "yo", "yue", "zh",
))  # fmt: skip


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
    if code not in KNOWN:
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
