"""The one model that every export format is written from, so that all of them hold the same extracts.

It is built from pseudonymised documents alone: real names cannot reach an export because nothing here has seen them.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum

from pipeline.codes.codebook import Code, Codebook
from pipeline.codes.coding import Extract
from pipeline.codes.quotes import BadAnchor, take
from pipeline.transcripts.document import Document
from storage.errors import BadInput

Row = tuple[str, int, str, tuple[str, ...]]
"""One extract as every format must give it back: conversation, turn, quote, names of codes in the order of the codebook."""


class Profile(StrEnum):
    """For whom an export is made."""

    INTERNAL = "internal"
    PARTICIPANT = "participant"
    PUBLIC = "public"


class CannotExport(BadInput):
    """export: turn {turn} of {conversation} holds an extract that {problem}; put it right before exporting"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Project:
    """What is exported: documents by reference, extracts by place. `created` is a fixed time, so that two exports of an
    unchanged review are the same bytes. `mark` stands on every page ("" for none); `with_text` gives reports the turns too;
    `conventions` says in a line or more how the transcripts are written."""

    review: str
    profile: Profile
    codebook: Codebook
    documents: tuple[Document, ...]
    extracts: tuple[Extract, ...]
    created: datetime
    mark: str = ""
    with_text: bool = False
    conventions: tuple[str, ...] = ()
    ranks: Mapping[str, tuple[int, str]] = field(init=False, repr=False, compare=False)
    """Place in the codebook and name of each code, by its id."""

    def __post_init__(self) -> None:
        ranks = {code.id: (place, code.name) for place, code in enumerate(self.codebook.codes)}
        object.__setattr__(self, "ranks", ranks)

    @property
    def coders(self) -> tuple[str, ...]:
        return tuple(sorted({one.coder for one in self.extracts}))


@dataclass(frozen=True, kw_only=True, slots=True)
class Theme:
    """A code with its extracts, each with its number in the project from 1; no code for extracts that have none."""

    code: Code | None
    extracts: tuple[tuple[int, Extract], ...]

    @property
    def title(self) -> str:
        return self.code.name if self.code else "Not coded"


def build(
    *,
    review: str,
    profile: Profile,
    codebook: Codebook,
    documents: Iterable[Document],
    extracts: Iterable[Extract],
    created: datetime,
    mark: str = "",
    with_text: bool = False,
    conventions: Iterable[str] = (),
) -> Project:
    """The project to export. Participants and the public see neither memos nor who coded. Raises CannotExport."""
    lines = {document.conversation: _one_line_a_turn(document) for document in documents}
    known = {code.id for code in codebook.codes if code.codable}
    kept = [_settle(one, lines, known) for one in extracts]
    if profile is not Profile.INTERNAL:
        kept = [replace(one, memo="", coder="coder") for one in kept]
    return Project(
        review=review,
        profile=profile,
        codebook=codebook,
        documents=tuple(lines[conversation] for conversation in sorted(lines)),
        extracts=tuple(sorted(kept, key=lambda one: (one.conversation, one.anchor, one.id))),
        created=created.astimezone(UTC).replace(microsecond=0),
        mark=mark,
        with_text=with_text,
        conventions=tuple(conventions),
    )


def names(project: Project, one: Extract) -> tuple[str, ...]:
    """Names of the codes of an extract, in the order of the codebook."""
    return tuple(name for _, name in sorted(project.ranks[code] for code in one.codes))


def rows(project: Project) -> tuple[Row, ...]:
    """What reading an export back must give, sorted."""
    return tuple(
        sorted((one.conversation, one.anchor.first_turn, one.quote, names(project, one)) for one in project.extracts)
    )


def digest(extracts: Iterable[Row]) -> str:
    """SHA-256 over the rows in their sorted order, hexadecimal: equal for the same extracts in any format."""
    return hashlib.sha256(json.dumps(sorted(extracts), ensure_ascii=False).encode()).hexdigest()


def header(project: Project) -> tuple[str, ...]:
    """The lines that stand at the head of every export: what it is, for whom, and the digest of its extracts."""
    return (
        *([project.mark] if project.mark else []),
        f"Candour, review {project.review}",
        f"Profile: {project.profile}",
        *project.conventions,
        f"Extracts: {len(project.extracts)}, digest {digest(rows(project))}",
    )


def turns(project: Project) -> Iterator[str]:
    """The turns that stand in a report besides the extracts: "[hh:mm:ss] Speaker: words"."""
    for document in project.documents if project.with_text else ():
        for passage in document.passages:
            yield f"[{clock(passage.start)}] {passage.speaker}: {passage.text}"


def themes(project: Project) -> tuple[Theme, ...]:
    """The extracts under each code in use, in the order of the codebook, then those without any."""
    numbered = tuple(enumerate(project.extracts, start=1))
    coded = [
        Theme(code=code, extracts=tuple((n, one) for n, one in numbered if code.id in one.codes))
        for code in project.codebook.codes
    ]
    rest = Theme(code=None, extracts=tuple((n, one) for n, one in numbered if not one.codes))
    return tuple(theme for theme in (*coded, rest) if theme.extracts)


def from_themes(found: Iterable[tuple[str | None, int, str, int, str]]) -> tuple[Row, ...]:
    """The rows in a report by theme, which gives (code name or None, number, conversation, turn, quote) in its order.

    Raises ValueError when one number stands for two different quotes.
    """
    places: dict[int, tuple[str, int, str]] = {}
    codes: dict[int, list[str]] = {}
    for code, number, conversation, turn, quote in found:
        if places.setdefault(number, (conversation, turn, quote)) != (conversation, turn, quote):
            raise ValueError("one number stands for two quotes")
        codes.setdefault(number, []).extend([code] if code else [])
    return tuple(sorted((*place, tuple(codes[number])) for number, place in places.items()))


def clock(seconds: float) -> str:
    """hh:mm:ss, as qualitative-analysis programs read it."""
    whole = int(seconds)
    return f"{whole // 3600:02}:{whole // 60 % 60:02}:{whole % 60:02}"


def _one_line_a_turn(document: Document) -> Document:
    # a line is a turn in the exchange formats; one character for one keeps every anchor true
    return replace(document, passages=tuple(replace(p, text=p.text.replace("\n", " ")) for p in document.passages))


def _settle(one: Extract, documents: Mapping[str, Document], known: Set[str]) -> Extract:
    place = {"conversation": one.conversation, "turn": one.anchor.first_turn}
    if one.conversation not in documents:
        raise CannotExport(problem="belongs to no conversation of this export", **place)
    if not set(one.codes) <= known:
        raise CannotExport(problem="has a code that is a heading or not in the codebook", **place)
    document = documents[one.conversation]
    try:
        quote = take(document, one.anchor)
    except BadAnchor:
        quote = ""
    if quote.replace("\n", " ") != one.quote.replace("\n", " "):
        raise CannotExport(problem="quotes words that no longer stand there", **place)
    return replace(one, quote=quote, position=document.position)
