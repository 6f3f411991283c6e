"""The codebook of a review: the tree of codes, changing it code by code, merging two, and bringing in another.

All of it can be undone.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import URL
from starlette.responses import Response

from pipeline.codes import bookkeeping, finding
from pipeline.codes.codebook import Code, Codebook
from pipeline.codes.finding import Wanted
from pipeline.imports import codebooks
from storage.errors import BadInput, NotFound, Refused
from web.errors import status_of
from web.handed import handed, read_file
from web.pages.extract import labels
from web.rendering import render, see_other, sentence
from web.visit import NoSuchPage, Visit

DONE = {
    "added": "The code is added.",
    "changed": "The code is changed.",
    "moved": "Moved.",
    "merged": "The two are one code now, with the extracts of both.",
    "removed": "The code is removed.",
    "adopted": "The review has another codebook now.",
    "undo": "Taken back.",
    "redo": "Done again.",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """A code in the tree: how deep it lies, how many extracts it has, and whether others stand beside it above and below."""

    code: Code
    depth: int
    extracts: int
    up: bool
    down: bool


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


def move(visit: Visit) -> Response:
    """A code one place up or down among those beside it; the button that was pressed keeps the focus."""
    way = "up" if visit.text("up") else "down"
    id, by = visit.text(way), -1 if way == "up" else 1
    return _acted(
        visit,
        "moved",
        lambda: bookkeeping.shift(visit.home, visit.person, _review(visit), id, by),
        _page,
        at=id,
        way=way,
    )


async def hand_in(visit: Visit) -> Response:
    """Another codebook, as a file: what it would change is shown before anything does."""
    try:
        data = await read_file(visit.request)
        return await run_in_threadpool(_keep, visit, data)
    except (BadInput, Refused) as error:
        return await run_in_threadpool(_page, visit, {"file": sentence(str(error))}, status_of(error))


def _keep(visit: Visit, data: bytes) -> Response:
    _understood(visit, data)
    here = _here(visit)
    token = handed(visit).keep(visit.person.name, here, data)
    return see_other(str(URL(f"{here}/import").include_query_params(file=token)))


def preview(visit: Visit) -> Response:
    """What the codebook that was handed in would change."""
    token, review = visit.query("file"), _review(visit)
    change = _understood(visit, _handed_in(visit, token))
    return render(visit, "codebook_import.html", review=review, change=change, token=token)


def adopt(visit: Visit) -> Response:
    """The change that was looked at."""
    home, person = visit.home, visit.person

    def brought_in() -> None:
        book = _understood(visit, _handed_in(visit, visit.text("file"))).book
        bookkeeping.replace_codebook(home, person, _review(visit), book)
        handed(visit).drop(person.name)

    return _acted(visit, "adopted", brought_in, _page)


def _handed_in(visit: Visit, token: str) -> bytes:
    return handed(visit).find(visit.person.name, _here(visit), token)


def _understood(visit: Visit, data: bytes) -> codebooks.Change:
    review = _review(visit)
    return codebooks.understand(bookkeeping.read(visit.home, visit.person, review), data, review)


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
    visit: Visit,
    done: str,
    act: Callable[[], object],
    otherwise: Callable[[Visit, dict[str, str], int], Response],
    **more: str,
) -> Response:
    try:
        act()
    except (BadInput, Refused, NotFound) as error:
        return otherwise(visit, {"": sentence(str(error))}, status_of(error))
    return see_other(str(URL(_here(visit)).include_query_params(done=done, **more)))


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
        moved=(visit.query("at"), visit.query("way")),
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
    beside = {code.parent: found.book.children(code.parent) for code in found.book.codes}
    return [
        Line(
            code=code,
            depth=len(found.book.lineage(code)) - 1,
            extracts=counts[code.id],
            up=beside[code.parent][0] is not code,
            down=beside[code.parent][-1] is not code,
        )
        for code in found.book.codes
    ]


def _parents(book: Codebook, code: Code | None) -> list[tuple[str, str]]:
    """Where a code may stand: at the top, or below one that does not lie below itself."""
    lines = {each.id: book.lineage(each) for each in book.codes}
    free = [each for each in book.codes if code is None or code not in lines[each.id]]
    return [("", "At the top"), *((each.id, "\u2003" * (len(lines[each.id]) - 1) + each.name) for each in free)]


def _here(visit: Visit) -> str:
    return f"/reviews/{_review(visit)}/codebook"


def _review(visit: Visit) -> str:
    return visit.part("review")
