"""Another password for oneself: with the old one, or without it for who came with a one-time link and has none any more."""

from starlette.responses import Response

from access import changing, signing_in
from access.passwords import BadPassword
from storage.errors import Locked
from web.rendering import render, see_other, sentence
from web.visit import Visit


def form(visit: Visit) -> Response:
    return _page(visit, {})


def change(visit: Visit) -> Response:
    """The form, sent. Passwords are taken as they were typed."""
    old, new, again = (visit.form.get(name, "") for name in ("old", "new", "again"))
    if new != again:
        return _page(visit, {"again": "The two are not the same; type the new password twice."})
    try:
        if visit.text("forgotten") and visit.signed_in.by_link:
            changing.choose_password(visit.home, visit.signed_in, new)
        else:
            with signing_in.attempting(visit.home, visit.person.name, visit.address):
                changing.change_password(visit.home, visit.person, old, new, keep=visit.signed_in)
    except BadPassword as error:
        return _page(visit, {"new": sentence(str(error))})
    except Locked:
        return _page(visit, {"old": "This is not your password; nothing was changed."})
    except signing_in.TooManyAttempts as error:
        return _page(visit, {"old": sentence(str(error))})
    return see_other("/account?done=password")


def _page(visit: Visit, errors: dict[str, str]) -> Response:
    return render(visit, "password.html", status=422 if errors else 200, errors=errors)
