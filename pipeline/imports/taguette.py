"""A project of Taguette, read from its SQLite file in memory.

Positions count UTF-8 bytes over the text of a document's HTML. A highlight has no author there; who made it is taken from the
list of what was done, where the program was used by several people.
"""

import json
import sqlite3
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from html.parser import HTMLParser
from typing import Any, BinaryIO, Final

from pipeline.imports.guard import LARGEST_WHOLE, NotReadable, Suspect
from pipeline.imports.incoming import Code, Incoming, Mark, Text

MAGIC: Final = b"SQLite format 3\0"
_NEEDED = {"documents", "highlights", "tags", "highlight_tags", "commands"}
_LARGEST_TEXT = 8 * 2**20
_PACE, _MOST_PACES = 100_000, 200  # instructions of the database's machine between two looks, and how many looks
_ALONE = "admin"  # who uses a Taguette that is not shared
_BLOCKS = {
    "p", "br", "div", "h1", "h2", "h3", "h4", "h5", "li", "dt", "dd", "tr", "blockquote", "pre", "table", "ul", "ol",
}  # fmt: skip


def read(file: BinaryIO) -> Incoming:
    """The project, or all projects of the file. Raises NotReadable, Suspect."""
    data = file.read(LARGEST_WHOLE + 1)
    if len(data) > LARGEST_WHOLE:
        raise Suspect(problem="is too large")
    if not data.startswith(MAGIC):
        raise NotReadable(problem="is no Taguette project")
    with closing(sqlite3.connect(":memory:")) as base:
        try:
            base.deserialize(data)
            _restrain(base)
            return _project(base)
        except (sqlite3.Error, UnicodeDecodeError, ValueError, TypeError, OverflowError):
            raise NotReadable(problem="is no Taguette project") from None


def _restrain(base: sqlite3.Connection) -> None:
    """Let the file hold tables and nothing that acts: no view, trigger or virtual table, no query without an end."""
    base.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _LARGEST_TEXT)
    for pragma in ("trusted_schema = OFF", "query_only = ON", "cell_size_check = ON"):
        base.execute(f"PRAGMA {pragma}")
    left = _MOST_PACES

    def count() -> int:
        nonlocal left
        left -= 1
        return left < 0

    base.set_progress_handler(count, _PACE)
    tables = set()
    for kind, name, made in base.execute("SELECT type, name, sql FROM sqlite_master"):
        if kind not in ("table", "index") or str(made).upper().startswith("CREATE VIRTUAL"):
            raise Suspect(problem="holds something that acts by itself")
        tables.add(name)
    if not tables >= _NEEDED:
        raise NotReadable(problem="is no Taguette project")


def _project(base: sqlite3.Connection) -> Incoming:
    codes = tuple(
        Code(key=str(tag), name=str(path), description=str(description))
        for tag, path, description in base.execute("SELECT id, path, description FROM tags ORDER BY id")
    )
    tagged: dict[int, list[str]] = {}
    for highlight, tag in base.execute("SELECT highlight_id, tag_id FROM highlight_tags ORDER BY tag_id"):
        tagged.setdefault(highlight, []).append(str(tag))
    who = dict(_authors(base))
    texts, outside = [], 0
    for document, contents in base.execute("SELECT id, contents FROM documents ORDER BY id").fetchall():
        page = _Page(str(contents))
        marks = []
        for highlight, first, last in base.execute(
            "SELECT id, start_offset, end_offset FROM highlights WHERE document_id = ? ORDER BY id", [document]
        ):
            place = page.cut(int(first), int(last))
            if place is None:
                outside += 1
                continue
            coder, at = who.get(highlight, ("", None))
            given = tuple(tagged.get(highlight, ()))
            marks.append(Mark(start=place[0], end=place[1], codes=given, coder=coder, at=at))
        texts.append(Text(key=str(document), text=page.text, marks=tuple(marks)))
    lost = (f"selections outside their text: {outside}",) if outside else ()
    dialect = "as Taguette counts (UTF-8 bytes)"
    return Incoming(program="Taguette", dialect=dialect, codes=codes, texts=tuple(texts), lost=lost)


def _authors(base: sqlite3.Connection) -> Iterator[tuple[int, tuple[str, datetime | None]]]:
    for login, date, payload in base.execute("SELECT user_login, date, payload FROM commands ORDER BY id"):
        done: Any = json.loads(payload)
        if isinstance(done, dict) and done.get("type") == "highlight_add":
            yield done.get("highlight_id", 0), ("" if login == _ALONE else str(login), _moment(date))


def _moment(text: object) -> datetime | None:
    try:
        return datetime.fromisoformat(str(text)).replace(tzinfo=UTC)
    except ValueError:
        return None


class _Page(HTMLParser):
    """The text of a document, with a line end at each end of a block, and the bytes before each of its characters."""

    def __init__(self, contents: str) -> None:
        super().__init__()
        self._parts: list[str] = []
        self._before = array("Q")
        self._bytes = 0
        self.feed(contents)
        self.close()
        self.text = "".join(self._parts)
        self._before.append(self._bytes)

    def cut(self, first: int, last: int) -> tuple[int, int] | None:
        """A stretch of bytes as one of characters. Line ends that Taguette does not count stay outside."""
        if not 0 <= first < last <= self._bytes:
            return None
        return bisect_right(self._before, first) - 1, bisect_left(self._before, last)

    def handle_data(self, data: str) -> None:
        self._parts.append(data)
        for char in data:
            self._before.append(self._bytes)
            self._bytes += 1 if char < "\x80" else len(char.encode())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._end_line(tag)

    def handle_endtag(self, tag: str) -> None:
        self._end_line(tag)

    def _end_line(self, tag: str) -> None:
        if tag in _BLOCKS and self._parts and not self._parts[-1].endswith("\n"):
            self._parts.append("\n")
            self._before.append(self._bytes)
