"""Signing a conversation off: what is open, what a signature means, the signature itself, and taking it back."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.responses import Response

from pipeline.reviews import find_conversation
from retention import approvals, holds, policy
from retention.policy import ObjectClass
from storage.home import Home
from storage.models import Conversation, Person, SignOff, State
from web.pages import signed
from web.pages.conversation import tasks
from web.rendering import render, see_other, sentence
from web.visit import Visit


@dataclass(frozen=True, kw_only=True, slots=True)
class Signature:
    """Who has signed, and when."""

    name: str
    at: datetime


def page(visit: Visit) -> Response:
    """The conditions as a task list, and who has signed."""
    return _page(visit, {})


def _page(visit: Visit, errors: dict[str, str]) -> Response:
    with visit.home.reading() as session:
        one = find_conversation(session, visit.part("conversation"))
        signatures, open_tasks = _signatures(session, one), tasks(visit, session, one)
        return render(
            visit,
            "signing.html",
            status=422 if errors else 200,
            one=one,
            position=one.participant.position,
            tasks=open_tasks,
            holds=holds.standing(session, one),
            signatures=signatures,
            why_not=_why_not(visit, session, one) if one.state is State.CODED else "",
            takes_back=bool(signatures) and one.state in {State.CODED, State.SIGNED_OFF} and not one.quarantined,
            notice=_notice(visit, len(signatures)),
            errors=errors,
        )


def take_back(visit: Visit) -> Response:
    """All signatures are taken back, so that work can go on."""
    errors = signed.missing(visit, "password")
    if not errors:
        reference = visit.part("conversation")
        errors = signed.sign(visit, lambda typed: approvals.take_back(visit.home, visit.person, typed, reference))
    return _page(visit, errors) if errors else see_other(_address(visit, "?done=back"))


def interruption(visit: Visit) -> Response:
    """What goes, what stays, that it is for ever. Whoever may not sign now learns why instead."""
    with visit.home.reading() as session:
        one = find_conversation(session, visit.part("conversation"))
        if one.state is not State.CODED:
            return see_other(_address(visit, ""))
        approvals.admit(visit.home, session, one, visit.person)
    return _interruption(visit, {})


def sign(visit: Visit) -> Response:
    """The signature: the reference typed, and the password."""
    reference = visit.part("conversation").upper()
    errors = signed.mistyped(visit, reference) | signed.missing(visit, "password")
    if not errors:
        errors = signed.sign(visit, lambda typed: approvals.sign_off(visit.home, visit.person, typed, reference))
    return _interruption(visit, errors) if errors else see_other(_address(visit, "?done=signed"))


def _notice(visit: Visit, signatures: int) -> str:
    if visit.query("done") == "signed":
        return "Signed. It is signed off." if signatures > 1 else "Signed. A second, different person must sign too."
    return "The signatures are taken back." if visit.query("done") == "back" else ""


def _why_not(visit: Visit, session: Session, one: Conversation) -> str:
    """Why this person may not sign now; empty when they may, or when the task list tells it already."""
    try:
        approvals.admit(visit.home, session, one, visit.person)
    except approvals.NotReady:
        return ""
    except (approvals.AlreadySigned, approvals.OwnReview) as error:
        return sentence(str(error))
    return ""


def _interruption(visit: Visit, errors: dict[str, str]) -> Response:
    with visit.home.reading() as session:
        one = find_conversation(session, visit.part("conversation"))
        return render(
            visit,
            "signing_confirm.html",
            status=422 if errors else 200,
            one=one,
            position=one.participant.position,
            second=bool(_signatures(session, one)),
            at=_day(visit.home, one),
            holds=holds.standing(session, one),
            errors=errors,
        )


def _day(home: Home, one: Conversation) -> datetime | None:
    """The first day on which the recording may go when the second person signs today."""
    dates = policy.Dates(
        recorded=one.recording.sealed_at if one.recording else None,
        signed_off=home.now(),
        review_closed=one.review.closed_at,
        keep_until=one.keep_until,
    )
    found = policy.deadlines(policy.parse(one.review.schedule), dates)
    return next((deadline.at for deadline in found if deadline.object_class is ObjectClass.RECORDING), None)


def _signatures(session: Session, one: Conversation) -> list[Signature]:
    given = select(Person.name, SignOff.at).join(Person, Person.id == SignOff.person_id)
    found = session.execute(given.where(SignOff.conversation_id == one.id).order_by(SignOff.at))
    return [Signature(name=name, at=at) for name, at in found]


def _address(visit: Visit, rest: str) -> str:
    return f"/conversations/{visit.part('conversation')}/sign-off{rest}"
