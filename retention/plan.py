"""The plan: what the retention schedules will do, when and why; and what of it is to be done now.

Everything here reads. `order_due` alone writes: it makes the orders that a schedule calls for, which then wait for two people.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from pipeline.reviews import find_conversation, find_review
from retention import clock, holds, orders, policy
from retention.clock import Moment
from retention.orders import Reason
from retention.policy import Deadline, ObjectClass
from storage.home import Home
from storage.models import Conversation, Order, OrderState, Review, SignOff, State

ACTOR = "schedule"
AN_ORDER = "an order"
A_DATE = "its date"
CONFIRMATION = "its date to be confirmed"
THE_REST = "the rest of the review"


@dataclass(frozen=True, kw_only=True, slots=True)
class Planned:
    """One line of the plan: what will go, when, why, and what stands in the way (empty when nothing does).

    `conversation` and `position` are empty for what belongs to a whole review; `key` is the id of the key that goes, `cause`
    what its order says.
    """

    review: str
    conversation: str
    position: str
    object_class: ObjectClass
    at: datetime | None
    reason: str
    order: int | None
    waits_for: str
    key: UUID = field(repr=False)
    cause: Reason


def plan(home: Home, now: datetime) -> list[Planned]:
    """What the schedules will do to every conversation and review, soonest first. Destroys nothing.

    `now` is what the clock says; what counts is the part of it that the log vouches for.
    """
    with home.reading() as session:
        moment = clock.moment(home, session, now)
        lines = [
            line
            for review in session.scalars(select(Review).order_by(Review.reference))
            for line in _lines(session, review, moment)
        ]
        lines += [_withdrawal_line(session, order) for order in _open_withdrawals(session)]
    far = datetime.max.replace(tzinfo=now.tzinfo)
    return sorted(lines, key=lambda line: (line.at or far, line.conversation or "~", line.review))


def _open_withdrawals(session: Session) -> Sequence[Order]:
    waiting = select(Order).where(
        Order.reason == Reason.WITHDRAWAL.value, Order.state.not_in([OrderState.DONE, OrderState.VOID])
    )
    whole = joinedload(Order.conversation).joinedload(Conversation.participant)
    return session.scalars(waiting.options(whole, joinedload(Order.review))).all()


def _withdrawal_line(session: Session, order: Order) -> Planned:
    assert order.conversation is not None
    return Planned(
        review=order.review.reference,
        conversation=order.conversation.reference,
        position=order.conversation.participant.position,
        object_class=ObjectClass.RECORDING,
        at=order.made_at,
        reason=order.reason,
        order=order.number,
        waits_for=_obstacle(session, order.review, order.conversation, order),
        key=order.conversation.recording_key,
        cause=Reason.WITHDRAWAL,
    )


def _lines(session: Session, review: Review, moment: Moment) -> Iterator[Planned]:
    schedule, gone = policy.parse(review.schedule), _gone(session, review)
    wanted = select(Conversation).where(Conversation.review_id == review.id)
    conversations = session.scalars(wanted.options(joinedload(Conversation.recording))).all()
    signed_off = _signed_off(session, review)
    others: list[datetime | None] = []
    for one in conversations:
        keys = {ObjectClass.RECORDING: one.recording_key, ObjectClass.EXTRACTS: one.extract_key}
        for deadline in policy.deadlines(schedule, _dates(one, signed_off.get(one.id))):
            if keys[deadline.object_class] in gone or one.state is State.WITHDRAWN:
                continue
            others.append(deadline.at)
            if one.recording is not None or deadline.at is not None:
                yield _line(session, review, one, keys[deadline.object_class], deadline, moment)
    rest = any({one.recording_key, one.extract_key} - gone for one in conversations)
    own = {ObjectClass.NAMES: review.names_key, ObjectClass.REVIEW: review.review_key}
    for deadline in policy.review_deadlines(schedule, review.closed_at, others):
        if own[deadline.object_class] not in gone and review.closed_at is not None:
            yield _line(session, review, None, own[deadline.object_class], deadline, moment, rest=rest)


def _dates(conversation: Conversation, signed_off: datetime | None) -> policy.Dates:
    return policy.Dates(
        recorded=conversation.recording.sealed_at if conversation.recording else None,
        signed_off=signed_off,
        review_closed=conversation.review.closed_at,
        keep_until=conversation.keep_until,
    )


def _signed_off(session: Session, review: Review) -> Mapping[UUID, datetime]:
    """When the second of two people signed, by conversation; known until the extracts are destroyed."""
    signed = select(SignOff.conversation_id, SignOff.at).join(Conversation).where(Conversation.review_id == review.id)
    times: dict[UUID, list[datetime]] = defaultdict(list)
    for conversation, at in session.execute(signed.order_by(SignOff.at)):
        times[conversation].append(at)
    return {conversation: at[1] for conversation, at in times.items() if len(at) > 1}


def _gone(session: Session, review: Review) -> set[UUID]:
    done = select(Order).where(Order.review_id == review.id, Order.state == OrderState.DONE)
    return {key for order in session.scalars(done) for key in orders.keys(order)}


def _cause(conversation: Conversation | None, deadline: Deadline) -> Reason:
    if conversation is None:
        return Reason.REVIEW_CLOSED
    if conversation.recording is None:
        return Reason.NEVER_RECORDED
    if deadline.object_class is ObjectClass.EXTRACTS:
        closed = deadline.reason.startswith(policy.after(policy.Trigger.REVIEW_CLOSED))
        return Reason.REVIEW_CLOSED if closed else Reason.PERIOD_OVER
    return Reason.SIGNED_OFF if conversation.state is State.SIGNED_OFF else Reason.BACKSTOP


def _line(
    session: Session,
    review: Review,
    conversation: Conversation | None,
    key: UUID,
    deadline: Deadline,
    moment: Moment,
    *,
    rest: bool = False,
) -> Planned:
    cause = _cause(conversation, deadline)
    order = orders.open_order(session, review, key, cause)
    waits_for = _waits(deadline, moment) or _obstacle(session, review, conversation, order)
    if not waits_for and rest and str(review.review_key) in (order.objects if order else ()):
        waits_for = THE_REST
    return Planned(
        review=review.reference,
        conversation=conversation.reference if conversation else "",
        position=conversation.participant.position if conversation else "",
        object_class=deadline.object_class,
        at=deadline.at,
        reason=deadline.reason,
        order=order.number if order else None,
        waits_for=waits_for,
        key=key,
        cause=cause,
    )


def _waits(deadline: Deadline, moment: Moment) -> str:
    """Whether the day has come: surely, or only if the clock is right."""
    if deadline.at is None:
        return A_DATE
    # A trigger is an entry of the log: what goes with it at once needs no clock.
    if deadline.at <= moment.sure or (deadline.at_once and deadline.at <= moment.claimed):
        return ""
    return CONFIRMATION if deadline.at <= moment.claimed else A_DATE


def _obstacle(session: Session, review: Review, conversation: Conversation | None, order: Order | None) -> str:
    standing = holds.standing(session, conversation) if conversation else holds.standing_in(session, review)
    if standing:
        return f"hold {standing[0]}"
    if order is None:
        return AN_ORDER
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
    lines = plan(home, now)
    waiting = {line.order for line in lines if line.waits_for}
    ready = dict.fromkeys(line.order for line in lines if line.order is not None and line.order not in waiting)
    return [*begun, *(number for number in ready if number not in begun)]


def order_due(home: Home, now: datetime) -> list[int]:
    """Make the orders that schedules call for and nobody has made; returns their numbers. They wait for two signatures.

    What is due of one conversation for one reason, or of one review, goes into one order.
    """
    clock.keep(home)
    missing: dict[tuple[str, str, Reason], list[UUID]] = defaultdict(list)
    rules: dict[tuple[str, str, Reason], str] = {}
    for line in plan(home, now):
        if line.waits_for == AN_ORDER:
            missing[line.review, line.conversation, line.cause].append(line.key)
            rules[line.review, line.conversation, line.cause] = line.reason
    made = []
    for (review, conversation, cause), keys in missing.items():
        with home.writing() as session:
            if conversation:
                order = orders.make(home, session, find_conversation(session, conversation), cause, actor=ACTOR)
            else:
                order = orders.make_for_review(home, session, find_review(session, review), keys, actor=ACTOR)
            order.facts = order.facts | {"rule": rules[review, conversation, cause]}
            made.append(order.number)
    return made
