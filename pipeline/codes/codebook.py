"""The codebook: the tree of themes that extracts are filed under.

A codebook is kept as TOML, one `[[codes]]` table a code, parents first. Every name, alias, shortcut and id leads to exactly
one code whatever its case, since other programs drop the second of two codes with one name.
"""

import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

from rapidfuzz import fuzz, process

from pipeline.transcripts.document import clean
from storage.errors import BadInput, NotFound

LONGEST_NAME: Final = 120
_ID = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*(?:/[a-z0-9]+(?:-[a-z0-9]+)*)*")
_COLOUR = re.compile(r"#[0-9A-F]{6}")
_GREY = "#A8A8A8"
_BOOK_KEYS = {"name", "attribution", "codes"}
_CODE_KEYS = {"id", "name", "description", "colour", "parent", "shortcut", "aliases", "codable", "retired"}


class BadCodebook(BadInput):
    """codebook: {problem}; correct the codebook and import it again"""


class HeadingUsed(BadInput):
    """coding: "{name}" is a heading and takes no extracts; choose a code below it"""


class UnknownCode(NotFound):
    """codebook: no code is called "{label}"; nearest: {near}; see them all with `candour code list`"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Code:
    """One theme. `id` is a slug path that outlives renaming; `parent` an id or None; a heading is not `codable`.

    A retired one keeps the extracts it has and takes no more. `words_of` is the extract key of the conversation whose
    participant said the words that are the name.
    """

    id: str
    name: str
    description: str = ""
    colour: str = _GREY
    parent: str | None = None
    shortcut: str = ""
    aliases: tuple[str, ...] = ()
    codable: bool = True
    retired: bool = False
    words_of: UUID | None = None

    @property
    def labels(self) -> tuple[str, ...]:
        """All that a person may type for this code."""
        return (self.id, self.name, *([self.shortcut] if self.shortcut else []), *self.aliases)


@dataclass(frozen=True, kw_only=True, slots=True)
class Codebook:
    """All codes in order, each parent before its children. Raises BadCodebook when they contradict each other."""

    name: str
    attribution: str = ""
    codes: tuple[Code, ...] = ()

    def __post_init__(self) -> None:
        seen: dict[str, Code] = {}
        ids: set[str] = set()
        for code in self.codes:
            _check(code)
            if code.parent is not None and code.parent not in ids:
                raise BadCodebook(problem=f'code "{code.name}" names a parent that does not come before it')
            for label in {folded(label) for label in code.labels}:
                if label in seen:
                    raise BadCodebook(problem=f'"{label}" leads to both "{seen[label].name}" and "{code.name}"')
                seen[label] = code
            ids.add(code.id)

    def find(self, label: str) -> Code:
        """The code with this id, name, alias, shortcut or number ("D2.1"), whatever its case. Raises UnknownCode."""
        for code in self.codes:
            if folded(label) in map(folded, code.labels):
                return code
        numbered = [code for code in self.codes if folded(label) == folded(code.name.partition(" ")[0])]
        if len(numbered) == 1:
            return numbered[0]
        near = process.extract(label, [code.name for code in self.codes], scorer=fuzz.WRatio, limit=3, score_cutoff=50)
        raise UnknownCode(label=label, near=", ".join(f'"{name}"' for name, _, _ in near) or "none")

    def children(self, parent: str | None) -> tuple[Code, ...]:
        """The codes directly below the one with this id; the headings of the book for None."""
        return tuple(code for code in self.codes if code.parent == parent)

    def lineage(self, code: Code) -> tuple[Code, ...]:
        """The code and everything above it, topmost first."""
        by_id = {each.id: each for each in self.codes}
        line = [code]
        while line[0].parent is not None:
            line.insert(0, by_id[line[0].parent])
        return tuple(line)

    def meaning(self, id: str) -> tuple[tuple[str, str], ...] | None:
        """What it says to file something under a code: name and description of it and of all above it; None if it is gone."""
        code = next((code for code in self.codes if code.id == id), None)
        return None if code is None else tuple((one.name, one.description) for one in self.lineage(code))

    def order(self, ids: tuple[str, ...]) -> tuple[str, ...]:
        """These ids once each, in the order of the book."""
        return tuple(code.id for code in self.codes if code.id in set(ids))

    def add(self, name: str, *, parent: str | None = None, description: str = "", codable: bool = True) -> "Codebook":
        """This book with one more code, below the parent any label names. Raises BadCodebook, UnknownCode."""
        above = self.find(parent) if parent is not None else None
        name = _line(name)
        code = Code(
            id=_identify(name, above),
            name=name,
            description=description,
            colour=above.colour if above else _GREY,
            parent=above.id if above else None,
            codable=codable,
        )
        return replace(self, codes=(*self.codes, code))

    def to_toml(self) -> str:
        """The book as a file that `parse` reads back equal."""
        return "".join([_entry("name", self.name), _entry("attribution", self.attribution), *map(_table, self.codes)])


def parse(text: str) -> Codebook:
    """The codebook in a TOML text. Raises BadCodebook, naming the code and the field."""
    try:
        whole = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadCodebook(problem=f"this is not TOML ({error})") from None
    _refuse_strangers(whole, _BOOK_KEYS, "the codebook")
    tables = whole.get("codes", [])
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise BadCodebook(problem="each code must be a [[codes]] table")
    codes: list[Code] = []
    for number, table in enumerate(tables, start=1):
        codes.append(_code(table, number, codes))
    name = _line(_text(whole, "name", "the codebook"))
    if not name:
        raise BadCodebook(problem="the codebook has no name")
    return Codebook(
        name=name, attribution=clean(_text(whole, "attribution", "the codebook")).strip(), codes=tuple(codes)
    )


def _code(table: Mapping[str, Any], number: int, before: list[Code]) -> Code:
    name = _line(_text(table, "name", f"code {number}"))
    who = f'code {number} "{name}"' if name else f"code {number}"
    _refuse_strangers(table, _CODE_KEYS, who)
    above = _parent(_text(table, "parent", who), who, before)
    aliases = table.get("aliases", [])
    if not isinstance(aliases, list) or not all(isinstance(alias, str) for alias in aliases):
        raise BadCodebook(problem=f"{who}: aliases must be a list of texts")
    codable, retired = table.get("codable", True), table.get("retired", False)
    if not isinstance(codable, bool) or not isinstance(retired, bool):
        raise BadCodebook(problem=f"{who}: codable and retired must be true or false")
    return Code(
        id=_text(table, "id", who) or _identify(name, above),
        name=name,
        description=clean(_text(table, "description", who)).strip(),
        colour=_text(table, "colour", who).upper() or (above.colour if above else _GREY),
        parent=above.id if above else None,
        shortcut=_line(_text(table, "shortcut", who)),
        aliases=tuple(map(_line, aliases)),
        codable=codable,
        retired=retired,
    )


def _parent(label: str, who: str, before: list[Code]) -> Code | None:
    if not label:
        return None
    for code in before:
        if folded(label) in (code.id, folded(code.name)):
            return code
    raise BadCodebook(problem=f'{who}: no code before it is called "{label}", which it names as its parent')


def _check(code: Code) -> None:
    if not code.name or len(code.name) > LONGEST_NAME:
        raise BadCodebook(
            problem=f'a code name must have 1 to {LONGEST_NAME} characters, which "{code.name[:40]}" has not'
        )
    for label in code.labels:
        if not label or ";" in label or label != _line(label):
            raise BadCodebook(
                problem=f'code "{code.name}": a name, alias or shortcut is empty or holds ; or a line end'
            )
    if not _ID.fullmatch(code.id):
        raise BadCodebook(problem=f'code "{code.name}": the id must be lower-case words joined by - and /')
    if not _COLOUR.fullmatch(code.colour):
        raise BadCodebook(problem=f'code "{code.name}": the colour must look like #1B5E20')


def _identify(name: str, above: Code | None) -> str:
    slug = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "code"
    return f"{above.id}/{slug}" if above else slug


@lru_cache(maxsize=1024)
def folded(label: str) -> str:
    """A label as it is looked for: without its case."""
    return _line(label).casefold()


def _line(text: str) -> str:
    return " ".join(clean(text).split())


def _text(table: Mapping[str, Any], key: str, who: str) -> str:
    value = table.get(key, "")
    if not isinstance(value, str):
        raise BadCodebook(problem=f"{who}: {key} must be a text")
    return value


def _refuse_strangers(table: Mapping[str, Any], known: set[str], who: str) -> None:
    if strangers := sorted(set(table) - known):
        raise BadCodebook(problem=f"{who}: unknown key {', '.join(strangers)}; known are {', '.join(sorted(known))}")


def _table(code: Code) -> str:
    parts = ["\n[[codes]]\n", _entry("id", code.id), _entry("name", code.name), _entry("colour", code.colour)]
    for key, value in (("parent", code.parent), ("shortcut", code.shortcut), ("description", code.description)):
        if value:
            parts.append(_entry(key, value))
    if code.aliases:
        parts.append(f"aliases = [{', '.join(map(_quoted, code.aliases))}]\n")
    if not code.codable:
        parts.append("codable = false\n")
    if code.retired:
        parts.append("retired = true\n")
    return "".join(parts)


def _entry(key: str, value: str) -> str:
    return f"{key} = {_quoted(value)}\n"


def _quoted(value: str) -> str:
    # a JSON string is a TOML basic string; `clean` has already removed DEL, the one character where they part
    return json.dumps(value, ensure_ascii=False)
