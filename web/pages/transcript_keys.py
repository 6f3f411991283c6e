"""The keys and settings that a person has chosen for the page of a transcript. They are kept here and not in the browser."""

from starlette.responses import JSONResponse, Response

from access.preferences import BadKeys, Preferences, choose, chosen
from web.visit import Visit


def keys(visit: Visit) -> Response:
    return JSONResponse(chosen(visit.home, visit.person).to_json())


def keep(visit: Visit) -> Response:
    """One line an action: its name and its keys, with a space between them."""
    lines = (line.split() for line in visit.text("keys").splitlines())
    own = {action: tuple(combos) for action, *combos in filter(None, lines)}
    try:
        rewind = float(visit.text("rewind") or 0)
    except ValueError:
        raise BadKeys(what="the time to go back") from None
    choose(visit.home, visit.person, Preferences(set=visit.text("set"), own=own, rewind=rewind))
    return keys(visit)
