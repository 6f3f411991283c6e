"""The text of a Word file, read in memory and as if an enemy had made it: nothing unpacked, resolved or followed."""

import io
from collections.abc import Collection, Iterator
from typing import Final

from lxml import etree

from pipeline.imports.guard import Archive
from pipeline.imports.markup import xml
from pipeline.transcripts.written import plain
from pipeline.transcripts.written.lines import Problem, Written

_BODY: Final = "word/document.xml"
# parts with words that are not in the body
_ASIDE: Final = {"word/comments.xml": "comments", "word/footnotes.xml": "footnotes", "word/endnotes.xml": "endnotes"}
_SPACE: Final = {"tab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "-"}
# the old place of words that were moved, and what programs show that cannot show a drawing: both are there a second time
_TWICE: Final = frozenset({"moveFrom", "Fallback"})


def parse(data: bytes, known: Collection[str] = ()) -> Written:
    """The paragraphs and the rows of tables, in order. What was struck out with changes tracked is left out.

    Raises:
        NotReadable, Suspect: it is no Word file, or one that no program writes.
    """
    archive = Archive(io.BytesIO(data))
    root = xml(archive.read(_BODY))
    paragraphs = [line for text in _texts(root) for line in text.split("\n")]
    problems = [Problem(place=0, what=f"{what} were left out") for part, what in _ASIDE.items() if _says(archive, part)]
    if next(root.iter("{*}delText"), None) is not None:
        problems.append(Problem(place=0, what="words deleted with changes tracked were left out"))
    return plain.parse(paragraphs, "docx", problems, known=known)


def is_word(data: bytes) -> bool:
    """Whether these bytes are a ZIP archive with the body of a Word file."""
    return data.startswith(b"PK\x03\x04") and _BODY in Archive(io.BytesIO(data)).names


def _says(archive: Archive, part: str) -> bool:
    return part in archive.names and any(text.strip() for text in _texts(xml(archive.read(part))))


def _texts(root: etree._Element) -> Iterator[str]:
    """Paragraphs outside of tables, and each row of a table as one line."""
    for element in root.iter("{*}p", "{*}tr"):
        around = {_name(parent) for parent in element.iterancestors()}
        if around & {"tr", "p", *_TWICE}:
            continue
        if _name(element) == "tr":
            yield plain.row([" ".join(map(_text, cell.iter("{*}p"))) for cell in element.iter("{*}tc")])
        else:
            yield _text(element)


def _text(paragraph: etree._Element) -> str:
    parts = []
    for element in paragraph.iter("{*}t", *(f"{{*}}{name}" for name in _SPACE)):
        # a tab is also what stands in the settings of a paragraph
        around = {_name(parent) for parent in element.iterancestors()}
        if "r" in around and not around & _TWICE:
            parts.append(element.text or "" if _name(element) == "t" else _SPACE[_name(element)])
    return "".join(parts)


def _name(element: etree._Element) -> str:
    return etree.QName(element).localname
