"""The codebook alone as Candour keeps it (.toml), with all that a code has."""

from collections.abc import Iterator

from pipeline.codes.codebook import Codebook, parse
from pipeline.export.model import Project, Row, header


def write(project: Project) -> bytes:
    """The TOML file, with the lines that stand at the head of every export as comments."""
    head = "".join(f"# {line}\n" for line in header(project))
    return f"{head}\n{project.codebook.to_toml()}".encode()


def expected(project: Project) -> tuple[Row, ...]:
    """One row a code: its id, place in the book, name, and everything else it has."""
    return tuple(_rows(project.codebook))


def read_back(data: bytes) -> tuple[Row, ...]:
    """The same rows from a file that `write` wrote. Raises UnicodeDecodeError, BadCodebook."""
    return tuple(_rows(parse(data.decode())))


def _rows(book: Codebook) -> Iterator[Row]:
    yield book.name, 0, book.attribution, ()
    for number, code in enumerate(book.codes, start=1):
        kinds = [("codable", code.codable), ("retired", code.retired)]
        rest = (code.description, code.colour, code.parent or "", code.shortcut, *(kind for kind, yes in kinds if yes))
        yield code.id, number, code.name, (*rest, *code.aliases)
