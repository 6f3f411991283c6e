"""One request as a page sees it: who asks, what they may, what they sent, and the home."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from starlette.datastructures import QueryParams
from starlette.requests import Request

from access import sessions
from access.people import Person
from access.roles import Act, allowed
from storage.errors import BadInput, NotFound
from storage.home import Home

LARGEST_FORM: Final = 1024 * 1024


class NoSuchPage(NotFound):
    """page: there is nothing at this address, or it is in another review; go back to where the link was"""


class FormTooLarge(BadInput):
    """page: the form is larger than 1 MiB; send less at once"""


class FormUnreadable(BadInput):
    """page: what was sent is not a form in UTF-8; nothing was changed, send it from the page itself"""


@dataclass(frozen=True, kw_only=True, slots=True)
class MenuItem:
    """A page in the menu, shown to those who may open it."""

    text: str
    path: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Visit:
    """A request that was let in. `session` is None only where the route is open to strangers; `places` is the menu of the
    review or conversation that the visitor is in.
    """

    request: Request
    home: Home
    session: sessions.SignedIn | None = None
    form: QueryParams = field(default_factory=QueryParams)
    menu: Sequence[MenuItem] = ()
    places: Sequence[MenuItem] = ()

    @property
    def signed_in(self) -> sessions.SignedIn:
        assert self.session is not None, "the route is open to strangers"
        return self.session

    @property
    def person(self) -> Person:
        return self.signed_in.person

    @property
    def path(self) -> str:
        return self.request.url.path

    @property
    def inside(self) -> str:
        """The review or conversation that the visitor is in, as the address says it; empty elsewhere."""
        return str(self.request.path_params.get("review", self.request.path_params.get("conversation", "")))

    @property
    def place(self) -> str:
        """The path of the item of `places` that the visitor is at or below; empty where there is none."""
        below = [one.path for one in self.places if f"{self.path}/".startswith(f"{one.path}/")]
        return max(below, key=len, default="")

    @property
    def address(self) -> str:
        """Where the request comes from, for the throttle."""
        return self.request.client.host if self.request.client else ""

    def may(self, *acts: Act) -> bool:
        """Whether the person may do any of these; for what a page offers. What it does is decided below, again."""
        return self.session is not None and any(allowed(self.session.person.roles, act) for act in acts)

    def part(self, name: str) -> str:
        """A part of the address, such as `{conversation}`."""
        return str(self.request.path_params[name])

    def query(self, name: str) -> str:
        """A parameter behind the `?`, empty when it is not there."""
        return self.request.query_params.get(name, "").strip()

    def text(self, name: str) -> str:
        """A field of the form without white space around it, empty when it is not there."""
        return self.form.get(name, "").strip()


async def read_form(request: Request) -> QueryParams:
    """The fields of a form that was sent in the one encoding that needs no temporary file.

    Raises:
        FormTooLarge, FormUnreadable.
    """
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST_FORM:
            raise FormTooLarge
    if body and not request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        raise FormUnreadable
    try:
        return QueryParams(body.decode("ascii"))
    except UnicodeDecodeError:
        raise FormUnreadable from None
