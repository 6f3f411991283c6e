"""Sign-off: two different people agree that the analysis of a conversation is finished.

Each of them signs two statements with their own key: that the analysis is as it stands, and the order to destroy the recording
when its schedule says so. So the destruction that follows needs no further signature, and nobody can say they did not know.
"""

from dataclasses import dataclass
from uuid import uuid4

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from access.people import Person
from access.roles import Act, require
from pipeline.contents import analysis_digest
from pipeline.reviews import find_conversation
from pipeline.stages import settle
from pipeline.transcripts import measuring
from retention import orders, readiness, signatures
from retention.orders import Reason
from storage.errors import Refused
from storage.home import Home
from storage.log.log import Event
from storage.log.statements import signoff_statement, signoff_withdrawn_statement
from storage.models import Conversation, Correction, Doubt, Hearing, Order, SignOff, State


class NotReady(Refused):
    """sign-off: {reference} is not ready: {todo}"""


class AlreadySigned(Refused):
    """sign-off: "{name}" has already signed {reference}; a second, different person must sign"""


class OwnReview(Refused):
    """sign-off: "{name}" reviewed {reference}, and the second signature must be somebody else's"""


class NotSigned(Refused):
    """sign-off: nobody has signed {reference}, or its recording is gone; there is nothing to take back"""


@dataclass(frozen=True, kw_only=True, slots=True)
class SignedOff:
    """What a signature achieved: `complete` when it was the second."""

    complete: bool
    order: int


def sign_off(home: Home, actor: Person, password: str, reference: str) -> SignedOff:
    """Sign off a conversation.

    Raises:
        NotAllowed, UnknownConversation, NotReady, AlreadySigned, OwnReview, WrongPassword.
    """
    require(actor.roles, Act.SIGN_OFF, actor.name)
    with home.reading() as session:
        admit(home, session, find_conversation(session, reference), actor)
    with signatures.signing(home, actor, password, Act.SIGN_OFF) as (session, key):
        conversation = find_conversation(session, reference)
        admit(home, session, conversation, actor)
        measuring.keep(home, session, conversation)
        detail = {"analysis": analysis_digest(home, session, conversation)}
        order = orders.open_order(session, conversation.review, conversation.recording_key, Reason.SIGNED_OFF)
        if order is None:
            order = orders.make(home, session, conversation, Reason.SIGNED_OFF, actor=actor.name)
        signed = signatures.sign(key, signoff_statement, obj=[conversation.id], detail=detail)
        first = session.scalar(select(SignOff).where(SignOff.conversation_id == conversation.id))
        session.add(
            SignOff(
                id=uuid4(),
                conversation_id=conversation.id,
                person_id=actor.id,
                digest=signed.digest,
                signature=signed.signature,
                at=home.now(),
            )
        )
        signatures.log(home, session, Event.SIGNOFF_GIVEN, signed)
        orders.sign(home, session, order, key)
        if first is not None:
            conversation.state, conversation.state_at = State.SIGNED_OFF, home.now()
        return SignedOff(complete=first is not None, order=order.number)


def admit(home: Home, session: Session, conversation: Conversation, actor: Person) -> None:
    """Let somebody sign now.

    Raises:
        NotReady, AlreadySigned, OwnReview.
    """
    open_conditions = [c for c in readiness.conditions(home, session, conversation) if not c.met]
    if open_conditions:
        raise NotReady(reference=conversation.reference, todo="; ".join(c.todo for c in open_conditions))
    given = session.scalars(select(SignOff).where(SignOff.conversation_id == conversation.id)).all()
    if any(one.person_id == actor.id for one in given):
        raise AlreadySigned(name=actor.name, reference=conversation.reference)
    if given and actor.id in _reviewers(session, conversation):
        raise OwnReview(name=actor.name, reference=conversation.reference)


def _reviewers(session: Session, conversation: Conversation) -> set[object]:
    heard = session.scalars(select(Hearing.person_id).where(Hearing.conversation_id == conversation.id))
    corrected = session.scalars(select(Correction.person_id).where(Correction.conversation_id == conversation.id))
    resolved = session.scalars(select(Doubt.resolved_by).where(Doubt.conversation_id == conversation.id))
    return {*heard, *corrected, *resolved}


def take_back(home: Home, actor: Person, password: str, reference: str) -> None:
    """Take all signatures back while the recording exists, so that work can go on.

    Raises:
        NotAllowed, UnknownConversation, NotSigned, WrongPassword.
    """
    require(actor.roles, Act.SIGN_OFF, actor.name)
    with home.reading() as session:
        _signed(session, reference)
    with signatures.signing(home, actor, password, Act.SIGN_OFF) as (session, key):
        conversation, order = _signed(session, reference)
        orders.void(home, session, order, actor=actor.name)
        session.execute(delete(SignOff).where(SignOff.conversation_id == conversation.id))
        conversation.accuracy = None
        conversation.state, conversation.state_at = State.CODED, home.now()
        detail = {"order": str(order.id)}
        signed = signatures.sign(key, signoff_withdrawn_statement, obj=[conversation.id], detail=detail)
        signatures.log(home, session, Event.SIGNOFF_WITHDRAWN, signed)
        # The name key may have grown while the conversation was frozen.
        settle(home, session, conversation, actor)


def _signed(session: Session, reference: str) -> tuple[Conversation, Order]:
    """A conversation whose signatures can be taken back, and the order that they stand for. Raises NotSigned."""
    conversation = find_conversation(session, reference)
    order = orders.open_order(session, conversation.review, conversation.recording_key, Reason.SIGNED_OFF)
    if order is None or conversation.state not in {State.CODED, State.SIGNED_OFF} or conversation.quarantined:
        raise NotSigned(reference=conversation.reference)
    return conversation, order
