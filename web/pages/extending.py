"""Keeping a recording longer than its schedule says, with a reason on record."""

from datetime import date

from sqlalchemy import func, select
from starlette.responses import Response

from pipeline.reviews import find_conversation
from retention import extending, holds
from storage.models import Extension
from web.pages import signed
from web.rendering import render, see_other
from web.visit import Visit

DAY = "Type a day as year, month and day, such as 2027-03-31."


def page(visit: Visit) -> Response:
    """Until when it is kept, how often that was put off, and the form to do so."""
    return _page(visit, {})


def extend(visit: Visit) -> Response:
    errors = signed.missing(visit, "reason", "reference", "password")
    until = _day(visit.text("until"))
    if until is None:
        errors = {"until": DAY} | errors
    if errors or until is None:
        return _page(visit, errors)
    target, reason, reference = visit.part("conversation"), visit.text("reason"), visit.text("reference")
    errors = signed.sign(
        visit,
        lambda typed: extending.extend(
            visit.home, visit.person, typed, target, until, reason=reason, reference=reference
        ),
    )
    if errors:
        return _page(visit, {field or "until": said for field, said in errors.items()})
    return see_other(f"/conversations/{target}/extend?done=yes")


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _page(visit: Visit, errors: dict[str, str]) -> Response:
    with visit.home.reading() as session:
        one = find_conversation(session, visit.part("conversation"))
        times = session.scalar(select(func.count()).where(Extension.conversation_id == one.id)) or 0
        return render(
            visit,
            "extending.html",
            status=422 if errors else 200,
            one=one,
            position=one.participant.position,
            times=times,
            holds=holds.standing(session, one),
            notice="It is kept longer, on record." if visit.query("done") else "",
            errors=errors,
        )
