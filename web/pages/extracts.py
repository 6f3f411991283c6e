"""The extracts of a review: found by code, position, conversation and coder as plain addresses, and by words.

An address lies in the history of a browser, and words may be a participant's: they are sent as a form and stand in no address.
"""

from dataclasses import dataclass
from typing import Final

from starlette.datastructures import URL
from starlette.responses import Response

from pipeline.codes import finding
from pipeline.codes.codebook import Code
from pipeline.codes.finding import Wanted
from web.rendering import render
from web.visit import NoSuchPage, Visit

A_PAGE: Final = 50


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """Which of the pages of a long answer this is, from 1."""

    number: int
    count: int


def page(visit: Visit) -> Response:
    """`/reviews/LT-7/extracts?code=b1&position=Health+visitor+1&conversation=C-001&coder=ruth&mend=yes&below=yes`."""
    wanted = Wanted(
        code=_asked(visit, "code"),
        below=_asked(visit, "below") == "yes",
        position=_asked(visit, "position"),
        conversation=_asked(visit, "conversation"),
        coder=_asked(visit, "coder"),
        text=visit.text("text"),
        to_mend=_asked(visit, "mend") == "yes",
    )
    review = visit.part("review")
    found = finding.of_review(visit.home, visit.person, review, wanted)
    part = _part(_asked(visit, "page"), len(found.wanted))
    shown = found.wanted[(part.number - 1) * A_PAGE : part.number * A_PAGE]
    extracts = [one.extract for one in found.every]
    address = _address(review, wanted)
    used = {code for one in extracts for code in one.codes}
    return render(
        visit,
        "extracts.html",
        review=review,
        wanted=wanted,
        chosen=found.book.find(wanted.code) if wanted.code else None,
        total=len(found.every),
        count=len(found.wanted),
        shown=shown,
        part=part,
        pages=_pages(part, URL(address)),
        codes={code.id: code for code in found.book.codes},
        options=_options(
            found.book.codes, {above.id for c in found.book.codes if c.id in used for above in found.book.lineage(c)}
        ),
        positions=sorted({one.position for one in extracts}),
        conversations=sorted({one.conversation for one in extracts}),
        coders=sorted({one.coder for one in extracts}),
        to_mend=sum(1 for one in found.every if one.faults),
        address=address,
    )


def _asked(visit: Visit, name: str) -> str:
    return visit.text(name) or visit.query(name)


def _part(text: str, count: int) -> Part:
    last = max(1, -(-count // A_PAGE))
    if text and not (text.isdecimal() and 1 <= int(text) <= last):
        raise NoSuchPage
    return Part(number=int(text or 1), count=last)


def _pages(part: Part, address: URL) -> list[tuple[int, str, str]]:
    """The pages before and behind: number, what the link says, and its address."""
    beside = ((part.number - 1, "Earlier"), (part.number + 1, "Later"))
    return [(n, words, str(address.include_query_params(page=n))) for n, words in beside if 1 <= n <= part.count]


def _options(codes: tuple[Code, ...], worth: set[str]) -> list[tuple[str, str]]:
    """The codes that lead to an extract, indented as they lie below each other."""
    depth: dict[str, int] = {}
    for code in codes:
        depth[code.id] = depth[code.parent] + 1 if code.parent else 0
    return [(code.id, "\u2003" * depth[code.id] + code.name) for code in codes if code.id in worth]


def _address(review: str, wanted: Wanted) -> str:
    """Where these extracts are, without the words that were looked for."""
    given = {
        "code": wanted.code,
        "below": "yes" if wanted.below else "",
        "position": wanted.position,
        "conversation": wanted.conversation,
        "coder": wanted.coder,
        "mend": "yes" if wanted.to_mend else "",
    }
    address = URL(f"/reviews/{review}/extracts")
    return str(address.include_query_params(**{name: value for name, value in given.items() if value}))
