"""The framework matrix: who spoke about what. One row a conversation, one column a code, each cell its extracts."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pipeline.codes import cells
from pipeline.codes.codebook import Code, Codebook
from pipeline.codes.coding import Extract
from pipeline.transcripts.document import Document


@dataclass(frozen=True, kw_only=True, slots=True)
class Cell:
    """The extracts of one conversation under one code."""

    conversation: str
    code: str
    extracts: tuple[Extract, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Matrix:
    """`rows` are (conversation, position) pairs; `cells` has one for each row and column, row by row."""

    rows: tuple[tuple[str, str], ...]
    columns: tuple[Code, ...]
    cells: tuple[tuple[Cell, ...], ...]

    def to_table(self) -> list[list[str]]:
        """Counts to print: a header, a line for each conversation, and the totals."""
        counts = [[len(cell.extracts) for cell in line] for line in self.cells]
        totals = [sum(column) for column in zip(*counts, strict=True)] if counts else [0] * len(self.columns)
        return [
            ["Position", *(code.name for code in self.columns)],
            *([position, *map(str, line)] for (_, position), line in zip(self.rows, counts, strict=True)),
            ["Total", *map(str, totals)],
        ]

    def to_csv(self) -> bytes:
        """The quotes themselves, cell by cell, each with its conversation and turn."""
        return cells.to_bytes(
            [
                ["Conversation", "Position", *(code.name for code in self.columns)],
                *([*row, *map(_quotes, line)] for row, line in zip(self.rows, self.cells, strict=True)),
            ]
        )


def matrix(
    documents: Sequence[Document], codebook: Codebook, extracts: Iterable[Extract], *, rolled_up: bool = False
) -> Matrix:
    """The matrix of these documents over the codes in use.

    With `rolled_up` each column is the topmost code below a heading, together with all that lies below that.
    """
    under: dict[tuple[str, str], list[Extract]] = {}
    column_of = {code.id: _column(codebook, code, rolled_up) for code in codebook.codes}
    rows = tuple((document.conversation, document.position) for document in documents)
    within = [one for one in extracts if one.conversation in dict(rows)]
    for one in sorted(within, key=lambda each: (each.conversation, each.anchor, each.id)):
        for code in dict.fromkeys(column_of[code] for code in one.codes if code in column_of):
            under.setdefault((one.conversation, code), []).append(one)
    used = {code for _, code in under}
    columns = tuple(code for code in codebook.codes if code.id in used)
    return Matrix(
        rows=rows,
        columns=columns,
        cells=tuple(
            tuple(
                Cell(conversation=row[0], code=code.id, extracts=tuple(under.get((row[0], code.id), ())))
                for code in columns
            )
            for row in rows
        ),
    )


def _column(codebook: Codebook, code: Code, rolled_up: bool) -> str:
    if not rolled_up:
        return code.id
    return next((each.id for each in codebook.lineage(code) if each.codable), code.id)


def _quotes(cell: Cell) -> str:
    return "\n\n".join(f"{one.quote} ({one.conversation}, turn {one.anchor.first_turn})" for one in cell.extracts)
