"""The participants of a review by position, and planning a conversation with one. Real names are the register's alone."""

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import date
from typing import Final

from sqlalchemy import select
from starlette.responses import PlainTextResponse, Response

from access.roles import NotAllowed
from pipeline import reviews
from pipeline.reviews import RegisterEntry, find_conversation, find_review
from pipeline.transcription import languages
from storage.errors import BadInput, Refused
from storage.models import Conversation, Participant
from web.rendering import render, see_other, sentence
from web.visit import Visit

INTERVIEWER: Final = "Interviewer"
NOTICES: Final[Mapping[str, str]] = {"added": "Added.", "changed": "Changed.", "removed": "Removed."}


def page(visit: Visit) -> Response:
    return _page(visit, {})


def add(visit: Visit) -> Response:
    """A participant by position; name and contact, when given, go straight into the register."""
    name, contact = visit.text("name"), visit.text("contact")
    entry = RegisterEntry(name=name, contact=contact) if name or contact else None

    def act() -> None:
        reviews.add_participant(
            visit.home, visit.person, visit.part("review"), visit.text("position"), visit.text("agency"), entry
        )

    return _done(visit, act, "position", "added")


def change(visit: Visit) -> Response:
    """Another agency."""

    def act() -> None:
        reviews.change_participant(
            visit.home, visit.person, visit.part("review"), visit.text("who"), agency=visit.text("new-agency")
        )

    return _done(visit, act, "who", "changed")


def remove(visit: Visit) -> Response:
    """Take out somebody with whom no conversation was planned."""

    def act() -> None:
        reviews.remove_participant(visit.home, visit.person, visit.part("review"), visit.text("who"))

    return _done(visit, act, "who", "removed")


def plan(visit: Visit) -> Response:
    """Plan a conversation: its keys are made, and it can be recorded."""
    home, language = visit.home, visit.text("language") or "en"
    try:
        on = date.fromisoformat(visit.text("on")) if visit.text("on") else None
    except ValueError:
        return _page(visit, {"on": "Write the day as 2026-03-02."})
    try:
        languages.check(language)
    except languages.UnknownLanguage as error:
        return _page(visit, {"language": sentence(str(error))})
    try:
        made = reviews.plan_conversation(
            home,
            visit.person,
            visit.part("review"),
            visit.text("with"),
            interviewer=visit.text("interviewer") or INTERVIEWER,
            on=on,
        )
    except BadInput as error:
        return _page(visit, {"interviewer": sentence(str(error))})
    if language != "en":
        languages.choose(home, visit.person, made.reference, language)
    return see_other(f"/conversations/{made.reference}?done=planned")


def recipient(visit: Visit) -> Response:
    """What a recorder seals to, as a file: it can seal with it, and open nothing."""
    with visit.home.reading() as session:
        one = find_conversation(session, visit.part("conversation"))
    headers = {"Content-Disposition": f'attachment; filename="{one.reference}.txt"'}
    return PlainTextResponse(f"{one.recipient}\n", headers=headers)


def _done(visit: Visit, act: Callable[[], None], at: str, done: str) -> Response:
    try:
        act()
    except NotAllowed:
        raise
    except (BadInput, Refused) as error:
        field = "agency" if at == "position" and str(error).startswith("agency:") else at
        return _page(visit, {field: sentence(str(error))})
    return see_other(f"/reviews/{visit.part('review')}/participants?done={done}")


def _page(visit: Visit, errors: dict[str, str]) -> Response:
    with visit.home.reading() as session:
        one = find_review(session, visit.part("review"))
        mine = select(Participant).where(Participant.review_id == one.id)
        people = session.scalars(mine.order_by(Participant.position)).all()
        counts = Counter(session.scalars(select(Conversation.participant_id).where(Conversation.review_id == one.id)))
    return render(
        visit,
        "participants.html",
        status=422 if errors else 200,
        one=one,
        people=[(person, counts[person.id]) for person in people],
        agencies=sorted({person.agency for person in people}),
        interviewer=INTERVIEWER,
        errors=errors,
        notice=NOTICES.get(visit.query("done"), ""),
    )
