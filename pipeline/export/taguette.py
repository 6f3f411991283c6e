"""The project as Taguette keeps one: an SQLite database that Taguette 1.5 imports ("Import a project file").

Taguette has no other way in for coded text. It counts positions in UTF-8 bytes over the text of a document's HTML, and takes no
name of a document above 50 characters. The database is made and read in memory only.
"""

import re
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from html import escape
from html.parser import HTMLParser

from pipeline.codes.coding import Extract
from pipeline.export.model import Project, Row, header
from pipeline.export.plain import TURN_HEAD, plain_text
from pipeline.transcripts.document import Document

# The tables of Taguette 1.5.2; it refuses a file of a version it does not know, and one that lacks a table.
_VERSION = "db5e31a0233d"
_TABLES = """
CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY);
CREATE TABLE users (login VARCHAR(30) NOT NULL PRIMARY KEY, created DATETIME NOT NULL, hashed_password VARCHAR(192),
  disabled BOOLEAN NOT NULL, password_set_date DATETIME, language VARCHAR(10), email VARCHAR(256) UNIQUE, email_sent DATETIME);
CREATE TABLE projects (id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, name VARCHAR(200) NOT NULL,
  description TEXT NOT NULL, created DATETIME NOT NULL);
CREATE TABLE project_members (project_id INTEGER NOT NULL REFERENCES projects ON DELETE CASCADE,
  user_login VARCHAR(30) NOT NULL REFERENCES users ON DELETE CASCADE ON UPDATE CASCADE,
  privileges VARCHAR(11) NOT NULL, PRIMARY KEY (project_id, user_login));
CREATE TABLE documents (id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, name VARCHAR(200) NOT NULL,
  description TEXT NOT NULL, filename VARCHAR(200) NOT NULL, created DATETIME NOT NULL,
  project_id INTEGER NOT NULL REFERENCES projects ON DELETE CASCADE, text_direction VARCHAR(13) NOT NULL,
  contents TEXT NOT NULL);
CREATE TABLE commands (id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, date DATETIME NOT NULL,
  user_login VARCHAR(30) NOT NULL REFERENCES users ON UPDATE CASCADE,
  project_id INTEGER NOT NULL REFERENCES projects ON DELETE CASCADE, document_id INTEGER, payload TEXT NOT NULL);
CREATE TABLE tags (id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  project_id INTEGER NOT NULL REFERENCES projects ON DELETE CASCADE, path VARCHAR(200) NOT NULL,
  description TEXT NOT NULL, UNIQUE (project_id, path));
CREATE TABLE highlights (id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  document_id INTEGER NOT NULL REFERENCES documents ON DELETE CASCADE, start_offset INTEGER NOT NULL,
  end_offset INTEGER NOT NULL, snippet TEXT NOT NULL);
CREATE TABLE highlight_tags (highlight_id INTEGER NOT NULL REFERENCES highlights ON DELETE CASCADE,
  tag_id INTEGER NOT NULL REFERENCES tags ON DELETE CASCADE, PRIMARY KEY (highlight_id, tag_id));
"""
LONGEST_NAME = 50
_ABOUT = re.compile(r"Conversation: (.*)\nPosition: .*\nTurns: (.*)")


def write(project: Project) -> bytes:
    """The database, the same bytes for the same project."""
    with closing(sqlite3.connect(":memory:")) as base:
        base.executescript(_TABLES)
        created = f"{project.created:%Y-%m-%d %H:%M:%S}.000000"
        base.execute("INSERT INTO alembic_version VALUES (?)", [_VERSION])
        base.execute("INSERT INTO projects VALUES (1, ?, ?, ?)", [project.review, "\n".join(header(project)), created])
        tags = {code.id: n for n, code in enumerate((c for c in project.codebook.codes if c.codable), start=1)}
        base.executemany(
            "INSERT INTO tags VALUES (?, 1, ?, ?)",
            [(tags[code.id], code.name, code.description) for code in project.codebook.codes if code.id in tags],
        )
        for number, document in enumerate(project.documents, start=1):
            text, begins = plain_text(document)
            base.execute(
                "INSERT INTO documents VALUES (?, ?, ?, ?, ?, 1, 'LEFT_TO_RIGHT', ?)",
                [number, title(document), _about(document), f"{document.conversation}.html", created, _html(text)],
            )
            own = [one for one in project.extracts if one.conversation == document.conversation]
            _highlights(base, number, text, begins, own, tags)
        base.commit()
        return base.serialize()


def title(document: Document) -> str:
    """The name of a document, cut to what Taguette takes."""
    return f"{document.conversation} {document.position}"[:LONGEST_NAME]


def read_back(data: bytes) -> tuple[Row, ...]:
    """The rows in a database that `write` wrote: the text of the HTML is cut at each position. Raises ValueError."""
    if not data:
        raise ValueError("no database")
    with closing(sqlite3.connect(":memory:")) as base:
        try:
            base.deserialize(data)
            return tuple(sorted(_rows(base)))
        except sqlite3.Error:
            raise ValueError("not a database of Taguette") from None


def _highlights(
    base: sqlite3.Connection,
    document: int,
    text: str,
    begins: dict[int, int],
    extracts: Iterable[Extract],
    tags: dict[str, int],
) -> None:
    # bytes before each character
    before = [0]
    for char in text:
        before.append(before[-1] + len(char.encode()))
    for one in extracts:
        start = begins[one.anchor.first_turn] + one.anchor.first_char
        end = begins[one.anchor.last_turn] + one.anchor.last_char
        added = base.execute(
            "INSERT INTO highlights (document_id, start_offset, end_offset, snippet) VALUES (?, ?, ?, ?)",
            [document, before[start], before[end], _html(text[start:end])],
        )
        base.executemany(
            "INSERT INTO highlight_tags VALUES (?, ?)", [(added.lastrowid, tags[code]) for code in one.codes]
        )


def _rows(base: sqlite3.Connection) -> Iterator[Row]:
    names = dict(base.execute("SELECT id, path FROM tags"))
    for document, about, contents in base.execute("SELECT id, description, contents FROM documents"):
        match = _ABOUT.fullmatch(about)
        if match is None:
            raise ValueError("a document without its conversation")
        reader = _Reader()
        reader.feed(contents)
        reader.close()
        text, turns = "".join(reader.found).encode(), list(_numbers(match[2]))
        for highlight, start, end in base.execute(
            "SELECT id, start_offset, end_offset FROM highlights WHERE document_id = ?", [document]
        ):
            marked = base.execute(
                "SELECT tag_id FROM highlight_tags WHERE highlight_id = ? ORDER BY tag_id", [highlight]
            )
            turn = turns[text[:start].count(b"\n")]
            yield match[1], turn, TURN_HEAD.sub("\n", text[start:end].decode()), tuple(names[tag] for (tag,) in marked)


def _html(text: str) -> str:
    return "\n".join(f"<p>{escape(line, quote=False)}</p>" for line in text.removesuffix("\n").split("\n"))


def _about(document: Document) -> str:
    turns = [passage.turn for passage in document.passages]
    return f"Conversation: {document.conversation}\nPosition: {document.position}\nTurns: {', '.join(_ranges(turns))}"


def _ranges(numbers: list[int]) -> Iterator[str]:
    """Numbers in rising order, in short: 1-4, 7."""
    start = 0
    for place in range(1, len(numbers) + 1):
        if place == len(numbers) or numbers[place] != numbers[place - 1] + 1:
            first, last = numbers[start], numbers[place - 1]
            yield str(first) if first == last else f"{first}-{last}"
            start = place


def _numbers(text: str) -> Iterator[int]:
    for part in filter(None, text.split(", ")):
        first, _, last = part.partition("-")
        yield from range(int(first), int(last or first) + 1)


class _Reader(HTMLParser):
    """The text of a page, without its tags."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_data(self, data: str) -> None:
        self.found.append(data)
