"""The name key of a review: its terms and where they stand, adding, changing and removing them, a table at once, and dates."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Final

from sqlalchemy import select
from starlette.responses import JSONResponse, Response

from access.roles import NotAllowed
from pipeline.pseudonyms import naming, places, proposals, tables
from pipeline.pseudonyms.dates import Relative, Shift
from pipeline.pseudonyms.names import Kind, Term
from pipeline.pseudonyms.naming import UnknownTerm
from pipeline.reviews import find_review
from pipeline.stages import AT_WORK
from storage.errors import BadInput, NotFound, Refused
from storage.models import Conversation
from web.rendering import render, see_other, sentence
from web.visit import NoSuchPage, Visit

MOST_PLACES: Final = 50  # of a term are shown
NOTICES: Final[Mapping[str, str]] = {
    "added": "Added. Every conversation at work is pseudonymised anew.",
    "changed": "Changed. Every conversation at work is pseudonymised anew, and extracts follow.",
    "removed": "Removed. Its words are candidates again.",
    "imported": "Added. Destroy the table itself if it is no longer needed.",
    "dates": "Dates are said in this way from now on.",
    "undo": "Taken back.",
    "redo": "Done again.",
}


def page(visit: Visit) -> Response:
    return _page(visit, {})


def offer(visit: Visit) -> Response:
    """The same page with a word filled in that somebody marked in a transcript; it is sent, so that no address holds it."""
    return _page(visit, {})


def add(visit: Visit) -> Response:
    def act() -> None:
        kind = _kind(visit.text("kind"))
        naming.add(
            visit.home,
            visit.person,
            _review(visit),
            visit.text("real"),
            replacement=visit.text("replacement"),
            kind=kind,
        )

    return _done(visit, act, "added", "real")


def take_table(visit: Visit) -> Response:
    """Many terms at once, all or none."""

    def act() -> None:
        entries = tables.terms(visit.text("table").encode())
        if entries:
            naming.add_all(visit.home, visit.person, _review(visit), entries)

    return _done(visit, act, "imported", "table")


def set_dates(visit: Visit) -> Response:
    """Shift all dates, say them as a time from one day, or ask about each."""
    home, review = visit.home, _review(visit)

    def act() -> None:
        match visit.text("way"):
            case "shift":
                naming.shift_dates(home, visit.person, review)
            case "relative":
                naming.relate_dates(home, visit.person, review, _day(visit.text("origin")), visit.text("called"))
            case "ask":
                naming.ask_about_dates(home, visit.person, review)
            case _:
                raise NoSuchPage

    return _done(visit, act, "dates", "called")


def again(visit: Visit) -> Response:
    """Take back, or do again, what this person did last to the names of the review."""
    way = "redo" if visit.text("way") == "redo" else "undo"
    return _done(
        visit,
        lambda: (naming.redo if way == "redo" else naming.undo)(visit.home, visit.person, _review(visit)),
        way,
        "",
    )


def found(visit: Visit) -> Response:
    """Where the terms stand and how many candidates are open, which takes a moment: a script asks when the page is there."""
    return JSONResponse({"terms": _forms(visit), "open": _open(visit)})


def term_page(visit: Visit) -> Response:
    """One term: how it is written, what stands in its place, and every place where it does."""
    return _term_page(visit, {})


def change(visit: Visit) -> Response:
    also = [line.strip() for line in visit.text("also").splitlines() if line.strip()]
    try:
        naming.change(
            visit.home,
            visit.person,
            _review(visit),
            _term(visit).id,
            real=visit.text("real"),
            replacement=visit.text("replacement"),
            kind=_kind(visit.text("kind")),
            also=also,
        )
    except NotAllowed:
        raise
    except (BadInput, Refused) as error:
        return _term_page(visit, {"real": sentence(str(error))})
    return see_other(f"/reviews/{_review(visit)}/names?done=changed")


def remove(visit: Visit) -> Response:
    naming.remove(visit.home, visit.person, _review(visit), _term(visit).id)
    return see_other(f"/reviews/{_review(visit)}/names?done=removed")


def _review(visit: Visit) -> str:
    return visit.part("review")


def _kind(name: str) -> Kind:
    return Kind(name) if name in {kind.value for kind in Kind} else Kind.OTHER


class NoDay(BadInput):
    """names: write the day that dates are told from as 2021-03-03"""


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise NoDay from None


def _done(visit: Visit, act: Callable[[], object], done: str, at: str) -> Response:
    try:
        act()
    except (NotAllowed, NoSuchPage):
        raise
    except (BadInput, Refused, NotFound) as error:
        if isinstance(error, NotFound) and at:
            raise
        return _page(visit, {"origin" if isinstance(error, NoDay) else at: sentence(str(error))})
    return see_other(f"/reviews/{_review(visit)}/names?done={done}")


def _page(visit: Visit, errors: dict[str, str]) -> Response:
    key = naming.key_of(visit.home, visit.person, _review(visit))
    with visit.home.reading() as session:
        one = find_review(session, _review(visit))
        mine = select(Conversation).where(Conversation.review_id == one.id).order_by(Conversation.reference)
        conversations = [row for row in session.scalars(mine) if row.state in AT_WORK]
    counted = visit.query("found") == "yes"
    return render(
        visit,
        "names.html",
        status=422 if errors else 200,
        review=one.reference,
        key=key,
        shifted=isinstance(key.dates, Shift),
        relative=key.dates if isinstance(key.dates, Relative) else None,
        conversations=conversations,
        counted=counted,
        forms=_forms(visit) if counted else {},
        open=_open(visit) if counted else {},
        proposals={kind.value: proposals.replacement(kind, key) for kind in Kind},
        errors=errors,
        notice=NOTICES.get(visit.query("done"), ""),
    )


def _forms(visit: Visit) -> dict[str, list[tuple[str, bool, int]]]:
    found = places.of_terms(visit.home, visit.person, _review(visit))
    return {term: places.forms(where) for term, where in found.items()}


def _open(visit: Visit) -> dict[str, int]:
    return places.open_counts(visit.home, visit.person, _review(visit))


def _term(visit: Visit) -> Term:
    """The term, within its review. Raises UnknownTerm."""
    key = naming.key_of(visit.home, visit.person, _review(visit))
    try:
        return key[visit.part("term")]
    except KeyError:
        raise UnknownTerm(term=visit.part("term")) from None


def _term_page(visit: Visit, errors: dict[str, str]) -> Response:
    term = _term(visit)
    where = places.of_terms(visit.home, visit.person, _review(visit)).get(term.id, [])
    sent = visit.request.method == "POST"
    return render(
        visit,
        "name.html",
        status=422 if errors else 200,
        review=_review(visit),
        term=term,
        real=visit.text("real") if sent else term.real,
        also=visit.text("also") if sent else "\n".join(term.also),
        replacement=visit.text("replacement") if sent else term.replacement,
        kind=visit.text("kind") if sent else term.kind.value,
        kinds=[kind.value for kind in Kind],
        where=where,
        most=MOST_PLACES,
        errors=errors,
    )
