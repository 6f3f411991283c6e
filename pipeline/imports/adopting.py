"""Codes of another program and the codebook of a review: which is which, and what is new.

A code is recognised by the identifier that an export of this review gave it, else by any of its labels. Names are unique here
and need not be elsewhere, so the second of two codes with one name is told apart by the name of the code above it.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count, islice

from pipeline.codes.codebook import Code, Codebook
from pipeline.export.guids import guid
from pipeline.imports import incoming
from pipeline.transcripts.document import clean

_LONGEST_NAME = 120
_COLOUR = re.compile(r"#(?:[0-9A-Fa-f]{3}){1,2}")
_GREY = "#A8A8A8"
_TRIED = 9  # of the names that a code may have been given at an earlier import


@dataclass(frozen=True, kw_only=True, slots=True)
class Adopted:
    """A codebook that has the other program's codes. `ids` leads from their keys to the ids of codes here, `added` are the
    ids of those that are new, `lost` says what of them was changed."""

    book: Codebook
    ids: Mapping[str, str]
    added: tuple[str, ...]
    lost: tuple[str, ...]


def recognise(book: Codebook, codes: Sequence[incoming.Code], review: str) -> dict[str, Code]:
    """The codes of the book that are meant by the other program's, by their keys."""
    by_guid = {guid(review, "code", code.id): code for code in book.codes}
    by_label = {_fold(label): code for code in book.codes for label in code.labels}
    above = {code.key: code.name for code in codes}
    found = {code.key: by_guid[code.key] for code in codes if code.key in by_guid}
    taken = {code.id for code in found.values()}
    for code in codes:
        for name in islice(_names(code, above.get(code.parent or "")), _TRIED):
            meant = by_label.get(_fold(name))
            if code.key not in found and meant is not None and meant.id not in taken:
                found[code.key] = meant
                taken.add(meant.id)
    return found


def adopt(book: Codebook, codes: Sequence[incoming.Code], review: str) -> Adopted:
    """The book with all these codes; those it has stay as they are, the others come behind, each below its parent."""
    known = recognise(book, codes, review)
    return _grow(book, codes, known, dict(known), list(book.codes))


def replacement(book: Codebook, codes: Sequence[incoming.Code], review: str) -> Adopted:
    """A book of these codes alone, as they are, in their order. Those the old book has too keep their id, and their shortcut
    and aliases, which the exchange format cannot carry. Raises BadCodebook."""
    return _grow(book, codes, recognise(book, codes, review), {}, [])


def _grow(
    book: Codebook, codes: Sequence[incoming.Code], known: Mapping[str, Code], done: dict[str, Code], grown: list[Code]
) -> Adopted:
    """The rest of `codes` behind `grown`; `done` are those already there, by key."""
    taken = {_fold(label) for code in (*known.values(), *grown) for label in code.labels}
    added, lost = [], []
    for one in codes:
        if one.key in done:
            continue
        parent = done.get(one.parent or "")
        same = known.get(one.key)
        name = (
            _line(one.name)[:_LONGEST_NAME]
            if same
            else next(n for n in _names(one, parent.name if parent else None) if _fold(n) not in taken)
        )
        code = replace(
            same or Code(id=_identify(name, parent, taken), name=name),
            name=name,
            parent=parent.id if parent else None,
            description=clean(one.description).strip(),
            colour=_colour(one.colour) or (parent.colour if parent else _GREY),
            codable=one.codable,
        )
        lost += [f'the name of a code, which is "{name}" here'] * (name != one.name)
        lost += [f'the colour of the code "{name}"'] * bool(one.colour and not _colour(one.colour))
        added += [] if same else [code.id]
        taken |= {_fold(label) for label in code.labels}
        done[one.key] = code
        grown.append(code)
    ids = {key: code.id for key, code in done.items()}
    return Adopted(book=replace(book, codes=tuple(grown)), ids=ids, added=tuple(added), lost=tuple(lost))


def _names(code: incoming.Code, above: str | None) -> Iterator[str]:
    """Names for a code that is not in the book, the best first."""
    name = _line(code.name) or "Unnamed"
    yield name[:_LONGEST_NAME]
    if above is not None:
        yield f"{name[: _LONGEST_NAME // 2]} ({_line(above)[: _LONGEST_NAME // 2 - 3]})"
    yield from (f"{name[: _LONGEST_NAME - 9]} ({number})" for number in count(2))


def _identify(name: str, parent: Code | None, taken: set[str]) -> str:
    slug = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "code"
    stem = f"{parent.id}/{slug}" if parent else slug
    return next(each for each in (stem, *(f"{stem}-{n}" for n in range(2, len(taken) + 3))) if each not in taken)


def _colour(text: str) -> str:
    if not _COLOUR.fullmatch(text):
        return ""
    digits = text[1:].upper()
    return f"#{digits}" if len(digits) == 6 else "#" + "".join(2 * digit for digit in digits)


def _line(text: str) -> str:
    return " ".join(clean(text).split()).replace(";", ",")


def _fold(label: str) -> str:
    return _line(label).casefold()
