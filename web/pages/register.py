"""The register of a review: who its participants really are. The one page that says so; each look and each change is logged."""

from starlette.responses import Response

from pipeline import reviews
from pipeline.reviews import RegisterEntry
from storage.errors import BadInput
from web.rendering import render, see_other
from web.visit import Visit


class NoEntry(BadInput):
    """register: say the real name, the contact, or both; an entry that is not true any more can be changed, not emptied"""


def page(visit: Visit) -> Response:
    review = visit.part("review")
    found = reviews.read_register(visit.home, visit.person, review)
    notice = "Changed, and logged." if visit.query("done") else ""
    return render(visit, "register.html", review=review, entries=found, notice=notice)


def change(visit: Visit) -> Response:
    """Another entry for a participant."""
    name, contact = visit.text("name"), visit.text("contact")
    if not name and not contact:
        raise NoEntry
    reviews.change_participant(
        visit.home,
        visit.person,
        visit.part("review"),
        visit.text("position"),
        register=RegisterEntry(name=name, contact=contact),
    )
    return see_other(f"/reviews/{visit.part('review')}/register?done=changed")
