"""Keeping a recording longer than its schedule says, signed and with a reason: the one way past the backstop but for a hold."""

import json
from datetime import UTC, date, datetime, time
from uuid import uuid4

from sqlalchemy.orm import Session

from access.people import Person
from access.roles import Act, require
from pipeline.reviews import ConversationGone, find_conversation
from retention import signatures
from storage.errors import BadInput, Refused
from storage.home import Home
from storage.log.log import Event
from storage.log.statements import extension_statement
from storage.models import Conversation, Extension, State
from storage.sealed import seal_value
from storage.vault import KeyClass


class NothingToKeep(Refused):
    """retention: {reference} has no recording that could be kept longer"""


class NotLater(BadInput):
    """retention: a recording can only be kept until a later day than today and than the day it is kept until already"""


class NoGrounds(BadInput):
    """retention: keeping a recording longer needs a reason, and a reference such as the letter or decision it rests on"""


def extend(home: Home, actor: Person, password: str, target: str, until: date, *, reason: str, reference: str) -> None:
    """Keep the recording of a conversation until a day, whatever its schedule says; never shorter than it says.

    Raises:
        NotAllowed, UnknownConversation, NothingToKeep, ConversationGone, NotLater, NoGrounds, WrongPassword.
    """
    require(actor.roles, Act.EXTEND_RETENTION, actor.name)
    if not reason.strip() or not reference.strip():
        raise NoGrounds
    day = datetime.combine(until, time(), UTC)
    with home.reading() as session:
        _kept(home, session, target, day)
    with signatures.signing(home, actor, password, Act.EXTEND_RETENTION) as (session, key):
        conversation = _kept(home, session, target, day)
        row = Extension(id=uuid4(), conversation_id=conversation.id, person_id=actor.id, at=home.now(), until=day)
        review_key = home.vault.get(conversation.review.review_key, KeyClass.REVIEW)
        body = json.dumps({"reason": reason.strip(), "reference": reference.strip()}).encode()
        row.sealed = seal_value(review_key, f"extension.sealed:{row.id}", body)
        session.add(row)
        conversation.keep_until = day
        subject, detail = [conversation.id, row.id], {"until": until.isoformat()}
        signed = signatures.sign(key, extension_statement, obj=subject, detail=detail)
        signatures.log(home, session, Event.RETENTION_EXTENDED, signed)


def _kept(home: Home, session: Session, target: str, day: datetime) -> Conversation:
    """A conversation whose recording can be kept until this day."""
    conversation = find_conversation(session, target)
    if conversation.recording is None:
        raise NothingToKeep(reference=conversation.reference)
    # Begun destruction has closed the conversation under the lock of the last look: it is kept, or goes, and never both.
    if conversation.quarantined or conversation.state in {State.DESTROYED, State.WITHDRAWN}:
        raise ConversationGone(reference=conversation.reference, what="the recording")
    if day <= max(home.now(), conversation.keep_until or day.min.replace(tzinfo=UTC)):
        raise NotLater
    return conversation
