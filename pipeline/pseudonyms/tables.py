"""Tables of names and decisions as people keep them, in CSV."""

from collections.abc import Callable, Mapping

from pipeline.codes import cells
from pipeline.pseudonyms.names import Kind
from storage.errors import BadInput


class BadNameTable(BadInput):
    """names: row {row} of the table: {problem}; the columns are {columns}; nothing was added"""


def rows(data: bytes, columns: tuple[str, ...], read: Callable[[Mapping[str, str]], object]) -> list[Mapping[str, str]]:
    """The rows of a table by the names of its columns, each of which can be read. Raises BadNameTable."""
    header, *body = cells.from_bytes(data) or [[]]
    names_of = [name.strip().lower() for name in header]
    found: list[Mapping[str, str]] = [dict(zip(names_of, row, strict=False)) for row in body if any(row)]
    for number, row in enumerate(found, 2):
        try:
            read(row)
        except (KeyError, ValueError):
            problem = "a column is missing, or what stands in it is not known"
            raise BadNameTable(row=number, problem=problem, columns=", ".join(columns)) from None
    return found


def terms(data: bytes) -> list[tuple[str, str, Kind]]:
    """Real term, replacement and kind, a person where none is named, from a table with these columns. Raises BadNameTable."""
    return [_term(row) for row in rows(data, ("real", "replacement", "kind"), _term)]


def _term(row: Mapping[str, str]) -> tuple[str, str, Kind]:
    return row["real"], row["replacement"], Kind(row.get("kind") or Kind.PERSON.value)
