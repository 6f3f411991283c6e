"""The page, put together."""

from collections.abc import Collection

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response

from storage.home import Home
from web import errors, files
from web.arrivals import Arrivals
from web.auditing import Auditing
from web.gate import route
from web.handed import Handed
from web.headers import Guard
from web.routes import ROUTES
from web.visit import Visit


def create_app(home: Home, origins: Collection[str]) -> Starlette:
    """The page of an opened home, answering to `origins` alone, such as `http://127.0.0.1:8000`."""

    async def other(request: Request, error: Exception) -> Response:
        # An address outside of the table, or a method that it does not have.
        assert isinstance(error, HTTPException)
        visit = Visit(request=request, home=home)
        message = f"page: {errors.HEADINGS.get(error.status_code, '').lower()}; go back to where the link was"
        return await run_in_threadpool(errors.page, visit, error.status_code, message, "NoSuchPage")

    app = Starlette(
        routes=[*files.mounts(), *(route(home, entry, ROUTES) for entry in ROUTES)],
        middleware=[Middleware(Guard, origins=origins)],
        exception_handlers={HTTPException: other},
    )
    app.state.arrivals = Arrivals(home)
    app.state.auditing = Auditing()
    app.state.handed = Handed()
    return app
