"""The project in the REFI-QDA exchange format 1.5 (.qdpx), which other qualitative-analysis programs open.

Written in the narrow form that every reader tried so far reads exactly: one `project.qde` and one UTF-8 text a conversation,
line feeds only, no byte-order mark, positions in code points and half-open. `lint` holds the rules. Audio is never included.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime

from lxml import etree

from pipeline.codes.codebook import Codebook
from pipeline.codes.coding import Extract
from pipeline.export import archive
from pipeline.export.guids import guid
from pipeline.export.line_ends import LineEnds
from pipeline.export.lint import lint
from pipeline.export.model import Project, Row, header
from pipeline.export.plain import TURN_HEAD, plain_text
from pipeline.transcripts.document import Document
from storage.errors import CandourError

ORIGIN = "Candour"
_PROJECT = "urn:QDA-XML:project:1.0"
_NOT_IN_FILE_NAMES = re.compile(r"[^\w .,()-]")
_TURN_NAME = re.compile(r"Turn (\d+): ")


class BadExport(CandourError):
    """export: the exchange file broke the rules other programs rely on ({problems}); report this, and use another format"""


def write(project: Project, ends: LineEnds = LineEnds.LF) -> bytes:
    """The .qdpx archive, the same bytes for the same project. Raises BadExport."""
    entries = {"project.qde": _bytes(_project(project, ends))}
    for document in project.documents:
        entries[f"sources/{_source_file(project, document)}"] = ends.written(plain_text(document)[0]).encode()
    data = archive.pack(entries)
    if problems := lint(data, ends):
        raise BadExport(problems="; ".join(problems))
    return data


def read_back(data: bytes, ends: LineEnds = LineEnds.LF) -> tuple[Row, ...]:
    """The rows in an archive that `write` wrote: the text itself is cut at each position. Raises ValueError, KeyError."""
    entries = archive.unpack(data)
    root = etree.fromstring(entries["project.qde"], etree.XMLParser(resolve_entities=False, no_network=True))
    codes = {str(code.get("guid")): str(code.get("name")) for code in root.iter(f"{{{_PROJECT}}}Code")}
    found: list[Row] = []
    for source in root.iter(f"{{{_PROJECT}}}TextSource"):
        text = entries["sources/" + str(source.get("plainTextPath")).removeprefix("internal://")].decode()
        text = ends.read(text)
        # the first attribute of a source is its conversation
        conversation = source.findtext(f"{{{_PROJECT}}}VariableValue/{{{_PROJECT}}}TextValue", default="")
        for selection in source.iter(f"{{{_PROJECT}}}PlainTextSelection"):
            piece = text[int(str(selection.get("startPosition"))) : int(str(selection.get("endPosition")))]
            turn = _TURN_NAME.match(str(selection.get("name")))
            if not turn:
                raise ValueError("a selection without its turn")
            marked = [codes[str(ref.get("targetGUID"))] for ref in selection.iter(f"{{{_PROJECT}}}CodeRef")]
            found.append((conversation, int(turn[1]), TURN_HEAD.sub("\n", piece.replace("\r\n", "\n")), tuple(marked)))
    return tuple(sorted(found))


def codes_element(codebook: Codebook, namespace: str, review: str) -> etree._Element:
    """The tree of codes, in the project or the codebook namespace: both schemas have it alike."""
    root = etree.Element(f"{{{namespace}}}Codes")

    def grow(above: etree._Element, parent: str | None) -> None:
        for code in codebook.children(parent):
            element = _child(above, "Code", guid=guid(review, "code", code.id), name=code.name)
            element.set("isCodable", "true" if code.codable else "false")
            element.set("color", code.colour)
            if code.description:
                _child(element, "Description").text = code.description
            grow(element, code.id)

    grow(root, None)
    return root


def _project(project: Project, ends: LineEnds) -> etree._Element:
    root = etree.XML(f'<Project xmlns="{_PROJECT}"/>')
    author = guid(project.review, "user", "")
    root.set("name", project.review)
    root.set("origin", ORIGIN)
    root.set("creatingUserGUID", author)
    root.set("creationDateTime", _time(project.created))
    users = _child(root, "Users")
    # some programs take the first user for the coder
    for coder in project.coders:
        _child(users, "User", guid=guid(project.review, "user", coder), name=coder)
    _child(users, "User", guid=author, name=ORIGIN)
    if project.codebook.codes:
        _child(root, "CodeBook").append(codes_element(project.codebook, _PROJECT, project.review))
    if project.documents:
        _variables(root, project)
        cases, sources = _child(root, "Cases"), _child(root, "Sources")
        for document in project.documents:
            _case(cases, project, document)
            _source(sources, project, document, ends)
    _child(root, "Description").text = "\n".join(header(project))
    return root


def _variables(root: etree._Element, project: Project) -> None:
    variables = _child(root, "Variables")
    for name in ("Conversation", "Position"):
        _child(variables, "Variable", guid=guid(project.review, "variable", name), name=name, typeOfVariable="Text")


def _case(cases: etree._Element, project: Project, document: Document) -> None:
    case = _child(cases, "Case", guid=guid(project.review, "case", document.conversation), name=_title(document))
    _values(case, project, document)
    _child(case, "SourceRef", targetGUID=guid(project.review, "source", document.conversation))


def _source(sources: etree._Element, project: Project, document: Document, ends: LineEnds) -> None:
    source = _child(
        sources,
        "TextSource",
        guid=guid(project.review, "source", document.conversation),
        name=_title(document),
        plainTextPath=f"internal://{_source_file(project, document)}",
        creatingUser=guid(project.review, "user", ""),
        creationDateTime=_time(project.created),
    )
    text, found = plain_text(document)
    # every turn is a line: what comes before one counts that much more
    begins = {turn: len(ends.counted(text[:begin])) for turn, begin in found.items()}
    codes = {code.id: guid(project.review, "code", code.id) for code in project.codebook.codes}
    coders = {coder: guid(project.review, "user", coder) for coder in project.coders}
    for one in project.extracts:
        if one.conversation == document.conversation:
            _selection(source, project.review, one, begins, codes, coders[one.coder])
    _values(source, project, document)


def _selection(
    source: etree._Element,
    review: str,
    one: Extract,
    begins: Mapping[int, int],
    codes: Mapping[str, str],
    coder: str,
) -> None:
    """`codes` leads from the ids of codes, in the order of the codebook, to their identifiers; `coder` is one."""
    made = {"creatingUser": coder, "creationDateTime": _time(one.at)}
    selection = _child(
        source,
        "PlainTextSelection",
        guid=guid(review, "extract", str(one.id)),
        name=f"Turn {one.anchor.first_turn}: {' '.join(one.quote.split())[:80]}",
        startPosition=str(begins[one.anchor.first_turn] + one.anchor.first_char),
        endPosition=str(begins[one.anchor.last_turn] + one.anchor.last_char),
        **made,
    )
    if one.memo:
        _child(selection, "Description").text = one.memo
    for code in (code for code in codes if code in one.codes):
        coding = _child(selection, "Coding", guid=guid(review, "coding", f"{one.id}/{code}"), **made)
        _child(coding, "CodeRef", targetGUID=codes[code])


def _values(above: etree._Element, project: Project, document: Document) -> None:
    for name, text in (("Conversation", document.conversation), ("Position", document.position)):
        value = _child(above, "VariableValue")
        _child(value, "VariableRef", targetGUID=guid(project.review, "variable", name))
        _child(value, "TextValue").text = text


def _title(document: Document) -> str:
    # some programs use the name of a source as a file name
    return _NOT_IN_FILE_NAMES.sub("-", f"{document.conversation} {document.position}")


def _source_file(project: Project, document: Document) -> str:
    return f"{guid(project.review, 'text', document.conversation)}.txt"


def _time(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _child(above: etree._Element, tag: str, **attributes: str) -> etree._Element:
    space, _, _ = str(above.tag).partition("}")
    return etree.SubElement(above, f"{space}}}{tag}", attributes)


def _bytes(root: etree._Element) -> bytes:
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)
