"""The one cookie: the token of a session, which only this host gets back and no script can read."""

from typing import Final

from starlette.responses import Response

NAME: Final = "__Host-candour"


def give(response: Response, token: str) -> None:
    """Hand a token to the browser, until it is closed."""
    response.set_cookie(NAME, token, secure=True, httponly=True, samesite="strict", path="/")


def take_back(response: Response) -> None:
    """Have the browser forget the token, and what it has stored of us."""
    response.delete_cookie(NAME, secure=True, httponly=True, samesite="strict", path="/")
    response.headers["Clear-Site-Data"] = '"cache", "storage"'
