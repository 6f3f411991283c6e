"""The name key, and the one pass that puts `[replacements]` where real terms stood.

Words are compared without case, accents and apostrophes. A possessive or plural ending stays behind the bracket
("Anna's" → "[Mother]'s"), a title goes with its name ("Dr Patel" → "[GP 1]"). All matches are found in the original before
the first is replaced, the longest are kept, and nothing is ever looked for in a result.

A term written with a capital that is also an ordinary word ("Rose", "Mark") is matched only where it stands with a
capital; written in lower case it is matched everywhere.
"""

import json
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from dataclasses import replace as changed
from enum import StrEnum

from pipeline.pseudonyms.matching import Matcher, Pattern
from pipeline.transcripts.document import Document, Passage, clean
from pipeline.transcripts.transcript import Turn
from storage.errors import BadInput, Refused


class KeyUnusable(BadInput):
    """names: these bytes are not a name key; restore them from a backup"""


class TermUnusable(BadInput):
    """names: term {term} needs a real term with a letter or digit, and a replacement without square brackets"""


class TermTaken(Refused):
    """names: the real term of {term} is already in the name key as {other}; decide it with `--is {other}`"""


class ReplacementNames(Refused):
    """names: the replacement of {term} holds the real term of {other}; choose a replacement that names nobody"""


class Kind(StrEnum):
    """What a term stands for."""

    PERSON = "person"
    FAMILY = "family member"
    PLACE = "place"
    ORGANISATION = "organisation"
    SCHOOL = "school"
    DATE = "date"
    OTHER = "other"


@dataclass(frozen=True, kw_only=True, slots=True)
class Term:
    """A real term and what stands in its place. `also` holds other ways the same term was written."""

    id: str
    real: str = field(repr=False)
    replacement: str
    kind: Kind
    also: tuple[str, ...] = field(default=(), repr=False)

    def __post_init__(self) -> None:
        spellings = (self.real, *self.also)
        if not all(any(char.isalnum() for char in s) for s in spellings) or not self.replacement.strip():
            raise TermUnusable(term=self.id)
        if set("[]\n") & set(self.replacement):
            raise TermUnusable(term=self.id)

    @property
    def shown(self) -> str:
        """The replacement as it stands in a document."""
        return f"[{clean(self.replacement.strip())}]"


@dataclass(frozen=True, kw_only=True, slots=True)
class Mark:
    """One replacement: half-open character offsets in the original and in the result, and the term it was made for.

    `exact` is false where the word was taken for a misspelling of the term.
    """

    start: int
    end: int
    result_start: int
    result_end: int
    term: str
    exact: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Replaced:
    """A text after replacement, and the map between its offsets and those of the original."""

    text: str
    marks: tuple[Mark, ...]

    def to_result(self, start: int, end: int) -> tuple[int, int]:
        """Where a stretch of the original lies in the result; a stretch that touches a replacement takes all of it."""
        spans = [(m.start, m.end, m.result_start, m.result_end) for m in self.marks]
        return _map(spans, start, is_end=False), _map(spans, end, is_end=True)

    def to_original(self, start: int, end: int) -> tuple[int, int]:
        """Where a stretch of the result came from; a stretch that touches a replacement takes all of the real term."""
        spans = [(m.result_start, m.result_end, m.start, m.end) for m in self.marks]
        return _map(spans, start, is_end=False), _map(spans, end, is_end=True)


def _map(spans: Sequence[tuple[int, int, int, int]], position: int, *, is_end: bool) -> int:
    before = bisect_right(spans, position, key=lambda span: span[0] + is_end) - 1
    if before < 0:
        return position
    _, end, other_start, other_end = spans[before]
    if position < end:
        return other_end if is_end else other_start
    return other_end + position - end


class NameKey:
    """The terms of a review. Making one prepares the search, so keep it while replacing many texts."""

    def __init__(self, terms: Iterable[Term] = ()) -> None:
        self.terms = tuple(terms)
        self._by_id = {term.id: term for term in self.terms}
        self.matcher = Matcher(
            Pattern(term=term.id, text=text, titled=term.kind in (Kind.PERSON, Kind.FAMILY))
            for term in self.terms
            for text in (term.real, *term.also)
        )

    def __getitem__(self, term: str) -> Term:
        """The term with this id. Raises KeyError."""
        return self._by_id[term]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, NameKey) and self.terms == other.terms

    def __hash__(self) -> int:
        return hash(self.terms)

    def with_term(self, term: Term) -> "NameKey":
        """The key with this term added, or changed where its id is known.

        Raises TermTaken where another term has the same real term, and ReplacementNames where any replacement would show
        a real term of the key.
        """
        others = tuple(known for known in self.terms if known.id != term.id)
        rest, key = NameKey(others), NameKey((*others, term))
        for text in (term.real, *term.also):
            for found in rest.matcher.find(text):
                if found.exact and not text[: found.start].strip() and not text[found.end :].strip():
                    raise TermTaken(term=term.id, other=found.term)
        for known in key.terms:
            for found in key.matcher.find(known.replacement):
                if found.exact:
                    raise ReplacementNames(term=known.id, other=found.term)
        return key

    def with_spelling(self, term: str, spelling: str) -> "NameKey":
        """The key with another way to write a term it holds. Raises KeyError and what `with_term` raises."""
        known = self[term]
        return self.with_term(changed(known, also=(*known.also, spelling)))

    def to_json(self) -> bytes:
        """Canonical bytes, to be sealed with the names key of the review."""
        terms = [
            {"id": t.id, "real": t.real, "replacement": t.replacement, "kind": t.kind.value, "also": list(t.also)}
            for t in self.terms
        ]
        return json.dumps(terms, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()

    @classmethod
    def from_json(cls, data: bytes) -> "NameKey":
        """The key in these bytes. Raises KeyUnusable."""
        try:
            key = cls(
                Term(
                    id=t["id"],
                    real=t["real"],
                    replacement=t["replacement"],
                    kind=Kind(t["kind"]),
                    also=tuple(t["also"]),
                )
                for t in json.loads(data)
            )
            unchanged = key.to_json() == data
        except (ValueError, KeyError, TypeError, TermUnusable):
            raise KeyUnusable from None
        if not unchanged:
            raise KeyUnusable
        return key


@dataclass(frozen=True, kw_only=True, slots=True)
class Cut:
    """A stretch to replace, half-open, by what is `shown`."""

    start: int
    end: int
    shown: str
    term: str
    exact: bool = True


def rewrite(text: str, cuts: Iterable[Cut]) -> Replaced:
    """The text with each stretch replaced. The cuts are in order and do not overlap."""
    parts: list[str] = []
    marks: list[Mark] = []
    copied = written = 0
    for cut in cuts:
        start = written + cut.start - copied
        parts += text[copied : cut.start], cut.shown
        copied, written = cut.end, start + len(cut.shown)
        marks.append(
            Mark(start=cut.start, end=cut.end, result_start=start, result_end=written, term=cut.term, exact=cut.exact)
        )
    return Replaced(text="".join((*parts, text[copied:])), marks=tuple(marks))


def replace(text: str, key: NameKey) -> Replaced:
    """The text with every term of the key replaced, and the map back."""
    return rewrite(
        text,
        (
            Cut(start=found.start, end=found.end, shown=key[found.term].shown, term=found.term, exact=found.exact)
            for found in key.matcher.find(text)
        ),
    )


def passages(turns: Iterable[Turn]) -> tuple[Passage, ...]:
    """The turns as passages, still with real names: what candidates are looked for in."""
    return tuple(
        Passage(turn=turn.number, speaker=turn.speaker, start=turn.start, end=turn.end, text=clean(turn.text))
        for turn in turns
        if turn.words
    )


def pseudonymise(turns: Iterable[Turn], key: NameKey, *, conversation: str, position: str) -> Document:
    """The document of a conversation: its turns with every term of the key replaced."""
    return Document(
        conversation=conversation,
        position=position,
        passages=tuple(changed(passage, text=replace(passage.text, key).text) for passage in passages(turns)),
    )
