"""Errors as a person at the page meets them: a status, a heading, and the sentence that the error has anyway."""

import logging
from dataclasses import replace
from typing import Final

from starlette.responses import JSONResponse, Response

from access.roles import NotAllowed
from storage.errors import (
    BadInput,
    Busy,
    CandourError,
    Destroyed,
    Locked,
    NotFound,
    NotVerified,
    Refused,
    Unavailable,
)
from web.rendering import render
from web.visit import Visit

log = logging.getLogger(__name__)

# The first that fits counts.
STATUS: Final[tuple[tuple[type[CandourError], int], ...]] = (
    (NotAllowed, 403),
    (Refused, 409),
    (BadInput, 422),
    (NotFound, 404),
    (Busy, 409),
    (Locked, 403),
    (Destroyed, 410),
    (Unavailable, 503),
    (NotVerified, 500),
)
HEADINGS: Final = {
    403: "You may not do this",
    404: "Nothing is here",
    405: "This cannot be done here",
    409: "This cannot be done now",
    410: "This has been destroyed",
    422: "This cannot be used",
    500: "Something went wrong",
    503: "The machine does not allow it",
}
UNFORESEEN: Final = (
    "an error nobody foresaw; nothing was half-written, and where it happened stands in the log of the server"
)


def status_of(error: CandourError) -> int:
    """The HTTP status of an error."""
    return next((status for family, status in STATUS if isinstance(error, family)), 500)


def answer(visit: Visit, error: CandourError) -> Response:
    """The page of an error, or its JSON for a script that asked."""
    return page(visit, status_of(error), str(error), type(error).__name__)


def unforeseen(visit: Visit, error: Exception) -> Response:
    """The page of what nobody foresaw. The log has the type and the place; the message, which may hold content, goes nowhere."""
    log.error("a page failed", exc_info=error)
    return page(visit, 500, UNFORESEEN, "Unforeseen")


def page(visit: Visit, status: int, message: str, kind: str) -> Response:
    if wants_json(visit):
        return JSONResponse({"error": {"kind": kind, "message": message}}, status_code=status)
    if status == 404:
        visit = replace(visit, places=())  # what is not there has no pages
    return render(visit, "error.html", status=status, heading=HEADINGS.get(status, HEADINGS[500]), message=message)


def wants_json(visit: Visit) -> bool:
    """Whether a script asks, and not a person who reads."""
    return visit.request.headers.get("accept", "").startswith("application/json")
