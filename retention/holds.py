"""Holds: an order not to destroy. One person places it, at once effective; two lift it. Each gives a reason and signs.

One of the two at least has the governance role; the other may be a reviewer.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from access import directory
from access.people import Person
from access.roles import Act, Role, require
from pipeline.reviews import find_conversation, find_review
from retention import orders, signatures
from storage import models
from storage.errors import BadInput, NotFound, Refused
from storage.home import Home
from storage.log.log import Event
from storage.log.statements import hold_lift_statement, hold_statement
from storage.models import Conversation, Hold, HoldLift, Review
from storage.sealed import open_value, seal_value
from storage.vault import KeyClass, KeyGone


class UnknownHold(NotFound):
    """hold: there is no hold {number}; `candour hold list` shows them"""


class HoldLifted(Refused):
    """hold: hold {number} was lifted already"""


class SameLifter(Refused):
    """hold: "{name}" has already agreed to lift hold {number}; a second, different person must agree"""


class WithoutGovernance(Refused):
    """hold: one of the two who lift hold {number} must have the governance role; "{name}" and who agreed before have not"""


class NoReason(BadInput):
    """hold: a hold needs a reason and a reference, such as the letter or case number it rests on"""


@dataclass(frozen=True, kw_only=True, slots=True)
class HoldView:
    """A hold as people see it; `conversation` is None when it covers the whole review."""

    number: int
    review: str
    conversation: str | None
    reason: str
    reference: str
    placed_by: str
    placed_at: datetime
    lifters: tuple[str, ...]
    lifted_at: datetime | None


def _require_grounds(reason: str, reference: str) -> None:
    if not reason.strip() or not reference.strip():
        raise NoReason


def _seal(home: Home, review: Review, row_id: UUID, column: str, reason: str, reference: str) -> bytes:
    _require_grounds(reason, reference)
    body = json.dumps({"reason": reason.strip(), "reference": reference.strip()}).encode()
    return seal_value(home.vault.get(review.review_key, KeyClass.REVIEW), f"{column}:{row_id}", body)


def place(home: Home, actor: Person, password: str, target: str, *, reason: str, reference: str) -> int:
    """Place a hold on a conversation or a whole review; returns its number.

    Raises:
        NotAllowed, NoReason, UnknownConversation, UnknownReview, WrongPassword.
    """
    require(actor.roles, Act.PLACE_HOLD, actor.name)
    _require_grounds(reason, reference)
    with home.reading() as session:
        _target(session, target)
    with signatures.signing(home, actor, password, Act.PLACE_HOLD) as (session, key):
        review, conversation = _target(session, target)
        orders.admit_erasures(home, session)
        hold = Hold(id=uuid4(), review_id=review.id, conversation_id=conversation.id if conversation else None)
        hold.number = (session.scalar(select(func.max(Hold.number))) or 0) + 1
        hold.placed_by, hold.placed_at = actor.id, home.now()
        hold.sealed = _seal(home, review, hold.id, "hold.sealed", reason, reference)
        session.add(hold)
        held = conversation.id if conversation else review.id
        signed = signatures.sign(key, hold_statement, obj=[hold.id, held])
        signatures.log(home, session, Event.HOLD_PLACED, signed)
        return hold.number


def _target(session: Session, target: str) -> tuple[Review, Conversation | None]:
    review = session.scalar(select(Review).where(Review.reference == target))
    if review is not None:
        return review, None
    conversation = find_conversation(session, target)
    return conversation.review, conversation


def lift(home: Home, actor: Person, password: str, number: int, *, reason: str, reference: str) -> bool:
    """Agree to lift a hold; True when this was the second person and the hold is lifted.

    Raises:
        NotAllowed, UnknownHold, HoldLifted, SameLifter, WithoutGovernance, WrongPassword, NoReason.
    """
    require(actor.roles, Act.LIFT_HOLD, actor.name)
    with home.reading() as session:
        _liftable(session, actor, number)
    with signatures.signing(home, actor, password, Act.LIFT_HOLD) as (session, key):
        hold, lifts = _liftable(session, actor, number)
        signed = signatures.sign(key, hold_lift_statement, obj=[hold.id])
        review = session.get_one(Review, hold.review_id)
        row = HoldLift(id=uuid4(), hold_id=hold.id, person_id=actor.id, at=home.now(), signature=signed.signature)
        row.sealed = _seal(home, review, row.id, "hold_lift.sealed", reason, reference)
        session.add(row)
        signatures.log(home, session, Event.HOLD_LIFTED if lifts else Event.HOLD_LIFT_ASKED, signed)
        hold.lifted_at = home.now() if lifts else None
        return bool(lifts)


def _liftable(session: Session, actor: Person, number: int) -> tuple[Hold, Sequence[HoldLift]]:
    """A hold that somebody may agree to lift, and who has agreed before."""
    hold = _find(session, number)
    if hold.lifted_at is not None:
        raise HoldLifted(number=number)
    lifts = session.scalars(select(HoldLift).where(HoldLift.hold_id == hold.id)).all()
    if any(one.person_id == actor.id for one in lifts):
        raise SameLifter(name=actor.name, number=number)
    if lifts and not _governs(session, actor.id, *(one.person_id for one in lifts)):
        raise WithoutGovernance(number=number, name=actor.name)
    return hold, lifts


def _governs(session: Session, *people: UUID) -> bool:
    return any(Role.GOVERNANCE in session.get_one(models.Person, one).roles for one in people)


def _find(session: Session, number: int) -> Hold:
    hold = session.scalar(select(Hold).where(Hold.number == number))
    if hold is None:
        raise UnknownHold(number=number)
    return hold


def standing(session: Session, conversation: Conversation) -> list[int]:
    """Numbers of the holds that forbid destroying anything of this conversation now."""
    return list(
        session.scalars(
            select(Hold.number)
            .where(
                Hold.lifted_at.is_(None),
                Hold.review_id == conversation.review_id,
                or_(Hold.conversation_id.is_(None), Hold.conversation_id == conversation.id),
            )
            .order_by(Hold.number)
        )
    )


def standing_in(session: Session, review: Review) -> list[int]:
    """Numbers of the holds that forbid destroying what all of a review needs: those on it, and on anything in it."""
    found = select(Hold.number).where(Hold.lifted_at.is_(None), Hold.review_id == review.id)
    return list(session.scalars(found.order_by(Hold.number)))


def views(home: Home, review_reference: str | None = None) -> list[HoldView]:
    """All holds, newest last, with their reasons."""
    with home.reading() as session:
        query = select(Hold).order_by(Hold.number)
        if review_reference is not None:
            query = query.where(Hold.review_id == find_review(session, review_reference).id)
        return [_view(home, session, hold) for hold in session.scalars(query)]


def _view(home: Home, session: Session, hold: Hold) -> HoldView:
    review = session.get_one(Review, hold.review_id)
    conversation = session.get(Conversation, hold.conversation_id) if hold.conversation_id else None
    reason, reference = _why(home, review, hold)
    people = {person.id: person.name for person in directory.everyone(home)}
    lifts = session.scalars(select(HoldLift).where(HoldLift.hold_id == hold.id).order_by(HoldLift.at))
    return HoldView(
        number=hold.number,
        review=review.reference,
        conversation=conversation.reference if conversation else None,
        reason=reason,
        reference=reference,
        placed_by=people[hold.placed_by],
        placed_at=hold.placed_at,
        lifters=tuple(people[one.person_id] for one in lifts),
        lifted_at=hold.lifted_at,
    )


def _why(home: Home, review: Review, hold: Hold) -> tuple[str, str]:
    try:
        key = home.vault.get(review.review_key, KeyClass.REVIEW)
    except KeyGone:
        return "(destroyed with the review)", ""
    body = json.loads(open_value(key, f"hold.sealed:{hold.id}", hold.sealed))
    return body["reason"], body["reference"]
