"""The rules an exchange file must keep so that every known reader gets each extract exactly.

The schema allows more than the readers can take. Each rule stands for a fault seen in a program that reads REFI-QDA: text
shifted by a byte-order mark, codes with one name merged, an import broken off. `lint` runs at every export.
"""

import re
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from lxml import etree

from pipeline.export import archive
from pipeline.export.line_ends import LineEnds

_NS = "{urn:QDA-XML:project:1.0}"
_GUID = re.compile(r"[0-9A-F]{8}(?:-[0-9A-F]{4}){3}-[0-9A-F]{12}")
_LOCAL_PATH = re.compile(r"(?:^|\s)(?:/[\w.-]+){2,}|\b[A-Za-z]:\\|\\\\\w|(?:file|absolute|relative)://")
# Which children an element may have, in the order the schema demands (it is a sequence throughout).
_ORDER = {
    "Project": "Users CodeBook Variables Cases Sources Notes Links Sets Graphs Description NoteRef",
    "Code": "Description NoteRef Code",
    "Case": "Description CodeRef VariableValue SourceRef SelectionRef",
    "TextSource": "Description PlainTextContent PlainTextSelection Coding NoteRef VariableValue",
    "PlainTextSelection": "Description Coding NoteRef",
    "Coding": "CodeRef NoteRef",
    "VariableValue": "VariableRef TextValue",
    "Variable": "Description",
    "Set": "Description MemberCode MemberSource MemberNote",
}
_CONTAINERS = {"Users", "CodeBook", "Codes", "Variables", "Cases", "Sources", "Notes", "Links", "Sets", "Graphs"}
_DATED = {"TextSource", "PlainTextSelection", "Coding", "Note"}
_MEDIA = {"AudioSource", "VideoSource", "PictureSource", "PDFSource", "Transcript", "AudioSelection"}


@dataclass(frozen=True, kw_only=True, slots=True)
class _File:
    """An exchange file taken apart: the project element and the text of every source by its internal path."""

    root: etree._Element
    entries: Mapping[str, bytes]
    ends: LineEnds

    def all(self, tag: str) -> list[etree._Element]:
        return list(self.root.iter(_NS + tag))

    def text(self, source: etree._Element) -> bytes:
        path = source.get("plainTextPath", "").removeprefix("internal://")
        return self.entries.get(f"sources/{path}", b"")


def lint(data: bytes, ends: LineEnds = LineEnds.LF) -> list[str]:
    """What is wrong with a .qdpx archive, each with the number of its rule; an empty list when nothing is.

    Other line ends than line feeds are right only where they were asked for.
    """
    try:
        entries = archive.unpack(data)
        root = etree.fromstring(entries["project.qde"], etree.XMLParser(resolve_entities=False, no_network=True))
    except (zipfile.BadZipFile, KeyError, etree.XMLSyntaxError):
        return ["rule 15: there is no archive with a readable project.qde"]
    file = _File(root=root, entries=entries, ends=ends)
    return [f"rule {number}: {problem}" for number, rule in RULES.items() for problem in rule(file)]


def _origin(file: _File) -> Iterator[str]:
    origin = file.root.get("origin", "")
    if not origin or re.search("atlas|nvivo", origin, re.IGNORECASE):
        yield "the project must name an origin of its own"


def _separate_text(file: _File) -> Iterator[str]:
    if file.all("PlainTextContent"):
        yield "text stands inside the project"
    for source in file.all("TextSource"):
        path = source.get("plainTextPath", "")
        if not path.startswith("internal://") or f"sources/{path.removeprefix('internal://')}" not in file.entries:
            yield "a source has no text in the archive"


def _no_mark(file: _File) -> Iterator[str]:
    if any(file.text(source).startswith(b"\xef\xbb\xbf") for source in file.all("TextSource")):
        yield "a text begins with a byte-order mark"


def _line_feeds(file: _File) -> Iterator[str]:
    for source in file.all("TextSource"):
        text = file.text(source)
        lines = text.replace(b"\r\n", b"\n").decode("utf-8", "replace")
        if "\r" in lines or file.ends.written(lines).encode() != text:
            yield "a text has other line ends than those asked for"
        if max(text, default=0) >= 0xF0:
            yield "a text has characters above U+FFFF, which programs count differently"


def _unique_codes(file: _File) -> Iterator[str]:
    if _repeated(code.get("name", "").casefold() for code in file.all("Code")):
        yield "two codes have one name"


def _headings(file: _File) -> Iterator[str]:
    headings = {code.get("guid") for code in file.all("Code") if code.get("isCodable") != "true"}
    if any(code.get("isCodable") not in ("true", "false") for code in file.all("Code")):
        yield "a code does not say whether it is codable"
    if any(ref.get("targetGUID") in headings for ref in file.all("CodeRef")):
        yield "an extract is filed under a heading"


def _unique_sources(file: _File) -> Iterator[str]:
    if _repeated(source.get("name", "").casefold() for source in file.all("TextSource")):
        yield "two sources have one name"


def _memos(file: _File) -> Iterator[str]:
    for selection in file.all("PlainTextSelection"):
        if selection.find(f"{_NS}NoteRef") is not None and selection.find(f"{_NS}Description") is None:
            yield "the memo of an extract stands only in a note"
    notes = file.all("Note")
    if any(not note.get("plainTextPath") or not note.get("name") for note in notes):
        yield "a note has no name or no text of its own"
    if _repeated(note.get("name", "") for note in notes):
        yield "two notes have one name"


def _codings_on_selections(file: _File) -> Iterator[str]:
    if any(source.find(f"{_NS}Coding") is not None for source in file.all("TextSource")):
        yield "a whole source is coded"


def _values_on_sources(file: _File) -> Iterator[str]:
    values = {source.get("guid"): _values(source) for source in file.all("TextSource")}
    for case in file.all("Case"):
        for ref in case.iter(f"{_NS}SourceRef"):
            if _values(case) != values.get(ref.get("targetGUID")):
                yield "a case has attributes that its source has not"


def _dated(file: _File) -> Iterator[str]:
    for tag in sorted(_DATED):
        if any(not each.get("creatingUser") or not each.get("creationDateTime") for each in file.all(tag)):
            yield f"a {tag} does not say who made it and when"


def _no_media(file: _File) -> Iterator[str]:
    if any(file.all(tag) for tag in sorted(_MEDIA)):
        yield "there is a recording or picture in the project"
    if any(name != "project.qde" and not re.fullmatch(r"sources/[\w-]+\.txt", name) for name in file.entries):
        yield "the archive holds something other than the project and its texts"


def _sets_of_sources(file: _File) -> Iterator[str]:
    if file.all("MemberCode") or file.all("MemberNote"):
        yield "a set has members that are not sources"


def _colours(file: _File) -> Iterator[str]:
    if any(not re.fullmatch(r"#[0-9A-F]{6}", code.get("color", "")) for code in file.all("Code")):
        yield "a code has no colour of the form #RRGGBB"


def _sound(file: _File) -> Iterator[str]:
    guids = [guid for element in file.root.iter("*") if (guid := element.get("guid"))]
    if not all(map(_GUID.fullmatch, guids)):
        yield "an identifier is not an upper-case GUID"
    if _repeated(guids):
        yield "an identifier is used twice"
    known = {None, *guids}
    for name in ("targetGUID", "creatingUser", "creatingUserGUID"):
        if not {element.get(name) for element in file.root.iter("*")} <= known:
            yield f"a {name} leads nowhere"
    for element in file.root.iter("*"):
        tag = _tag(element)
        if tag in _CONTAINERS and not len(element):
            yield f"there is an empty {tag}"
        if tag in _ORDER and not _in_order(element, _ORDER[tag].split()):
            yield f"the parts of a {tag} are in the wrong order"


def _no_paths(file: _File) -> Iterator[str]:
    for element in file.root.iter("*"):
        if element.tag == f"{_NS}PlainTextSelection":
            continue  # its name begins with what was said
        texts = [str(value) for name, value in element.items() if name != "plainTextPath"]
        if element.get("basePath") or element.get("currentPath") or any(map(_LOCAL_PATH.search, texts)):
            yield "a place on this machine is named"
            return


def _positions(file: _File) -> Iterator[str]:
    for source in file.all("TextSource"):
        length = len(file.ends.read(file.text(source).decode("utf-8", "replace")))
        for selection in source.iter(f"{_NS}PlainTextSelection"):
            start, end = selection.get("startPosition", ""), selection.get("endPosition", "")
            if not (start.isdecimal() and end.isdecimal() and int(start) < int(end) <= length):
                yield "an extract lies outside its text"


RULES: Mapping[int, Callable[[_File], Iterator[str]]] = {
    1: _origin, 2: _separate_text, 3: _no_mark, 4: _line_feeds, 5: _unique_codes, 6: _headings, 7: _unique_sources,
    8: _memos, 9: _codings_on_selections, 10: _values_on_sources, 11: _dated, 12: _no_media, 13: _sets_of_sources,
    14: _colours, 15: _sound, 16: _no_paths, 17: _positions,
}  # fmt: skip
"""Rules 1 to 16 are those found by trying the readers; 17 is that every extract lies within its text."""


def _repeated(names: Iterator[str] | list[str]) -> bool:
    return any(count > 1 for count in Counter(names).values())


def _tag(element: etree._Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _in_order(element: etree._Element, order: list[str]) -> bool:
    places = [order.index(tag) if (tag := _tag(child)) in order else -1 for child in element]
    return -1 not in places and places == sorted(places)


def _values(element: etree._Element) -> list[tuple[str | None, str | None]]:
    return sorted(
        (value.find(f"{_NS}VariableRef").get("targetGUID"), value.findtext(f"{_NS}TextValue"))  # type: ignore[union-attr]
        for value in element.iter(f"{_NS}VariableValue")
    )
