"""A conversation for the public: what must be decided before it may leave, said in general, confirmed or answered for."""

from collections.abc import Callable, Mapping
from typing import Final

from starlette.responses import Response

from access.roles import NotAllowed
from pipeline.export.model import Profile
from pipeline.pseudonyms import disclosing
from pipeline.pseudonyms.disclosing import NothingToExport, Standing
from pipeline.pseudonyms.disclosure import What
from pipeline.reviews import find_conversation
from storage.errors import BadInput, Refused
from web.rendering import render, see_other, sentence
from web.visit import Visit

READERS: Final = [
    (Profile.PUBLIC.value, "the public"),
    (Profile.PARTICIPANT.value, "the participant"),
    (Profile.INTERNAL.value, "the review team"),
]
NOTICES: Final[Mapping[str, str]] = {
    "general": "Said in general, in all of the review.",
    "confirmed": "Confirmed, and logged.",
    "back": "Taken back, and logged.",
    "answered": "Logged: you answer for what is open now. It ends as soon as that, or the extracts, change.",
}


def page(visit: Visit) -> Response:
    return _page(visit, {})


def generalise(visit: Visit) -> Response:
    """Say something in general, wherever it stands in the review."""
    at = visit.text("at")
    return _done(
        visit,
        lambda: disclosing.generalise(visit.home, visit.person, _reference(visit), at, visit.text("shown")),
        "general",
        f"shown-{at}",
    )


def confirm(visit: Visit) -> Response:
    """Confirm that what stands at the ticked places points at nobody."""
    places = visit.form.getlist("at")
    if not places:
        return _page(visit, {"confirm": "Tick what you confirm."})
    return _done(
        visit, lambda: disclosing.confirm(visit.home, visit.person, _reference(visit), places), "confirmed", "confirm"
    )


def take_back(visit: Visit) -> Response:
    """Take a confirmation back."""
    places = [visit.text("at")]
    return _done(visit, lambda: disclosing.take_back(visit.home, visit.person, _reference(visit), places), "back", "")


def override(visit: Visit) -> Response:
    """Answer for letting it leave with what is open in it now, with a reason."""
    profiles = {value for value, _ in READERS}
    profile = Profile(visit.text("reader") if visit.text("reader") in profiles else Profile.PUBLIC)
    return _done(
        visit,
        lambda: disclosing.override(visit.home, visit.person, _reference(visit), profile, visit.text("reason")),
        "answered",
        "reason",
    )


def _reference(visit: Visit) -> str:
    return visit.part("conversation")


def _done(visit: Visit, act: Callable[[], object], done: str, at: str) -> Response:
    try:
        act()
    except NotAllowed:
        raise
    except (BadInput, Refused) as error:
        return _page(visit, {at: sentence(str(error))})
    return see_other(f"/conversations/{_reference(visit)}/public?done={done}")


def _page(visit: Visit, errors: dict[str, str]) -> Response:
    with visit.home.reading() as session:
        one = find_conversation(session, _reference(visit))
        review, position = one.review.reference, one.participant.position
    try:
        standing: Standing | None = disclosing.standing(visit.home, visit.person, one.reference)
    except NothingToExport:
        standing = None
    return render(
        visit,
        "public.html",
        status=422 if errors else 200,
        one=one,
        review=review,
        position=position,
        standing=standing,
        names=[open for open in standing.open if open.what is What.NAME] if standing else [],
        open=[open for open in standing.open if open.what is not What.NAME] if standing else [],
        readers=READERS,
        errors=errors,
        notice=NOTICES.get(visit.query("done"), ""),
    )
