"""Withdrawal: a participant takes back consent, and everything of that conversation is destroyed, extracts too.

From the moment it is received nobody can open anything of the conversation. A standing hold delays the destruction, and that
is logged with its ground; it does not reopen the conversation. Where the law gives another ground to keep it, governance refuses
the withdrawal on record, and the conversation is what it was before.
"""

import json
from dataclasses import dataclass
from enum import StrEnum
from uuid import uuid4

from sqlalchemy import delete
from sqlalchemy.orm import Session

from access.people import Person
from access.roles import Act, require
from pipeline.reviews import ConversationGone, find_conversation
from retention import holds, orders, signatures
from retention.orders import Reason
from storage.errors import BadInput, Refused
from storage.home import Home
from storage.log.log import Event
from storage.log.statements import refusal_statement, signoff_withdrawn_statement
from storage.models import Conversation, Order, SignOff, State
from storage.sealed import seal_value
from storage.vault import KeyClass


class AlreadyWithdrawn(Refused):
    """withdrawal: {reference} is withdrawn already; order {order} waits for `candour retention approve` or `retention run`"""


class NotWithdrawn(Refused):
    """withdrawal: there is none of {reference} that could still be refused; `candour retention plan` shows what is to go"""


class NoGrounds(BadInput):
    """withdrawal: refusing one needs a reason, and a reference such as the provision or letter it rests on"""


class Ground(StrEnum):
    """Why a withdrawal may be refused, after Article 17(3) of the UK GDPR."""

    LEGAL_OBLIGATION = "legal-obligation"
    PUBLIC_TASK = "public-task"
    PUBLIC_HEALTH = "public-health"
    RESEARCH_OR_ARCHIVE = "research-or-archive"
    LEGAL_CLAIMS = "legal-claims"


@dataclass(frozen=True, kw_only=True, slots=True)
class Withdrawn:
    """The order that follows from a withdrawal, and the numbers of holds that delay it."""

    order: int
    holds: tuple[int, ...]


def withdraw(home: Home, actor: Person, password: str, reference: str) -> Withdrawn:
    """Receive a withdrawal: quarantine at once, make the order and sign it as the first of two.

    Raises:
        NotAllowed, UnknownConversation, ConversationGone, AlreadyWithdrawn, WrongPassword.
    """
    require(actor.roles, Act.WITHDRAW, actor.name)
    with home.reading() as session:
        _there(session, reference)
    with signatures.signing(home, actor, password, Act.WITHDRAW) as (session, key):
        conversation = _there(session, reference)
        home.log(session, Event.WITHDRAWAL_RECEIVED, actor=actor.name, obj=[conversation.id])
        before = conversation.state
        # From here on no key of it is given out, and a worker that is at it finds another token and writes nothing.
        conversation.state, conversation.state_at, conversation.run_token = State.WITHDRAWN, home.now(), uuid4()
        order = orders.make(home, session, conversation, Reason.WITHDRAWAL, actor=actor.name)
        order.facts = {"before": before.value}
        orders.void_within(home, session, order, actor=actor.name)
        orders.sign(home, session, order, key)
        standing = holds.standing(session, conversation)
        if standing:
            home.log(
                session,
                Event.WITHDRAWAL_REFUSED,
                actor=actor.name,
                obj=[conversation.id],
                detail={"ground": "hold", "hold": standing[0]},
            )
        return Withdrawn(order=order.number, holds=tuple(standing))


def _there(session: Session, reference: str) -> Conversation:
    """A conversation that nobody has withdrawn yet."""
    conversation = find_conversation(session, reference)
    known = orders.open_order(session, conversation.review, conversation.recording_key, Reason.WITHDRAWAL)
    if known is not None:
        raise AlreadyWithdrawn(reference=conversation.reference, order=known.number)
    if conversation.state is State.WITHDRAWN:
        raise ConversationGone(reference=conversation.reference, what="everything")
    return conversation


def refuse(
    home: Home, actor: Person, password: str, target: str, ground: Ground, *, reason: str, reference: str
) -> None:
    """Keep a conversation whose participant withdrew, on a lawful ground. Signatures it had are taken back.

    Raises:
        NotAllowed, UnknownConversation, NotWithdrawn, NoGrounds, WrongPassword.
        OrderClosed: its destruction has begun.
    """
    require(actor.roles, Act.REFUSE_WITHDRAWAL, actor.name)
    if not reason.strip() or not reference.strip():
        raise NoGrounds
    with home.reading() as session:
        _withdrawn(session, target)
    with signatures.signing(home, actor, password, Act.REFUSE_WITHDRAWAL) as (session, key):
        conversation, order = _withdrawn(session, target)
        before = State(order.facts.get("before", State.WITHDRAWN))
        orders.void(home, session, order, actor=actor.name)
        review_key = home.vault.get(conversation.review.review_key, KeyClass.REVIEW)
        body = json.dumps({"ground": ground, "reason": reason.strip(), "reference": reference.strip()}).encode()
        order.refusal = seal_value(review_key, f"destruction_order.refusal:{order.id}", body)
        if before in {State.CODED, State.SIGNED_OFF}:
            # The order that its signatures stood for was voided by the withdrawal.
            session.execute(delete(SignOff).where(SignOff.conversation_id == conversation.id))
            detail = {"order": str(order.id)}
            signed = signatures.sign(key, signoff_withdrawn_statement, obj=[conversation.id], detail=detail)
            signatures.log(home, session, Event.SIGNOFF_WITHDRAWN, signed)
            before = State.CODED
        conversation.state, conversation.state_at = before, home.now()
        detail = {"ground": ground.value, "order": str(order.id)}
        signed = signatures.sign(key, refusal_statement, obj=[conversation.id], detail=detail)
        signatures.log(home, session, Event.WITHDRAWAL_REFUSED, signed)


def _withdrawn(session: Session, target: str) -> tuple[Conversation, Order]:
    """A conversation whose withdrawal can still be refused, and the order that follows from it."""
    conversation = find_conversation(session, target)
    order = orders.open_order(session, conversation.review, conversation.recording_key, Reason.WITHDRAWAL)
    if order is None:
        raise NotWithdrawn(reference=conversation.reference)
    orders.refuse_begun(order)
    return conversation, order
