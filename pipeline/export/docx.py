"""The extracts by theme as a Word document, for reading and for pasting into a report."""

import io
import re
from collections.abc import Callable, Iterator
from datetime import datetime

import docx
from docx.document import Document as Word
from docx.oxml.ns import qn
from lxml import etree

from pipeline.codes.coding import Extract
from pipeline.codes.matrix import matrix
from pipeline.export import archive
from pipeline.export.model import Project, Row, Theme, clock, from_themes, header, themes, turns

Put = Callable[[str, str], None]

_PARTS = re.compile(r"([\t\n])")
_MARKS = {"\t": qn("w:tab"), "\n": qn("w:br")}
_READ = {tag: mark for mark, tag in _MARKS.items()}
_TEXT, _SPACE = qn("w:t"), "{http://www.w3.org/XML/1998/namespace}space"
_PARAGRAPH, _LOOKS, _LOOK, _VALUE, _RUN = map(qn, ("w:p", "w:pPr", "w:pStyle", "w:val", "w:r"))


def write(project: Project) -> bytes:
    """A .docx with fixed dates inside and out, so that the same project gives the same bytes."""
    word = docx.Document()
    _pin(word, project.created)
    word.add_heading(f"Extracts, review {project.review}", level=0)
    for line in header(project):
        word.add_paragraph(line)
    for edge in (word.sections[0].header, word.sections[0].footer) if project.mark else ():
        edge.paragraphs[0].text = project.mark
    _matrix(word, project)
    word.add_heading("Extracts by theme", level=1)
    put = _putter(word)
    for theme in themes(project):
        _theme(put, theme)
    if project.with_text:
        word.add_heading("The conversation", level=1)
        for turn in turns(project):
            put("Normal", turn)
    if project.codebook.attribution:
        word.add_heading("About the codebook", level=1)
        word.add_paragraph(project.codebook.attribution)
    data = io.BytesIO()
    word.save(data)
    return archive.pack(archive.unpack(data.getvalue()))


def read_back(data: bytes) -> tuple[Row, ...]:
    """The rows in a document that `write` wrote. Raises ValueError, zipfile.BadZipFile."""
    return from_themes(_found(docx.Document(io.BytesIO(data))))


def _found(word: Word) -> Iterator[tuple[str | None, int, str, int, str]]:
    theme: str | None = None
    quote = ""
    # asking each paragraph for its style would search all styles each time
    styles = {style.style_id: style.name for style in word.styles}
    for paragraph in word.element.body.iterchildren(qn("w:p")):
        look = paragraph.find(f"{_LOOKS}/{_LOOK}")
        match styles.get(look.get(_VALUE) if look is not None else ""):
            case "Heading 2":
                theme = _said(paragraph)
            case "Heading 3":
                theme = None
            case "Quote":
                quote = _said(paragraph)
            case "Caption":
                number, conversation, turn, *_ = _said(paragraph).split(" · ")
                yield theme, int(number.removeprefix("Extract ")), conversation, int(turn.removeprefix("turn ")), quote


def _theme(put: Put, theme: Theme) -> None:
    # the heading for what has no code is of another level: a code might bear the same name
    put("Heading 2" if theme.code else "Heading 3", theme.title)
    if theme.code and theme.code.description:
        put("Normal", theme.code.description)
    for number, one in theme.extracts:
        put("Quote", one.quote)
        put("Caption", _provenance(number, one))
        if one.memo:
            put("List Bullet", f"Memo ({one.coder}): {one.memo}")


def _putter(word: Word) -> Put:
    """A function that appends a paragraph: `add_paragraph` searches the whole document and all styles for each."""
    styles = {
        name: word.styles[name].style_id
        for name in ("Normal", "Heading 2", "Heading 3", "Quote", "Caption", "List Bullet")
    }
    end = word.element.body.sectPr

    def put(style: str, text: str) -> None:
        paragraph = end.makeelement(_PARAGRAPH)
        etree.SubElement(etree.SubElement(paragraph, _LOOKS), _LOOK, {_VALUE: styles[style]})
        _say(etree.SubElement(paragraph, _RUN), text)
        end.addprevious(paragraph)

    return put


def _say(run: etree._Element, text: str) -> None:
    """Put a text into a run, as the library does character by character: tabs and line ends are elements of their own."""
    for part in _PARTS.split(text):
        if part in _MARKS:
            etree.SubElement(run, _MARKS[part])
        elif part:
            said = etree.SubElement(run, _TEXT)
            said.text = part
            if part != part.strip():
                said.set(_SPACE, "preserve")


def _said(paragraph: etree._Element) -> str:
    """The text of a paragraph."""
    return "".join(_READ.get(str(one.tag)) or one.text or "" for one in paragraph.iter(_TEXT, *_READ))


def _provenance(number: int, one: Extract) -> str:
    turn, time = f"turn {one.anchor.first_turn}", f"{clock(one.start)}–{clock(one.end)}"
    return " · ".join([f"Extract {number}", one.conversation, turn, one.position, one.speaker.value, time])


def _matrix(word: Word, project: Project) -> None:
    framework = matrix(project.documents, project.codebook, project.extracts, rolled_up=True)
    if not framework.columns:
        return
    word.add_heading("Extracts by position and theme", level=1)
    # themes downwards: there are more of them than positions, and a page is taller than wide
    lines = list(zip(*framework.to_table(), strict=True))
    table = word.add_table(rows=len(lines), cols=len(lines[0]), style="Table Grid")
    for cells, line in zip(table.rows, lines, strict=True):
        for cell, text in zip(cells.cells, line, strict=True):
            cell.text = text


def _pin(word: Word, created: datetime) -> None:
    properties = word.core_properties
    properties.author = properties.last_modified_by = "Candour"
    properties.created = properties.modified = created
    properties.title = properties.comments = properties.keywords = ""
    properties.revision = 1
