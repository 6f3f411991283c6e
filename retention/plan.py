"""The plan: what the retention schedules will do, when and why; and what of it is to be done now.

Everything here reads. `order_due` alone writes: it makes the orders that a schedule calls for, which then wait for two people.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from pipeline.reviews import find_conversation
from retention import holds, orders, policy
from retention.orders import Reason
from storage.home import Home
from storage.models import Conversation, Order, OrderState, SignOff, State

ACTOR = "schedule"


@dataclass(frozen=True, kw_only=True, slots=True)
class Planned:
    """One line of the plan: what will go, when, why, and what stands in the way (empty when nothing does)."""

    conversation: str
    position: str
    object_class: policy.ObjectClass
    at: datetime | None
    reason: str
    order: int | None
    waits_for: str


def plan(home: Home, now: datetime) -> list[Planned]:
    """What the schedules will do to every conversation, soonest first. Destroys nothing."""
    with home.reading() as session:
        lines = [
            _line(session, conversation, deadline, now)
            for conversation in session.scalars(select(Conversation).order_by(Conversation.reference))
            for deadline in _deadlines(session, conversation)
        ]
        lines += [_withdrawal_line(session, order) for order in _open_withdrawals(session)]
    far = datetime.max.replace(tzinfo=now.tzinfo)
    return sorted(lines, key=lambda line: (line.at or far, line.conversation))


def _open_withdrawals(session: Session) -> Sequence[Order]:
    return session.scalars(
        select(Order).where(
            Order.reason == Reason.WITHDRAWAL.value, Order.state.not_in([OrderState.DONE, OrderState.VOID])
        )
    ).all()


def _withdrawal_line(session: Session, order: Order) -> Planned:
    return Planned(
        conversation=order.conversation.reference,
        position=order.conversation.participant.position,
        object_class=policy.ObjectClass.RECORDING,
        at=order.made_at,
        reason=order.reason,
        order=order.number,
        waits_for=_obstacle(session, order.conversation, order),
    )


def _deadlines(session: Session, conversation: Conversation) -> list[policy.Deadline]:
    if conversation.state is State.WITHDRAWN or conversation.recording is None:
        return []
    dates = policy.Dates(
        recorded=conversation.recording.sealed_at,
        signed_off=_signed_off(session, conversation),
        review_closed=conversation.review.closed_at,
        keep_until=conversation.keep_until,
    )
    found = policy.deadlines(policy.parse(conversation.review.schedule), dates)
    gone = _gone(session, conversation)
    return [deadline for deadline in found if deadline.object_class not in gone]


def _signed_off(session: Session, conversation: Conversation) -> datetime | None:
    """When the second of two people signed; known until the extracts are destroyed."""
    signed = select(SignOff.at).where(SignOff.conversation_id == conversation.id).order_by(SignOff.at)
    return next(iter(session.scalars(signed).all()[1:]), None)


def _gone(session: Session, conversation: Conversation) -> set[policy.ObjectClass]:
    done = select(Order).where(Order.conversation_id == conversation.id, Order.state == OrderState.DONE)
    gone = {key for order in session.scalars(done) for key in orders.keys(order)}
    classes = {
        policy.ObjectClass.RECORDING: conversation.recording_key,
        policy.ObjectClass.EXTRACTS: conversation.extract_key,
    }
    return {object_class for object_class, key in classes.items() if key in gone}


def _reason(conversation: Conversation, object_class: policy.ObjectClass) -> Reason:
    if object_class is policy.ObjectClass.EXTRACTS:
        return Reason.REVIEW_CLOSED
    return Reason.SIGNED_OFF if conversation.state is State.SIGNED_OFF else Reason.BACKSTOP


def _line(session: Session, conversation: Conversation, deadline: policy.Deadline, now: datetime) -> Planned:
    order = orders.open_order(session, conversation, _reason(conversation, deadline.object_class))
    due = deadline.at is not None and deadline.at <= now
    return Planned(
        conversation=conversation.reference,
        position=conversation.participant.position,
        object_class=deadline.object_class,
        at=deadline.at,
        reason=deadline.reason,
        order=order.number if order else None,
        waits_for=_obstacle(session, conversation, order) if due else "its date",
    )


def _obstacle(session: Session, conversation: Conversation, order: Order | None) -> str:
    standing = holds.standing(session, conversation)
    if standing:
        return f"hold {standing[0]}"
    if order is None:
        return "an order"
    return "two signatures" if order.state is OrderState.MADE else ""


def due(home: Home, now: datetime) -> list[int]:
    """Orders to be carried out now: begun ones first, then approved ones whose date has come and that no hold stops."""
    with home.reading() as session:
        begun = session.scalars(
            select(Order.number)
            .where(
                Order.state.in_([OrderState.INTENDED, OrderState.ERASED])
                | ((Order.state == OrderState.DONE) & Order.certificate.is_(None))
            )
            .order_by(Order.number)
        ).all()
    ready = [line.order for line in plan(home, now) if line.order is not None and not line.waits_for]
    return [*begun, *(number for number in ready if number not in begun)]


def order_due(home: Home, now: datetime) -> list[int]:
    """Make the orders that schedules call for and nobody has made; returns their numbers. They wait for two signatures."""
    missing = [line for line in plan(home, now) if line.waits_for == "an order"]
    made = []
    for line in missing:
        with home.writing() as session:
            conversation = find_conversation(session, line.conversation)
            reason = _reason(conversation, line.object_class)
            made.append(orders.make(home, session, conversation, reason, actor=ACTOR).number)
    return made
