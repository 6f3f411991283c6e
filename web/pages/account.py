"""Who is signed in: one's own sessions, everybody's for those who manage people, and ending them."""

from uuid import UUID

from starlette.responses import Response

from access import sessions
from access.roles import Act
from web.rendering import render, see_other
from web.visit import NoSuchPage, Visit

NOTICES = {"ended": "The session is ended.", "password": "You have a new password."}


def page(visit: Visit) -> Response:
    own = sessions.going_on(visit.home, visit.person)
    others = (
        [one for one in sessions.going_on(visit.home, visit.person, everyone=True) if one.person.id != visit.person.id]
        if visit.may(Act.MANAGE_PEOPLE)
        else []
    )
    return render(visit, "account.html", own=own, others=others, notice=NOTICES.get(visit.query("done"), ""))


def end(visit: Visit) -> Response:
    try:
        session = UUID(visit.part("session"))
    except ValueError:
        raise NoSuchPage from None
    sessions.end_one(visit.home, visit.person, session)
    return see_other("/account?done=ended")
