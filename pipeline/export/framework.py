"""The framework matrix as a CSV table: a row a conversation, two columns a code, for the number of extracts and their quotes."""

import re

from pipeline.codes.matrix import Matrix, matrix
from pipeline.export import tables
from pipeline.export.model import Project, Row

_QUOTE = re.compile(r"(.+?) \([^()\n]+, turn (\d+)\)(?:\n\n|\Z)", re.DOTALL)


def write(project: Project) -> bytes:
    """CSV in UTF-8 with a byte-order mark, below lines beginning with # that say what it is and for whom."""
    return tables.below_head(project, _matrix(project).to_rows())


def read_back(data: bytes) -> tuple[Row, ...]:
    """A row for each quote and code in a table that `write` wrote. Raises NotATable, ValueError."""
    heads, *lines = tables.without_head(data)
    found: list[Row] = []
    for conversation, _, *line in lines:
        for name, number, text in zip(heads[3::2], line[::2], line[1::2], strict=True):
            quotes = _QUOTE.findall(text)
            if len(quotes) != int(number):
                raise ValueError("a cell has another number of quotes than it says")
            found += [(conversation, int(turn), quote, (name,)) for quote, turn in quotes]
    return tuple(sorted(found))


def expected(project: Project) -> tuple[Row, ...]:
    """What reading back must give: an extract once for each of its codes."""
    found = _matrix(project)
    return tuple(
        sorted(
            (one.conversation, one.anchor.first_turn, one.quote, (code.name,))
            for line in found.cells
            for code, cell in zip(found.columns, line, strict=True)
            for one in cell.extracts
        )
    )


def _matrix(project: Project) -> Matrix:
    return matrix(project.documents, project.codebook, project.extracts)
