"""What will be destroyed, when and why, by week and by month; and the orders that wait for a signature."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.responses import Response

from pipeline.reviews import find_conversation, find_review
from retention import holds, orders
from retention.orders import Reason
from retention.plan import Planned, plan
from storage.models import Approval, Order, OrderState, Person
from web.pages import signed
from web.rendering import render, see_other
from web.visit import NoSuchPage, Visit

NOTICES: Final[Mapping[str, str]] = {
    "signed": "Signed. A second, different person must sign too.",
    "both": "Signed by two. It is carried out when its day has come and no hold stands.",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Waiting:
    """An order and who has signed it; `signs_off` when that is done by signing the conversation off."""

    number: int
    about: str
    conversation: str
    reason: str
    signs_off: bool
    closed: bool
    people: tuple[str, ...]


def page(visit: Visit) -> Response:
    """The whole plan, soonest first, and what needs a person."""
    now = visit.home.now()
    lines = plan(visit.home, now)
    with visit.home.reading() as session:
        made = session.scalars(select(Order).where(Order.state == OrderState.MADE).order_by(Order.number))
        waiting = [_waiting(session, order) for order in made]
        held = {_about(line): _holds(session, line) for line in lines}
    dated = [line for line in lines if line.at is not None]
    return render(
        visit,
        "retention.html",
        weeks=[(week, list(of)) for week, of in groupby(dated, _week)],
        months=sorted(Counter((_day(line).replace(day=1), line.object_class.value) for line in dated).items()),
        undated=[line for line in lines if line.at is None],
        waiting=waiting,
        held={about: numbers for about, numbers in held.items() if numbers},
        today=now.date(),
        reviews=sorted({line.review for line in lines}),
        notice=NOTICES.get(visit.query("done"), ""),
    )


def _about(line: Planned) -> str:
    return line.conversation or line.review


def _holds(session: Session, line: Planned) -> list[int]:
    """Holds that will stand in the way, also before the day has come."""
    if line.conversation:
        return holds.standing(session, find_conversation(session, line.conversation))
    return holds.standing_in(session, find_review(session, line.review))


def order_page(visit: Visit) -> Response:
    """One order: what it destroys, who has signed, what stands in the way, and the form to sign."""
    return _order_page(visit, {})


def approve(visit: Visit) -> Response:
    """Sign an order: the first or the second of two."""
    order, _ = _find(visit)
    errors = signed.mistyped(visit, order.about) | signed.missing(visit, "password")
    if not errors:
        errors = signed.sign(visit, lambda typed: orders.approve(visit.home, visit.person, typed, order.number))
    if errors:
        return _order_page(visit, errors)
    return see_other(f"/retention?done={'both' if order.people else 'signed'}")


def _order_page(visit: Visit, errors: dict[str, str]) -> Response:
    order, extracts = _find(visit)
    lines = [line for line in plan(visit.home, visit.home.now()) if line.order == order.number]
    with visit.home.reading() as session:
        standing = sorted({number for line in lines for number in _holds(session, line)})
    return render(
        visit,
        "retention_order.html",
        status=422 if errors else 200,
        order=order,
        extracts=extracts,
        holds=standing,
        errors=errors,
    )


def _find(visit: Visit) -> tuple[Waiting, bool]:
    """The order, and whether extracts go with it.

    Raises:
        NoSuchPage, UnknownOrder.
    """
    number = visit.part("order")
    if not number.isdecimal() or len(number) > 9:
        raise NoSuchPage
    with visit.home.reading() as session:
        order = orders.find(session, int(number))
        extracts = order.conversation is not None and order.conversation.extract_key in orders.keys(order)
        return _waiting(session, order), extracts


def _waiting(session: Session, order: Order) -> Waiting:
    signed_by = select(Person.name).join(Approval, Approval.person_id == Person.id)
    people = session.scalars(signed_by.where(Approval.order_id == order.id).order_by(Approval.at))
    return Waiting(
        number=order.number,
        about=orders.reference(order),
        conversation=order.conversation.reference if order.conversation else "",
        reason=order.reason,
        signs_off=order.reason == Reason.SIGNED_OFF.value,
        closed=order.state is not OrderState.MADE,
        people=tuple(people),
    )


def _day(line: Planned) -> date:
    assert line.at is not None
    return line.at.date()


def _week(line: Planned) -> date:
    """The Monday of the week in which it goes."""
    return _day(line) - timedelta(days=_day(line).weekday())
