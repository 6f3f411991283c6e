"""Changing a codebook, code by code. Every function gives another book and leaves the one it was given."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

from pipeline.codes.codebook import Code, Codebook, HeadingUsed
from pipeline.transcripts.document import clean
from storage.errors import Refused

IN_VIVO = "in-vivo"
_HEADING = Code(
    id=IN_VIVO,
    name="Z In vivo",
    description="Words that participants used themselves.",
    colour="#616161",
    codable=False,
)
_LONGEST_WORDS = 60


class StillHasCodes(Refused):
    """codebook: "{name}" has codes below it; move or remove those first"""


class IntoItself(Refused):
    """codebook: "{name}" cannot be merged with itself; name another code"""


class BelowItself(Refused):
    """codebook: "{name}" cannot be put below itself; name another parent with --below"""


class AtTheEnd(Refused):
    """codebook: "{name}" is the {which} of those beside it already"""


def change(book: Codebook, label: str, *, below: str | None = None, **fields: Any) -> Codebook:
    """The book with another name, description, colour, shortcut, aliases or codable for the code any label names.

    With `below` it goes under another parent, with all that is below it; with "" to the top. Its id stays.
    A new name is the team's own and no longer a participant's words.

    Raises:
        UnknownCode, BadCodebook, BelowItself.
    """
    code = book.find(label)
    if fields.get("name", code.name) != code.name:
        fields["words_of"] = None
    if "name" in fields:
        fields["name"] = " ".join(clean(fields["name"]).split())
    if "colour" in fields:
        fields["colour"] = fields["colour"].upper()
    if "description" in fields:
        fields["description"] = clean(fields["description"]).strip()
    codes = tuple(replace(one, **fields) if one.id == code.id else one for one in book.codes)
    changed = replace(book, codes=codes)
    return changed if below is None else _move(changed, changed.find(code.id), below)


def _move(book: Codebook, code: Code, below: str) -> Codebook:
    above = book.find(below) if below else None
    if above is not None and code.id in {one.id for one in book.lineage(above)}:
        raise BelowItself(name=code.name)
    branch = [one for one in book.codes if code.id in {each.id for each in book.lineage(one)}]
    moved = [replace(one, parent=above.id if above else None) if one.id == code.id else one for one in branch]
    rest = [one for one in book.codes if one not in branch]
    behind = [at for at, one in enumerate(rest) if above is None or above.id in {each.id for each in book.lineage(one)}]
    at = behind[-1] + 1 if behind else 0
    return replace(book, codes=(*rest[:at], *moved, *rest[at:]))


def shift(book: Codebook, label: str, by: int) -> Codebook:
    """The book with a code, and all below it, one place further up (`by` -1) or down (1) among those beside it.

    Raises UnknownCode, AtTheEnd.
    """
    code = book.find(label)
    beside = book.children(code.parent)
    at = beside.index(code) + by
    if not 0 <= at < len(beside):
        raise AtTheEnd(name=code.name, which="first" if by < 0 else "last")
    one, other = sorted((code, beside[at]), key=beside.index)
    first, second = ([each for each in book.codes if branch in book.lineage(each)] for branch in (one, other))
    here = book.codes.index(one)
    rest = [each for each in book.codes[here:] if each not in first and each not in second]
    return replace(book, codes=(*book.codes[:here], *second, *first, *rest))


def remove(book: Codebook, label: str) -> Codebook:
    """The book without a code. Raises UnknownCode, StillHasCodes."""
    code = book.find(label)
    if book.children(code.id):
        raise StillHasCodes(name=code.name)
    return replace(book, codes=tuple(one for one in book.codes if one.id != code.id))


def merge(book: Codebook, label: str, into: str) -> Codebook:
    """The book with one code instead of two: the second has the names of the first as aliases, but for a participant's own
    words, which die with their conversation.

    Raises:
        UnknownCode, IntoItself, StillHasCodes, HeadingUsed.
    """
    code, kept = book.find(label), book.find(into)
    if code.id == kept.id:
        raise IntoItself(name=code.name)
    if not kept.codable:
        raise HeadingUsed(name=kept.name)
    known = {each.casefold() for each in kept.labels}
    names = ([] if code.words_of else [code.name]) + list(code.aliases)
    aliases = tuple(name for name in names if name.casefold() not in known)
    return change(remove(book, code.id), kept.id, aliases=(*kept.aliases, *aliases))


def in_vivo(book: Codebook, words: str, key: UUID) -> tuple[Codebook, Code]:
    """The book with a code named by a participant's own words, and that code; the one of that name where there is one already.

    Its id says nothing of the words. `key` is the extract key of the conversation they come from. Raises BadCodebook.
    """
    name = f"“{_shortened(words)}”"
    for code in book.codes:
        if code.name.casefold() == name.casefold():
            return book, code
    if not any(one.id == IN_VIVO for one in book.codes):
        book = replace(book, codes=(*book.codes, _HEADING))
    # drawn, not counted: an extract that was taken out must not find another code under its old id when it is put back
    id = f"{IN_VIVO}/{uuid4().hex[:8]}"
    code = Code(id=id, name=name, colour=book.find(IN_VIVO).colour, parent=IN_VIVO, words_of=key)
    return replace(book, codes=(*book.codes, code)), code


def _shortened(words: str) -> str:
    line = " ".join(clean(words).replace(";", ",").split())
    if len(line) <= _LONGEST_WORDS:
        return line
    return line[:_LONGEST_WORDS].rpartition(" ")[0].rstrip(" ,.;:-") + " …"


def ordered(codes: Iterable[Code], order: Sequence[str]) -> tuple[Code, ...]:
    """The codes in the order of these ids; one that is not among them stays behind the one it stood behind."""
    given = list(codes)
    by_id = {code.id: code for code in given}
    arranged = [by_id[id] for id in order if id in by_id]
    for at, code in enumerate(given):
        if code.id not in order:
            arranged.insert(arranged.index(given[at - 1]) + 1 if at else 0, code)
    return tuple(arranged)
