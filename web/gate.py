"""Who gets in: every route names what a person must be allowed to do, and there is no route without that.

    get("/conversations/{conversation}/transcript", transcript.page, may(Act.READ_TRANSCRIPT))

A page is a function of a visit. One that reads its own request, such as an upload, or that answers piece by piece, is `async`;
every other runs in a thread, so that the database may be waited for.
"""

import inspect
import re
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeAlias, cast

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import URL
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from access import sessions
from access.roles import Act, NotAllowed, Role, allowed
from storage.errors import CandourError
from storage.home import Home
from web import cookies, errors
from web.headers import SAFE
from web.visit import MenuItem, Visit, read_form

Page: TypeAlias = Callable[[Visit], Response]
Stream: TypeAlias = Callable[[Visit], Awaitable[Response]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Gate:
    """Whom a route lets in: strangers too, everybody who is signed in, or those who may do one of `acts`."""

    strangers: bool = False
    acts: frozenset[Act] = frozenset()

    def admits(self, roles: Collection[Role]) -> bool:
        return self.strangers or not self.acts or any(allowed(roles, act) for act in self.acts)


STRANGERS: Final = Gate(strangers=True)
SIGNED_IN: Final = Gate()
_PLACE: Final = re.compile(r"\{(\w+)")


def may(*acts: Act) -> Gate:
    """Those whose roles allow at least one of these acts."""
    if not acts:
        raise ValueError("a gate names what a person must be allowed to do")
    return Gate(acts=frozenset(acts))


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """One line of the route table. `menu` is its name in the menu, or where its path names a review or a conversation, in the
    menu of that; what scripts ask for by themselves is `quiet` and keeps nobody signed in.
    """

    method: str
    path: str
    page: Page | Stream
    gate: Gate
    menu: str = ""
    quiet: bool = False


def get(path: str, page: Page | Stream, gate: Gate, *, menu: str = "", quiet: bool = False) -> Entry:
    return Entry(method="GET", path=path, page=page, gate=gate, menu=menu, quiet=quiet)


def post(path: str, page: Page | Stream, gate: Gate, *, quiet: bool = False) -> Entry:
    return Entry(method="POST", path=path, page=page, gate=gate, quiet=quiet)


def route(home: Home, entry: Entry, table: Sequence[Entry]) -> Route:
    """The route of an entry, with its gate in front."""

    async def endpoint(request: Request) -> Response:
        visit = Visit(request=request, home=home)
        try:
            visit = await run_in_threadpool(_recognised, visit, entry, table)
            refused = _refused(visit, entry)
            return refused if refused is not None else await _answered(visit, entry)
        except CandourError as error:
            return await run_in_threadpool(errors.answer, visit, error)
        except ClientDisconnect:
            # Whoever asked has gone, in the middle of sending; nobody reads this.
            return Response(status_code=400)
        except Exception as error:
            return await run_in_threadpool(errors.unforeseen, visit, error)

    return Route(entry.path, endpoint, methods=[entry.method])


def _recognised(visit: Visit, entry: Entry, table: Sequence[Entry]) -> Visit:
    token = visit.request.cookies.get(cookies.NAME, "")
    try:
        session = sessions.find(visit.home, token, acting=not entry.quiet) if token else None
    except sessions.NotSignedIn:
        session = None
    roles = session.person.roles if session else frozenset()
    items = [one for one in table if session and one.menu and one.gate.admits(roles)]
    return replace(
        visit, session=session, menu=_menu(visit, items), places=_menu(visit, items, ("review", "conversation"))
    )


def _menu(visit: Visit, items: Sequence[Entry], within: Sequence[str] = ()) -> list[MenuItem]:
    """The items whose path has nothing to fill in, or those of the review or else the conversation that the visitor is in."""
    inside = [name for name in within if name in visit.request.path_params][:1]
    if within and not inside:
        return []
    filled = {name: visit.part(name) for name in inside}
    return [
        MenuItem(text=one.menu, path=one.path.format(**filled)) for one in items if _PLACE.findall(one.path) == inside
    ]


def _refused(visit: Visit, entry: Entry) -> Response | None:
    """What a visitor gets who is not let in.

    Raises:
        NotAllowed: the person has none of the roles that are needed.
    """
    if entry.gate.strangers:
        return None
    if visit.session is None:
        return _to_sign_in(visit)
    if not entry.gate.admits(visit.person.roles):
        needed = [role.value for role in Role if entry.gate.admits(frozenset({role}))]
        act = sorted(entry.gate.acts)[0]
        raise NotAllowed(person=visit.person.name, act=act.value, needed=" or ".join(needed))
    return None


def _to_sign_in(visit: Visit) -> Response:
    if errors.wants_json(visit):
        return JSONResponse({"error": {"kind": "SignedOut", "message": "sign in again"}}, status_code=401)
    # A form that was sent too late is not sent again after signing in; the page it was on is shown.
    address = URL("/sign-in")
    if visit.request.method in SAFE and visit.path != "/":
        query = visit.request.url.query
        address = address.include_query_params(next=f"{visit.path}?{query}" if query else visit.path)
    return RedirectResponse(address, status_code=303)


async def _answered(visit: Visit, entry: Entry) -> Response:
    if inspect.iscoroutinefunction(entry.page):
        return await cast("Stream", entry.page)(visit)
    if entry.method not in SAFE:
        visit = replace(visit, form=await read_form(visit.request))
    return await run_in_threadpool(cast("Page", entry.page), visit)
