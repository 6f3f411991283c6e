"""Holds of a review and of the conversations in it: which stand and why, placing one, and lifting one by two people."""

from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.responses import Response

from pipeline.reviews import find_review
from retention import holds
from retention.holds import HoldView
from storage.models import Conversation, Review
from web.pages import signed
from web.rendering import render, see_other
from web.visit import NoSuchPage, Visit


def page(visit: Visit) -> Response:
    """What stands and what was lifted; the form to place one is below."""
    return _page(visit, visit.query("conversation").upper(), {})


def place(visit: Visit) -> Response:
    """One person places a hold, signed, at once effective."""
    target, errors = visit.text("target"), signed.missing(visit, "reason", "reference", "password")
    with visit.home.reading() as session:
        review = _review(visit, session)
        known = {review.reference, *_conversations(session, review)}
    if target not in known:
        raise NoSuchPage
    numbers: list[int] = []
    if not errors:
        reason, reference = visit.text("reason"), visit.text("reference")

        def act(typed: str) -> None:
            numbers.append(holds.place(visit.home, visit.person, typed, target, reason=reason, reference=reference))

        errors = signed.sign(visit, act)
    return _page(visit, target, errors) if errors else see_other(f"{_address(review)}?placed={numbers[0]}")


def lift_page(visit: Visit) -> Response:
    """One hold: why it stands, who agreed to lift it, and the form to agree."""
    return _lift_page(visit, {})


def lift(visit: Visit) -> Response:
    """Agree to lift a hold: the first asks, the second lifts."""
    one = _find(visit)
    errors = signed.missing(visit, "reason", "reference", "password")
    if not errors:
        reason, reference = visit.text("reason"), visit.text("reference")
        errors = signed.sign(
            visit,
            lambda typed: holds.lift(visit.home, visit.person, typed, one.number, reason=reason, reference=reference),
        )
    return _lift_page(visit, errors) if errors else see_other(f"/reviews/{one.review}/holds?agreed={one.number}")


def _page(visit: Visit, target: str, errors: dict[str, str]) -> Response:
    with visit.home.reading() as session:
        review = _review(visit, session)
        conversations = _conversations(session, review)
    found = holds.views(visit.home, review.reference)
    return render(
        visit,
        "holds.html",
        status=422 if errors else 200,
        review=review.reference,
        targets=[(review.reference, f"All of {review.reference}"), *((name, name) for name in conversations)],
        target=target,
        standing=[hold for hold in found if hold.lifted_at is None],
        lifted=[hold for hold in found if hold.lifted_at is not None],
        notice=_notice(visit, found),
        errors=errors,
    )


def _notice(visit: Visit, found: list[HoldView]) -> str:
    """What the form did, said of the hold as it is now."""
    for hold in found:
        if str(hold.number) == visit.query("placed"):
            return f"Hold {hold.number} stands."
        if str(hold.number) == visit.query("agreed"):
            still = f"Hold {hold.number} still stands: a second, different person must agree."
            return f"Hold {hold.number} is lifted." if hold.lifted_at else still
    return ""


def _lift_page(visit: Visit, errors: dict[str, str]) -> Response:
    return render(visit, "hold_lift.html", status=422 if errors else 200, hold=_find(visit), errors=errors)


def _find(visit: Visit) -> HoldView:
    """The hold, within its review.

    Raises:
        UnknownReview, NoSuchPage.
    """
    with visit.home.reading() as session:
        review = _review(visit, session).reference
    for hold in holds.views(visit.home, review):
        if str(hold.number) == visit.part("hold"):
            return hold
    raise NoSuchPage


def _review(visit: Visit, session: Session) -> Review:
    return find_review(session, visit.part("review"))


def _conversations(session: Session, review: Review) -> list[str]:
    found = select(Conversation.reference).where(Conversation.review_id == review.id)
    return list(session.scalars(found.order_by(Conversation.reference)))


def _address(review: Review) -> str:
    return f"/reviews/{review.reference}/holds"
