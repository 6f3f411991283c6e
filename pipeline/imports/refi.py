"""Projects (.qdpx) and codebooks (.qdc) in the REFI-QDA exchange format, read from any program known to write them.

Reads more than the standard allows, since programs write more: any one `*.qde` at the root, either spelling of the folder of
texts, texts within the project, repeated names of codes, missing dates and origins. What is not understood is counted and told.
"""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import BinaryIO

from lxml import etree

from pipeline.export.qdpx import ORIGIN
from pipeline.imports import dialects
from pipeline.imports.dialects import Source, Stretch
from pipeline.imports.guard import Archive, NotReadable
from pipeline.imports.incoming import Code, Incoming, Mark, Text
from pipeline.imports.markup import xml

_TEXTS = ("TextSource", "Transcript")
_SELECTIONS = ("PlainTextSelection", "TranscriptSelection")
# What of a project has no place here, as people call it. Attributes of a case or text are counted as variables.
_STRANGE = {
    "AudioSource": "recordings", "VideoSource": "films", "PictureSource": "pictures", "PDFSource": "PDF documents",
    "AudioSelection": "stretches of recordings", "VideoSelection": "stretches of films",
    "PictureSelection": "stretches of pictures", "PDFSelection": "stretches of PDF documents", "Case": "cases",
    "Variable": "variables", "Set": "sets", "Link": "links", "Graph": "graphs",
}  # fmt: skip

Element = etree._Element


class _Project:
    """A project taken apart."""

    def __init__(self, archive: Archive) -> None:
        inner = [name for name in archive.names if name.endswith(".qde") and "/" not in name]
        if len(inner) != 1:
            raise NotReadable(problem="is no REFI-QDA project")
        self.archive = archive
        self.root = xml(archive.read(inner[0]))
        if _tag(self.root) != "Project":
            raise NotReadable(problem="is no REFI-QDA project")
        self.users = {key(user.get("guid")): user.get("name") or user.get("id") or "" for user in self.all("User")}
        self.notes = {key(note.get("guid")): note for note in self.all("Note")}
        self.lost: Counter[str] = Counter()

    def all(self, *tags: str) -> Iterator[Element]:
        return self.root.iter(*(f"{{*}}{tag}" for tag in tags))

    def source(self, element: Element) -> Source | None:
        """The plain text of a source or note, or None when there is none to be had."""
        inside = element.findtext("{*}PlainTextContent")
        if inside is not None:
            return dialects.source(inside)
        path = element.get("plainTextPath") or ""
        if not path or path.startswith(("relative:", "absolute:")):
            return None
        name = path.removeprefix("internal://").removeprefix("/")
        for place in (f"sources/{name}", name):
            try:
                return dialects.decode(self.archive.read(place))
            except KeyError:
                continue
            except UnicodeDecodeError:
                return None
        return None

    def memo(self, *elements: Element) -> str:
        """The description of a selection and the notes on it and its codings."""
        found = [element.findtext("{*}Description") or "" for element in elements]
        for element in elements:
            for reference in element.findall("{*}NoteRef"):
                note = self.notes.pop(key(reference.get("targetGUID")), None)
                text = None if note is None else self.source(note)
                found.append(text.text if text else "")
        return "\n".join(part.strip() for part in found if part.strip())


def read(file: BinaryIO) -> Incoming:
    """A .qdpx project. Raises NotReadable, Suspect."""
    project = _Project(Archive(file))
    origin = project.root.get("origin") or ""
    found: list[tuple[Element, Source, list[tuple[Element, Stretch]]]] = []
    for element in project.all(*_TEXTS):
        source = project.source(element)
        if source is None:
            project.lost["texts without plain text in the file"] += 1
            continue
        found.append((element, source, list(_selections(project, element))))
        project.lost["codings of a whole text"] += len(element.findall("{*}Coding"))
    dialect = dialects.choose([(source, [stretch for _, stretch in each]) for _, source, each in found], origin)
    texts = []
    for element, source, selections in found:
        ruler = dialect.place(source)
        marks: list[Mark] = []
        for selection, stretch in selections:
            start, end = ruler.index(stretch.start), ruler.index(stretch.end)
            if start < end <= len(source.text):
                marks += _marks(project, selection, start, end)
            else:
                project.lost["selections outside their text"] += 1
        texts.append(Text(key=key(element.get("guid")), text=source.text, marks=tuple(marks)))
    for tag, what in _STRANGE.items():
        # in our own exports these say what every conversation says of itself
        if not (origin == ORIGIN and tag in ("Case", "Variable")):
            project.lost[what] += sum(1 for _ in project.all(tag))
    project.lost["notes on no extract"] += len(project.notes)
    return Incoming(
        program=" ".join(origin.split())[:80],
        dialect=dialects.describe(dialect, [source for _, source, _ in found]),
        codes=codes(project.root),
        texts=tuple(texts),
        lost=tuple(f"{what}: {count}" for what, count in project.lost.items() if count),
    )


def read_codebook(data: bytes) -> tuple[tuple[Code, ...], tuple[str, ...]]:
    """The codes in a .qdc codebook, and what is lost. Raises NotReadable, Suspect."""
    root = xml(data)
    if _tag(root) != "CodeBook":
        raise NotReadable(problem="is no REFI-QDA codebook")
    sets = sum(1 for _ in root.iter("{*}Set"))
    return codes(root), (f"sets: {sets}",) if sets else ()


def codes(root: Element) -> tuple[Code, ...]:
    """All codes below an element in order, each parent before its children."""
    # one without identifier cannot be referred to, but can be above others
    keys = {element: key(element.get("guid")) or f"#{n}" for n, element in enumerate(root.iter("{*}Code"))}
    return tuple(
        Code(
            key=own,
            name=element.get("name") or "",
            parent=keys.get(above) if (above := element.getparent()) is not None else None,
            description=(element.findtext("{*}Description") or "").strip(),
            colour=element.get("color") or "",
            codable=(element.get("isCodable") or "true").strip().lower() not in ("false", "0"),
        )
        for element, own in keys.items()
    )


def key(guid: str | None) -> str:
    """A GUID as it is compared: whatever its case, with or without braces."""
    return (guid or "").strip().strip("{}").upper()


def _selections(project: _Project, element: Element) -> Iterator[tuple[Element, Stretch]]:
    points = {key(point.get("guid")): point.get("position") for point in element.findall("{*}SyncPoint")}
    for selection in (child for child in element if _tag(child) in _SELECTIONS):
        ends = (
            (selection.get("startPosition"), selection.get("endPosition"))
            if _tag(selection) == "PlainTextSelection"
            else tuple(points.get(key(selection.get(which))) for which in ("fromSyncPoint", "toSyncPoint"))
        )
        if all(end is not None and end.isdecimal() and len(end) < 12 for end in ends):
            start, end = (int(str(end)) for end in ends)
            yield selection, Stretch(start=start, end=end, name=selection.get("name") or "")
        else:
            project.lost["selections outside their text"] += 1


def _marks(project: _Project, selection: Element, start: int, end: int) -> Iterator[Mark]:
    """One mark for each person who coded the selection; its memo goes to the first."""
    codings = selection.findall("{*}Coding")
    owner = selection.get("creatingUser")
    by_user: dict[str, list[Element]] = {key(owner): []} if not codings else {}
    for coding in codings:
        by_user.setdefault(key(coding.get("creatingUser") or owner), []).append(coding)
    for number, (user, own) in enumerate(by_user.items()):
        targets = [reference.get("targetGUID") for coding in own for reference in coding.findall("{*}CodeRef")]
        dated = next((each for each in (*own, selection) if each.get("creationDateTime")), selection)
        yield Mark(
            start=start,
            end=end,
            codes=tuple(map(key, targets)),
            memo=project.memo(*([selection] if number == 0 else []), *own),
            coder=project.users.get(user, ""),
            at=_moment(dated.get("creationDateTime")),
        )


def _moment(text: str | None) -> datetime | None:
    try:
        found = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _tag(element: Element) -> str:
    return etree.QName(element).localname
