"""The extracts as a table, one row an extract; as CSV below lines beginning with # that say what it is and for whom."""

from collections.abc import Iterable, Iterator, Sequence

from pipeline.codes import cells
from pipeline.export.model import Project, Row, clock, header, names

_COLUMNS = ("number", "conversation", "position", "turn", "speaker", "begin", "end", "quote", "codes", "memo", "coder")


def write(project: Project) -> bytes:
    """CSV in UTF-8 with a byte-order mark; times as hh:mm:ss; codes parted by "; "."""
    return below_head(project, lines(project))


def read_back(data: bytes) -> tuple[Row, ...]:
    """The rows in a table that `write` wrote. Raises NotATable, ValueError."""
    return rows_of(without_head(data))


def below_head(project: Project, rows: Iterable[Sequence[str]]) -> bytes:
    """Rows as CSV in UTF-8 with a byte-order mark, below the head of the project, each line of which begins with #."""
    return cells.to_bytes([*([f"# {line}"] for line in header(project)), *rows])


def without_head(data: bytes) -> list[list[str]]:
    """The rows again. Raises NotATable."""
    return [row for row in cells.from_bytes(data, ",") if not row[0].startswith("# ")]


def lines(project: Project) -> Iterator[Sequence[str]]:
    """The names of the columns, then a line for each extract."""
    yield _COLUMNS
    for number, one in enumerate(project.extracts, start=1):
        turn, codes = str(one.anchor.first_turn), "; ".join(names(project, one))
        place = [str(number), one.conversation, one.position, turn, one.speaker.value, clock(one.start), clock(one.end)]
        yield [*place, one.quote, codes, one.memo, one.coder]


def rows_of(table: Sequence[Sequence[str]]) -> tuple[Row, ...]:
    """The rows in a table as `lines` gives it. Raises ValueError, KeyError, IndexError."""
    found = [dict(zip(table[0], row, strict=True)) for row in table[1:]]
    return tuple(
        sorted(
            (row["conversation"], int(row["turn"]), row["quote"], tuple(filter(None, row["codes"].split("; "))))
            for row in found
        )
    )
