"""Orders: the decision to destroy named keys of one conversation or review, and the two signatures that authorise it.

An order names keys by id. Two different people sign its digest, each with their own key; only then may the machine of
`retention.destroy` act on it, and only when no hold stands.
"""

from base64 import b64encode
from collections.abc import Sequence
from enum import StrEnum
from uuid import UUID, uuid4

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from access.directory import OpenKey
from access.people import Person
from access.roles import Act, require
from retention import signatures
from storage.errors import NotFound, Refused
from storage.home import Home
from storage.log.log import Event
from storage.log.statements import order_statement, subject_digest
from storage.models import Approval, Conversation, Order, OrderState, Review

ACTOR = "retention"


class UnknownOrder(NotFound):
    """order: there is no order {number}; `candour retention plan` shows them"""


class OrderClosed(Refused):
    """order: order {number} takes no more signatures (it is {state})"""


class RestsOnSignOff(Refused):
    """order: order {number} is signed by signing off the conversation: `candour signoff {reference}`"""


class SameApprover(Refused):
    """order: "{name}" has already signed order {number}; a second, different person must sign"""


class Reason(StrEnum):
    """Why keys are to be destroyed."""

    SIGNED_OFF = "signed off"
    BACKSTOP = "backstop"
    REVIEW_CLOSED = "review closed"
    PERIOD_OVER = "period over"
    NEVER_RECORDED = "never recorded"
    WITHDRAWAL = "withdrawal"


def make(home: Home, session: Session, conversation: Conversation, reason: Reason, *, actor: str) -> Order:
    """Make an order in the caller's transaction: the key that the reason is about, or all keys of a conversation."""
    recording, extracts = conversation.recording_key, conversation.extract_key
    victims = {
        Reason.SIGNED_OFF: [recording],
        Reason.BACKSTOP: [recording],
        Reason.REVIEW_CLOSED: [extracts],
        Reason.PERIOD_OVER: [extracts],
        Reason.NEVER_RECORDED: [recording, extracts],
        Reason.WITHDRAWAL: [recording, extracts],
    }[reason]
    return _make(home, session, conversation.review_id, conversation.id, victims, reason, actor)


def make_for_review(home: Home, session: Session, review: Review, victims: Sequence[UUID], *, actor: str) -> Order:
    """Make an order for keys of a whole review, in the caller's transaction."""
    return _make(home, session, review.id, None, victims, Reason.REVIEW_CLOSED, actor)


def _make(
    home: Home,
    session: Session,
    review_id: UUID,
    conversation_id: UUID | None,
    victims: Sequence[UUID],
    reason: Reason,
    actor: str,
) -> Order:
    order = Order(
        id=uuid4(),
        number=(session.scalar(select(func.max(Order.number))) or 0) + 1,
        review_id=review_id,
        conversation_id=conversation_id,
        reason=reason.value,
        objects=[str(key) for key in victims],
        made_by=actor,
        made_at=home.now(),
        state=OrderState.MADE,
        facts={},
    )
    subject = objects(order)
    detail: dict[str, str | int | bool] = {"number": order.number, "reason": reason.value.replace(" ", "-")}
    order.digest = subject_digest(subject, detail)
    session.add(order)
    session.flush()
    home.log(session, Event.ORDER_MADE, actor=actor, obj=subject, ref=order.digest, detail=detail)
    return order


def open_order(session: Session, review: Review, key: UUID, reason: Reason) -> Order | None:
    """The order to destroy a key for this reason that is neither void nor done."""
    waiting = select(Order).where(
        Order.review_id == review.id,
        Order.reason == reason.value,
        Order.state.not_in([OrderState.VOID, OrderState.DONE]),
    )
    return next((order for order in session.scalars(waiting) if str(key) in order.objects), None)


def find(session: Session, number: int) -> Order:
    order = session.scalar(select(Order).where(Order.number == number))
    if order is None:
        raise UnknownOrder(number=number)
    return order


def approve(home: Home, actor: Person, password: str, number: int) -> bool:
    """Sign an order; True when this was the second signature and the order may be carried out.

    Raises:
        NotAllowed, UnknownOrder, OrderClosed, SameApprover, RestsOnSignOff, WrongPassword.
    """
    require(actor.roles, Act.APPROVE_ORDER, actor.name)
    with home.reading() as session:
        order = find(session, number)
        _refuse(session, order, actor)
        if order.reason == Reason.SIGNED_OFF.value:
            raise RestsOnSignOff(number=number, reference=reference(order))
    with signatures.signing(home, actor, password, Act.APPROVE_ORDER) as (session, key):
        return sign(home, session, find(session, number), key)


def sign(home: Home, session: Session, order: Order, key: OpenKey) -> bool:
    """Sign an order in the caller's transaction; True when it was the second signature."""
    actor = key.person
    _refuse(session, order, actor)
    signature = key.sign(order_statement(order.digest))
    first = session.scalars(select(Approval).where(Approval.order_id == order.id)).all()
    session.add(
        Approval(
            id=uuid4(),
            order_id=order.id,
            person_id=actor.id,
            at=home.now(),
            signature=signature,
            public_key=actor.public_key,
        )
    )
    home.log(
        session,
        Event.ORDER_APPROVED,
        actor=actor.name,
        obj=[order.id, about(order)],
        ref=order.digest,
        sig=b64encode(signature).decode(),
    )
    if first:
        order.state = OrderState.APPROVED
    return bool(first)


def _refuse(session: Session, order: Order, actor: Person) -> None:
    if order.state is not OrderState.MADE:
        raise OrderClosed(number=order.number, state=order.state.value)
    signed = session.scalar(select(Approval).where(Approval.order_id == order.id, Approval.person_id == actor.id))
    if signed is not None:
        raise SameApprover(name=actor.name, number=order.number)


def refuse_begun(order: Order) -> None:
    """Let an order pass that can still be taken back. Raises OrderClosed."""
    if order.state not in {OrderState.MADE, OrderState.APPROVED}:
        raise OrderClosed(number=order.number, state=order.state.value)


def void(home: Home, session: Session, order: Order, *, actor: str) -> None:
    """Take an order back in the caller's transaction; nothing may have been erased yet."""
    refuse_begun(order)
    order.state = OrderState.VOID
    home.log(session, Event.ORDER_CANCELLED, actor=actor, obj=[order.id, about(order)], ref=order.digest)


def void_within(home: Home, session: Session, order: Order, *, actor: str) -> None:
    """Take back every waiting order whose keys this one destroys as well, in the caller's transaction."""
    waiting = select(Order).where(
        Order.review_id == order.review_id,
        Order.id != order.id,
        Order.state.in_([OrderState.MADE, OrderState.APPROVED]),
    )
    for other in session.scalars(waiting).all():
        if set(other.objects) <= set(order.objects):
            void(home, session, other, actor=actor)


def mark_erased(home: Home, session: Session, order: Order) -> None:
    """Say in the caller's transaction that the keys of a begun order are gone: the point of no return."""
    order.state = OrderState.ERASED
    order.facts = order.facts | {"epoch_after": home.vault.epoch}
    home.log(session, Event.DESTROY_ERASED, actor=ACTOR, obj=objects(order), ref=order.digest)


def admit_erasures(home: Home, session: Session) -> None:
    """Say of every begun order whose keys are gone that they are, where a crash came in between.

    Whoever forbids destruction calls this first, so that the log tells which of the two came too late.
    """
    living = set(home.vault.ids())
    for order in session.scalars(select(Order).where(Order.state == OrderState.INTENDED)).all():
        if not keys(order) & living:
            mark_erased(home, session, order)


def keys(order: Order) -> set[UUID]:
    """Ids of the keys that an order destroys."""
    return {UUID(key) for key in order.objects}


def objects(order: Order) -> list[str]:
    """What entries about an order name."""
    return [str(order.id), str(about(order)), *order.objects]


def about(order: Order) -> UUID:
    """The id of the conversation or review that an order is about."""
    return order.conversation_id or order.review_id


def reference(order: Order) -> str:
    """What people call the conversation or review that an order is about."""
    return order.conversation.reference if order.conversation else order.review.reference
