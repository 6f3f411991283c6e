"""Withdrawal: a participant takes back consent, and where the law says so that is refused, with its ground."""

from collections.abc import Mapping
from typing import Final

from sqlalchemy.orm import Session
from starlette.responses import Response

from pipeline.reviews import find_conversation
from retention import holds, orders, withdrawal
from retention.orders import Reason
from retention.withdrawal import Ground
from storage.models import Conversation, State
from web.pages import signed
from web.rendering import render, see_other
from web.visit import Visit

GROUNDS: Final[Mapping[Ground, str]] = {
    Ground.LEGAL_OBLIGATION: "A legal obligation to keep it",
    Ground.PUBLIC_TASK: "A task in the public interest or official authority",
    Ground.PUBLIC_HEALTH: "Public interest in public health",
    Ground.RESEARCH_OR_ARCHIVE: "Research or archiving that it would seriously impair",
    Ground.LEGAL_CLAIMS: "Establishing, exercising or defending legal claims",
}


def page(visit: Visit) -> Response:
    """What a withdrawal does; and once there is one, what it waits for and how it is refused."""
    return _page(visit, {})


def withdraw(visit: Visit) -> Response:
    """The withdrawal is received: closed at once, and signed as the first of two."""
    reference = visit.part("conversation").upper()
    errors = signed.mistyped(visit, reference) | signed.missing(visit, "password")
    if not errors:
        errors = signed.sign(visit, lambda typed: withdrawal.withdraw(visit.home, visit.person, typed, reference))
    return _page(visit, errors) if errors else see_other(f"/conversations/{reference}/withdrawal?done=withdrawn")


def refuse(visit: Visit) -> Response:
    """The withdrawal is refused on a lawful ground, and the conversation is what it was before."""
    errors = signed.missing(visit, "reason", "reference", "password")
    if visit.text("ground") not in list(Ground):
        errors = {"ground": "Choose the ground."} | errors
    if errors:
        return _page(visit, errors)
    reference, ground = visit.part("conversation").upper(), Ground(visit.text("ground"))
    reason, rests_on = visit.text("reason"), visit.text("reference")
    errors = signed.sign(
        visit,
        lambda typed: withdrawal.refuse(
            visit.home, visit.person, typed, reference, ground, reason=reason, reference=rests_on
        ),
    )
    return _page(visit, errors) if errors else see_other(f"/conversations/{reference}/withdrawal?done=refused")


def _page(visit: Visit, errors: dict[str, str]) -> Response:
    with visit.home.reading() as session:
        one = find_conversation(session, visit.part("conversation"))
        return render(
            visit,
            "withdrawal.html",
            status=422 if errors else 200,
            one=one,
            position=one.participant.position,
            order=_order(session, one),
            gone=one.state is State.WITHDRAWN,
            holds=holds.standing(session, one),
            grounds=[("", "Choose one"), *((ground.value, text) for ground, text in GROUNDS.items())],
            notice=_notice(visit),
            errors=errors,
        )


def _order(session: Session, one: Conversation) -> int | None:
    found = orders.open_order(session, one.review, one.recording_key, Reason.WITHDRAWAL)
    return found.number if found else None


def _notice(visit: Visit) -> str:
    return {
        "withdrawn": "It is closed. A second, different person must sign its destruction.",
        "refused": "The withdrawal is refused. Tell the participant, with the ground and how to complain.",
    }.get(visit.query("done"), "")
