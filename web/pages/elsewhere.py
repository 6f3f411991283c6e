"""The first page, which is another for each role, and every address that is not one."""

from starlette.responses import Response

from web.rendering import see_other
from web.visit import NoSuchPage, Visit


def first_page(visit: Visit) -> Response:
    """The first page of the menu that this person has."""
    return see_other(visit.menu[0].path if visit.menu else "/account")


def nothing(visit: Visit) -> Response:
    raise NoSuchPage
