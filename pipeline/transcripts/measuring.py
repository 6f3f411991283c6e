"""The accuracy of a conversation's draft: measured while the words are there, kept as counts when somebody signs."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from access.people import Person
from access.roles import Act, require
from pipeline import contents
from pipeline.pseudonyms.names import NameKey
from pipeline.reviews import find_conversation
from pipeline.transcription.doubt_rules import critical_lists
from pipeline.transcripts import heard, kept
from pipeline.transcripts.accuracy import Accuracy, measure
from pipeline.transcripts.transcript import plain_words
from storage.errors import NotFound
from storage.home import Home
from storage.models import Conversation, State


class NotMeasured(NotFound):
    """transcript: the words of {reference} are gone, and nobody signed while they were there; no error rate was kept"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Measured:
    """How accurate a draft was. `heard` is the share of the speech that somebody listened to or waived.

    `signed` where the figures are those of the transcript that was signed.
    """

    accuracy: Accuracy
    heard: float
    signed: bool


def accuracy(home: Home, actor: Person, reference: str) -> Measured:
    """How far the draft is from the transcript as it stands, or was from what was signed.

    Raises:
        NotAllowed, UnknownConversation, NoDraft, NotMeasured, VaultClosed.
    """
    require(actor.roles, Act.READ_TRANSCRIPT, actor.name)
    with home.reading() as session:
        conversation = find_conversation(session, reference)
        if conversation.accuracy is not None and conversation.state is not State.WITHDRAWN:
            return Measured(accuracy=Accuracy.from_json(conversation.accuracy), heard=1.0, signed=True)
        if conversation.state in {State.DESTROYED, State.WITHDRAWN}:
            raise NotMeasured(reference=conversation.reference)
        made = kept.standing(home, session, conversation)
        spans = kept.covered(made, (one for _, one in kept.listened(home, session, conversation)))
        return Measured(
            accuracy=_measured(home, session, conversation), heard=heard.share(made.turns, spans), signed=False
        )


def keep(home: Home, session: Session, conversation: Conversation) -> None:
    """Keep the figures of the transcript that is being signed; nothing of what was said is in them."""
    conversation.accuracy = _measured(home, session, conversation).to_json()


def _measured(home: Home, session: Session, conversation: Conversation) -> Accuracy:
    names = _names(contents.name_key(home, conversation.review))
    return measure(kept.standing(home, session, conversation).standing, critical_lists(), names)


def _names(key: NameKey) -> frozenset[str]:
    spellings = (text for term in key.terms for text in (term.real, *term.also))
    # "Rose of Sharon" has one word that names nobody
    return frozenset(word for text in spellings for word in plain_words(text) if len(word) > 2)
