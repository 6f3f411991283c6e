"""The framework matrix: who spoke about what, as numbers or in their words, and what only some accounts say.

Codes go down and positions across, since there are more codes than positions and a page is taller than wide.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from starlette.datastructures import URL
from starlette.responses import Response

from pipeline.codes import comparing
from pipeline.codes.accounts import Account
from pipeline.codes.codebook import Code
from pipeline.codes.coding import Extract
from pipeline.codes.comparing import Framework
from pipeline.reviews import find_review
from web.rendering import render
from web.visit import Visit

SHOWN: Final = (("numbers", "How many"), ("words", "What they said"))
COUNTED: Final = (("", "Filed under it"), ("below", "Filed under it and below it"))
KEPT: Final = (("", "All codes in use"), ("differ", "Where accounts differ"))


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """The filter, which is the address: `/reviews/LT-7/matrix?show=words&branch=C+Contributory+factors&rows=differ`."""

    show: str
    branch: str
    coder: str
    count: str
    rows: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Cell:
    """The extracts of one conversation under a code, the page that has them, and the codes that these words alone have too."""

    extracts: tuple[Extract, ...]
    path: str
    alone: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """A code of the matrix; a heading that only leads to those below it has no cells."""

    code: Code
    depth: int
    cells: tuple[Cell, ...]
    differs: bool

    @property
    def total(self) -> int:
        return sum(len(cell.extracts) for cell in self.cells)


def page(visit: Visit) -> Response:
    with visit.home.reading() as session:
        review = find_review(session, visit.part("review")).reference
    wanted = Wanted(**{name: visit.query(name) for name in ("show", "branch", "coder", "count", "rows")})
    found = comparing.framework(
        visit.home,
        visit.person,
        review,
        rolled_up=wanted.count == "below",
        coder=wanted.coder or None,
        branch=wanted.branch or None,
    )
    return render(
        visit,
        "matrix.html",
        review=review,
        wanted=wanted,
        conversations=found.matrix.rows,
        lines=list(_lines(review, found, wanted)),
        branches=[
            (code.id, "\N{NO-BREAK SPACE}" * 3 * (len(found.book.lineage(code)) - 1) + code.name)
            for code in found.book.codes
            if found.book.children(code.id)
        ],
        coders=found.coders,
        shown=SHOWN,
        counted=COUNTED,
        kept=KEPT,
    )


def _lines(review: str, found: Framework, wanted: Wanted) -> Iterator[Line]:
    """The codes in use in the order of the book, below the headings that lead to them."""
    columns = {code.id: n for n, code in enumerate(found.matrix.columns)}
    told = {account.code.id: account for account in found.accounts}
    narrowed = {"below": "yes"} if wanted.count == "below" else {}
    narrowed |= {"coder": wanted.coder} if wanted.coder else {}
    kept = {id for id in columns if wanted.rows != "differ" or (id in told and told[id].differs)}
    leading = {above.id for code in found.book.codes if code.id in kept for above in found.book.lineage(code)}
    for code in found.book.codes:
        if code.id in leading:
            account = told.get(code.id)
            yield Line(
                code=code,
                depth=len(found.book.lineage(code)) - 1,
                cells=tuple(_cells(review, found, code, columns[code.id], account, narrowed))
                if code.id in kept
                else (),
                differs=account is not None and account.differs,
            )


def _cells(
    review: str, found: Framework, code: Code, column: int, account: Account | None, narrowed: Mapping[str, str]
) -> Iterator[Cell]:
    voices = {voice.conversation: voice for voice in account.voices} if account else {}
    for (conversation, position), line in zip(found.matrix.rows, found.matrix.cells, strict=True):
        address = URL(f"/reviews/{review}/extracts").include_query_params(
            code=code.id, position=position, conversation=conversation, **narrowed
        )
        voice = voices.get(conversation)
        yield Cell(
            extracts=line[column].extracts,
            path=str(address),
            alone=tuple(one.name for one in voice.alone) if voice else (),
        )
