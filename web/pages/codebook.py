"""The codebook of a review: the tree of codes, changing it code by code, merging two, and bringing in another.

All of it can be undone.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from pipeline.codes import bookkeeping, finding
from pipeline.codes.codebook import Code, Codebook
from pipeline.codes.finding import Wanted
from pipeline.imports import codebooks
from pipeline.reviews import find_review
from storage.errors import BadInput, NotFound, Refused
from web.errors import status_of
from web.pages.extract import labels
from web.rendering import render, see_other, sentence
from web.visit import NoSuchPage, Visit

DONE = {
    "added": "The code is added.",
    "changed": "The code is changed.",
    "merged": "The two are one code now, with the extracts of both.",
    "removed": "The code is removed.",
    "adopted": "The review has another codebook now.",
    "undo": "Taken back.",
    "redo": "Done again.",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """A code in the tree: how deep it lies, and how many extracts it has."""

    code: Code
    depth: int
    extracts: int


def page(visit: Visit) -> Response:
    return _page(visit, {})


def one(visit: Visit) -> Response:
    """One code, `?id=c33`, to be changed, merged or removed."""
    return _one(visit, visit.query("id"), {})


def add(visit: Visit) -> Response:
    given = Code(id="", name=visit.text("name"), **_given(visit))
    below = visit.text("below") or None
    return _acted(
        visit, "added", lambda: bookkeeping.add(visit.home, visit.person, _review(visit), given, below=below), _page
    )


def change(visit: Visit) -> Response:
    """Everything a code has, as the form says it."""
    fields = _given(visit) | {"name": visit.text("name"), "below": visit.text("below")}
    fields["retired"] = visit.text("retired") == "yes"
    return _of_one(visit, "changed", lambda id: _changed(visit, id, fields))


def merge(visit: Visit) -> Response:
    into = visit.text("into")
    return _of_one(visit, "merged", lambda id: bookkeeping.merge(visit.home, visit.person, _review(visit), id, into))


def remove(visit: Visit) -> Response:
    return _of_one(visit, "removed", lambda id: bookkeeping.remove(visit.home, visit.person, _review(visit), id))


def undo(visit: Visit) -> Response:
    return _acted(visit, "undo", lambda: bookkeeping.undo(visit.home, visit.person, _review(visit)), _page)


def redo(visit: Visit) -> Response:
    return _acted(visit, "redo", lambda: bookkeeping.redo(visit.home, visit.person, _review(visit)), _page)


def adopt(visit: Visit) -> Response:
    """Another codebook, as text: first what it would change, then, when the form says `sure`, the change."""
    home, person, review = visit.home, visit.person, _review(visit)
    source = visit.form.get("source", "")

    def understood() -> codebooks.Change:
        return codebooks.understand(bookkeeping.read(home, person, review), source.encode(), review)

    if visit.text("sure") == "yes":
        return _acted(
            visit, "adopted", lambda: bookkeeping.replace_codebook(home, person, review, understood().book), _page
        )
    try:
        found = understood()
    except (BadInput, Refused) as error:
        return _page(visit, {"source": sentence(str(error))}, status=status_of(error))
    return render(visit, "codebook_import.html", review=review, change=found, source=source)


def _changed(visit: Visit, id: str, fields: dict[str, Any]) -> None:
    home, person, review = visit.home, visit.person, _review(visit)
    code = bookkeeping.read(home, person, review).find(id)
    # A code that is put where it is would go behind the others there.
    if fields["below"] == (code.parent or ""):
        del fields["below"]
    bookkeeping.change(home, person, review, id, **fields)


def _given(visit: Visit) -> dict[str, Any]:
    """What the form says of a code, but for its name and place."""
    return {
        "description": visit.text("description"),
        "colour": visit.text("colour").upper(),
        "shortcut": visit.text("shortcut"),
        "aliases": labels(visit, "aliases"),
        "codable": visit.text("heading") != "yes",
    }


def _of_one(visit: Visit, done: str, act: Callable[[str], object]) -> Response:
    id = visit.text("id")
    return _acted(visit, done, lambda: act(id), lambda v, errors, status: _one(v, id, errors, status))


def _acted(
    visit: Visit, done: str, act: Callable[[], object], otherwise: Callable[[Visit, dict[str, str], int], Response]
) -> Response:
    try:
        act()
    except (BadInput, Refused, NotFound) as error:
        _review(visit)
        return otherwise(visit, {"": sentence(str(error))}, status_of(error))
    return see_other(f"/reviews/{_review(visit)}/codebook?done={done}")


def _page(visit: Visit, errors: dict[str, str], status: int = 200) -> Response:
    review = _review(visit)
    found = finding.of_review(visit.home, visit.person, review, Wanted())
    return render(
        visit,
        "codebook.html",
        status=status,
        review=review,
        book=found.book,
        lines=_lines(found),
        parents=_parents(found.book, None),
        notice="" if errors else DONE.get(visit.query("done"), ""),
        errors=errors,
    )


def _one(visit: Visit, id: str, errors: dict[str, str], status: int = 200) -> Response:
    review = _review(visit)
    found = finding.of_review(visit.home, visit.person, review, Wanted())
    code = next((code for code in found.book.codes if code.id == id), None)
    if code is None:
        raise NoSuchPage
    return render(
        visit,
        "code.html",
        status=status,
        review=review,
        code=code,
        extracts=sum(1 for each in found.every if id in each.extract.codes),
        children=found.book.children(id),
        parents=_parents(found.book, code),
        codes={each.id: each for each in found.book.codes},
        choices=[each for each in found.book.codes if each.codable and not each.retired and each.id != id],
        errors=errors,
    )


def _lines(found: finding.Found) -> list[Line]:
    counts = Counter(id for each in found.every for id in each.extract.codes)
    return [
        Line(code=code, depth=len(found.book.lineage(code)) - 1, extracts=counts[code.id]) for code in found.book.codes
    ]


def _parents(book: Codebook, code: Code | None) -> list[tuple[str, str]]:
    """Where a code may stand: at the top, or below one that does not lie below itself."""
    lines = {each.id: book.lineage(each) for each in book.codes}
    free = [each for each in book.codes if code is None or code not in lines[each.id]]
    return [("", "At the top"), *((each.id, "\u2003" * (len(lines[each.id]) - 1) + each.name) for each in free)]


def _review(visit: Visit) -> str:
    """The reference of the review. Raises UnknownReview."""
    with visit.home.reading() as session:
        return find_review(session, visit.part("review")).reference
