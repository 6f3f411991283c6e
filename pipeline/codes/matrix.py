"""The framework matrix: who spoke about what. One row a conversation, one column a code, each cell its extracts."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

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

    def to_rows(self) -> list[list[str]]:
        """Counts and quotes side by side: two columns a code, each quote with its conversation and turn."""
        heads = [head for code in self.columns for head in (f"{code.name}: number", code.name)]
        return [
            ["Conversation", "Position", *heads],
            *([*row, *_beside(line)] for row, line in zip(self.rows, self.cells, strict=True)),
        ]


def matrix(
    documents: Sequence[Document],
    codebook: Codebook,
    extracts: Iterable[Extract],
    *,
    rolled_up: bool = False,
    branch: Code | None = None,
) -> Matrix:
    """The matrix of these documents over the codes in use, or over one of them and those below it.

    With `rolled_up` a code also has what is filed below it, each extract once, and headings have a column.
    """
    under: dict[tuple[str, str], list[Extract]] = {}
    columns_of = {
        code.id: [each.id for each in codebook.lineage(code)] if rolled_up else [code.id] for code in codebook.codes
    }
    rows = tuple((document.conversation, document.position) for document in documents)
    within = [one for one in extracts if one.conversation in dict(rows)]
    for one in sorted(within, key=lambda each: (each.conversation, each.start, each.anchor, each.id)):
        for column in dict.fromkeys(id for code in one.codes for id in columns_of.get(code, ())):
            under.setdefault((one.conversation, column), []).append(one)
    used = {code for _, code in under}
    columns = tuple(
        code for code in codebook.codes if code.id in used and (branch is None or branch in codebook.lineage(code))
    )
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


def _beside(line: Sequence[Cell]) -> list[str]:
    return [text for cell in line for text in (str(len(cell.extracts)), _quotes(cell))]


def _quotes(cell: Cell) -> str:
    return "\n\n".join(f"{one.quote} ({one.conversation}, turn {one.anchor.first_turn})" for one in cell.extracts)
