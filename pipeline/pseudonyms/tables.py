"""Tables of names and decisions as people keep them, in CSV."""

from collections.abc import Callable, Mapping
from typing import TypeVar

from pipeline.codes import cells
from pipeline.pseudonyms.names import Kind
from storage.errors import BadInput

T = TypeVar("T")


class BadNameTable(BadInput):
    """names: row {row} of the table: {problem}; the columns are {columns}; nothing was added"""


def rows(data: bytes, columns: tuple[str, ...], read: Callable[[Mapping[str, str]], T]) -> list[T]:
    """What `read` makes of each row of a table, by the names of its columns. Raises BadNameTable."""
    header, *body = cells.from_bytes(data) or [[]]
    names_of = [name.strip().lower() for name in header]
    found = list[T]()
    for number, row in enumerate(filter(any, body), 2):
        try:
            found.append(read(dict(zip(names_of, row, strict=False))))
        except (KeyError, ValueError):
            problem = "a column is missing, or what stands in it is not known"
            raise BadNameTable(row=number, problem=problem, columns=", ".join(columns)) from None
    return found


def terms(data: bytes) -> list[tuple[str, str, Kind]]:
    """Real term, replacement and kind, a person where none is named, from a table with these columns. Raises BadNameTable."""
    return rows(data, ("real", "replacement", "kind"), _term)


def _term(row: Mapping[str, str]) -> tuple[str, str, Kind]:
    return row["real"], row["replacement"], Kind(row.get("kind") or Kind.PERSON.value)
