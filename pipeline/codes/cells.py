"""Cells of a CSV table that a spreadsheet cannot mistake for a formula, written and read.

A cell that begins with = + - @ or a tab is run as a formula by common spreadsheets, so it gets a leading apostrophe on the
way out and loses it on the way in. UTF-8 with a byte-order mark, since spreadsheets guess the encoding without one.
"""

import csv
import io
from collections.abc import Iterable, Sequence

from storage.errors import BadInput

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


class NotATable(BadInput):
    """table: this is not a CSV table in UTF-8; save the sheet as "CSV UTF-8" and try again"""


def guard(cell: str) -> str:
    """The cell as it may stand in a table; `restore` undoes it exactly."""
    return "'" + cell if cell.lstrip("'").startswith(_FORMULA) else cell


def restore(cell: str) -> str:
    """What `guard` was given."""
    return cell[1:] if cell.startswith("'") and cell.lstrip("'").startswith(_FORMULA) else cell


def to_bytes(rows: Iterable[Sequence[str]]) -> bytes:
    """The rows as CSV bytes, every cell guarded."""
    text = io.StringIO(newline="")
    csv.writer(text).writerows([guard(cell) for cell in row] for row in rows)
    return text.getvalue().encode("utf-8-sig")


def from_bytes(data: bytes, separator: str | None = None) -> list[list[str]]:
    """The rows in CSV bytes, cells restored; without a separator, the comma, semicolon or tab of the first line is it.

    Raises NotATable.
    """
    try:
        text = data.decode("utf-8-sig")
        first = text.partition("\n")[0]
        separator = separator or max(",;\t", key=first.count)
        rows = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
        return [[restore(cell) for cell in row] for row in rows]
    except (UnicodeDecodeError, csv.Error):
        raise NotATable from None
