"""What will be destroyed, when and why, by week and by month; and the orders that wait for a signature."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.responses import Response

from retention import orders
from retention.calendar import to_icalendar
from retention.orders import Reason
from retention.plan import plan
from storage.models import Approval, Order, OrderState, Person
from web import calendar
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
    """The whole plan, soonest first, one month of it as a grid, and what needs a person."""
    now = visit.home.now()
    lines = plan(visit.home, now)
    with visit.home.reading() as session:
        found = calendar.entries(session, lines)
        made = session.scalars(select(Order).where(Order.state == OrderState.MADE).order_by(Order.number))
        waiting = [_waiting(session, order) for order in made]
    today = now.astimezone().date()
    dated = [one.day for one in found if one.day is not None]
    first = _month(visit.query("month")) or min((day for day in dated if day >= today), default=today)
    return render(
        visit,
        "retention.html",
        weeks=calendar.weeks(found),
        months=calendar.months(found),
        month=calendar.month(found, first.replace(day=1)),
        undated=[one for one in found if one.day is None],
        waiting=waiting,
        today=today,
        reviews=sorted({one.line.review for one in found}),
        notice=NOTICES.get(visit.query("done"), ""),
    )


def _month(text: str) -> date | None:
    """The first day of a month in an address, such as 2027-03."""
    try:
        found = date.fromisoformat(f"{text}-01")
    except ValueError:
        return None
    # The months beside it must be days too.
    return found if date.min.year < found.year < date.max.year else None


def download(visit: Visit) -> Response:
    """The plan for any calendar program (iCalendar): references and days, nothing about anybody."""
    text = to_icalendar(plan(visit.home, visit.home.now()), visit.home.signer.origin, visit.home.now())
    headers = {"Content-Disposition": 'attachment; filename="candour-retention.ics"'}
    return Response(text, media_type="text/calendar", headers=headers)


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
        standing = sorted({number for one in calendar.entries(session, lines) for number in one.holds})
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
