"""Signing in with name and password or with a link that works once, signing out, and the end of a session."""

from starlette.responses import JSONResponse, Response

from access import directory, sessions, signing_in
from storage.errors import Locked, Refused
from web import cookies
from web.rendering import own_path, render, see_other, sentence
from web.visit import Visit


def form(visit: Visit) -> Response:
    """The form; who is signed in already goes where they wanted."""
    if visit.session is not None:
        return see_other(visit.query("next") or "/")
    return render(visit, "sign_in.html", next=own_path(visit.query("next") or "/"), name="", errors={})


def sign_in(visit: Visit) -> Response:
    """The form, sent. The password goes to the check as it was typed, white space and all."""
    name, next_page = visit.text("name"), own_path(visit.text("next") or "/")
    try:
        begun = signing_in.sign_in(visit.home, name, visit.form.get("password", ""), visit.address)
    except (directory.WrongSignIn, signing_in.TooManyAttempts) as error:
        errors = {"name": sentence(str(error))}
        status = 429 if isinstance(error, Refused) else 403
        return render(visit, "sign_in.html", status=status, next=next_page, name=name, errors=errors)
    return _welcome(begun, next_page)


def link(visit: Visit) -> Response:
    """The page of a one-time link. Opening it uses nothing up, so that a preview of it does no harm."""
    return render(visit, "sign_in_link.html", token=visit.query("token"), errors={})


def sign_in_by_link(visit: Visit) -> Response:
    """The link, used."""
    try:
        begun = signing_in.sign_in_by_link(visit.home, visit.text("token"), visit.address)
    except (Locked, directory.PersonDisabled) as error:
        return render(visit, "sign_in_link.html", status=403, token="", errors={"": sentence(str(error))})
    return _welcome(begun, "/")


def _welcome(begun: sessions.Begun, path: str) -> Response:
    response = see_other(path)
    cookies.give(response, begun.token)
    return response


def sign_out(visit: Visit) -> Response:
    sessions.end(visit.home, visit.signed_in)
    response = see_other("/sign-in")
    cookies.take_back(response)
    return response


def left(visit: Visit) -> Response:
    """How long the session lasts when nobody does anything, in seconds; asking does not prolong it."""
    rest = visit.signed_in.ends - visit.home.now()
    return JSONResponse({"seconds": max(0, int(rest.total_seconds()))})


def stay(visit: Visit) -> Response:
    """Somebody is there: the request itself has prolonged the session."""
    return left(visit)
