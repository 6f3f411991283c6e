"""The name key, and the one pass that puts `[replacements]` where real terms stood.

Words are compared without case, accents and apostrophes. A possessive or plural ending stays behind the bracket
("Anna's" → "[Mother]'s"), a title goes with its name ("Dr Patel" → "[GP 1]"). All matches are found in the original before
the first is replaced, the longest are kept, and nothing is ever looked for in a result.

A term written with a capital that is also an ordinary word ("Rose", "Mark") is matched only where it stands with a
capital; written in lower case it is matched everywhere.
"""

import json
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from dataclasses import replace as changed
from datetime import date
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from pipeline.pseudonyms import uk_patterns
from pipeline.pseudonyms.dates import Dates, Relative, Shift, instead
from pipeline.pseudonyms.hits import DATE_RULES
from pipeline.pseudonyms.matching import Matcher, Pattern
from pipeline.transcripts.document import Passage, clean
from pipeline.transcripts.transcript import Turn
from storage.errors import BadInput, Refused

DATE = "date"  # stands where a term's id would, for a date that is said otherwise


class KeyUnusable(BadInput):
    """names: these bytes are not a name key; restore them from a backup"""


class TermUnusable(BadInput):
    """names: term {term} needs a real term with a letter or digit, and a replacement without square brackets"""


class TermTaken(Refused):
    """names: the real term of {term} is already in the name key as {other}; decide it with `--is {other}`"""


class ReplacementNames(Refused):
    """names: the replacement of {term} holds the real term of {other}; choose a replacement that names nobody"""


class DateUnusable(BadInput):
    """names: what the day is called needs a word, and no square brackets; say it with --called"""


class GeneralUnusable(BadInput):
    """names: what the public reads instead needs a word, and no square brackets; say it with --say"""


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

    def to_json(self) -> str:
        fields = {"id": self.id, "real": self.real, "replacement": self.replacement}
        return json.dumps(fields | {"kind": self.kind.value, "also": list(self.also)}, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> "Term":
        """Raises ValueError, KeyError, TypeError, TermUnusable."""
        fields = json.loads(text)
        kind, also = Kind(fields["kind"]), tuple(fields["also"])
        return cls(id=fields["id"], real=fields["real"], replacement=fields["replacement"], kind=kind, also=also)


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


@dataclass(frozen=True, kw_only=True, slots=True)
class Cut:
    """A stretch to replace, half-open, by what is `shown`."""

    start: int
    end: int
    shown: str
    term: str
    exact: bool = True


class NameKey:
    """The terms of a review, how its dates are said, and what the public reads for a term (`general`, normalised → shown).

    Making one prepares the search, so keep it while replacing many texts.
    """

    def __init__(
        self, terms: Iterable[Term] = (), dates: Dates | None = None, general: Mapping[str, str] | None = None
    ) -> None:
        self.terms = tuple(terms)
        self.dates = dates
        self.general = MappingProxyType(dict(general or {}))
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
        return isinstance(other, NameKey) and self.to_json() == other.to_json()

    def __hash__(self) -> int:
        return hash(self.terms)

    def cuts(self, text: str) -> tuple[Cut, ...]:
        """What is replaced in a text, in order: the terms, and the dates that are no terms if dates are said otherwise."""
        cuts = [
            Cut(start=found.start, end=found.end, shown=self[found.term].shown, term=found.term, exact=found.exact)
            for found in self.matcher.find(text)
        ]
        return tuple(sorted([*cuts, *self._dates(text, cuts)], key=lambda cut: cut.start))

    def _dates(self, text: str, terms: Sequence[Cut]) -> Iterator[Cut]:
        for hit in uk_patterns.find(text) if self.dates else ():
            if hit.rule not in DATE_RULES or any(hit.start < cut.end and cut.start < hit.end for cut in terms):
                continue
            shown = instead(text[hit.start : hit.end], self.dates) if self.dates else None
            if shown is not None:
                yield Cut(start=hit.start, end=hit.end, shown=f"[{shown}]", term=DATE)

    def with_term(self, term: Term) -> "NameKey":
        """The key with this term added, or changed where its id is known.

        Raises TermTaken where another term has the same real term, and ReplacementNames where any replacement would show
        a real term of the key.
        """
        others = tuple(known for known in self.terms if known.id != term.id)
        rest = NameKey(others)
        for text in (term.real, *term.also):
            for found in rest.matcher.find(text):
                if found.exact and not text[: found.start].strip() and not text[found.end :].strip():
                    raise TermTaken(term=term.id, other=found.term)
        return self._with(terms=sorted((*others, term), key=_number))

    def without(self, term: str) -> "NameKey":
        """The key without a term; unchanged where it has none of this id."""
        return self._with(terms=[known for known in self.terms if known.id != term])

    def with_spelling(self, term: str, spelling: str) -> "NameKey":
        """The key with another way to write a term it holds. Raises KeyError and what `with_term` raises."""
        known = self[term]
        return self.with_term(changed(known, also=(*known.also, spelling)))

    def with_dates(self, dates: Dates | None) -> "NameKey":
        """The key with dates said in this way. Raises DateUnusable, ReplacementNames."""
        if isinstance(dates, Relative) and (not dates.called.strip() or set("[]\n") & set(dates.called)):
            raise DateUnusable
        return self._with(dates=dates)

    def with_general(self, term: str, shown: str | None) -> "NameKey":
        """The key with what the public reads for a normalised term, or without. Raises GeneralUnusable, ReplacementNames."""
        if shown is not None and (not shown.strip() or set("[]\n") & set(shown)):
            raise GeneralUnusable
        general = {known: other for known, other in self.general.items() if known != term}
        return self._with(general=general if shown is None else general | {term: clean(shown.strip())})

    def next_id(self) -> str:
        """The id a new term gets."""
        return f"T{max((_number(term) for term in self.terms), default=0) + 1}"

    def _with(self, **fields: Any) -> "NameKey":
        key = NameKey(**({"terms": self.terms, "dates": self.dates, "general": self.general} | fields))
        called = [("of the dates", key.dates.called)] if isinstance(key.dates, Relative) else []
        shown = [*((term.id, term.replacement) for term in key.terms), *called]
        for term, text in (*shown, *(("for the public", text) for text in key.general.values())):
            for found in key.matcher.find(text):
                if found.exact:
                    raise ReplacementNames(term=term, other=found.term)
        return key

    def to_json(self) -> bytes:
        """Canonical bytes, to be sealed with the names key of the review."""
        terms = [json.loads(term.to_json()) for term in self.terms]
        whole = {"terms": terms, "dates": dates_to_json(self.dates), "general": dict(self.general)}
        return json.dumps(whole, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()

    @classmethod
    def from_json(cls, data: bytes) -> "NameKey":
        """The key in these bytes. Raises KeyUnusable."""
        try:
            whole = json.loads(data)
            terms = [Term.from_json(json.dumps(one)) for one in whole["terms"]]
            key = cls(terms, dates_from_json(whole["dates"]), whole["general"])
            unchanged = key.to_json() == data
        except (ValueError, KeyError, TypeError, AttributeError, TermUnusable):
            raise KeyUnusable from None
        if not unchanged:
            raise KeyUnusable
        return key


def dates_to_json(dates: Dates | None) -> dict[str, str | int] | None:
    match dates:
        case Shift(weeks=weeks):
            return {"weeks": weeks}
        case Relative(origin=origin, called=called):
            return {"origin": origin.isoformat(), "called": called}
    return None


def dates_from_json(fields: Mapping[str, Any] | None) -> Dates | None:
    if fields is None:
        return None
    if "weeks" in fields:
        return Shift(weeks=fields["weeks"])
    return Relative(origin=date.fromisoformat(fields["origin"]), called=fields["called"])


def _number(term: Term) -> int:
    digits = term.id.removeprefix("T")
    return int(digits) if digits.isdecimal() else 0


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
    return rewrite(text, key.cuts(text))


def passages(turns: Iterable[Turn]) -> tuple[Passage, ...]:
    """The turns as passages, still with real names: what candidates are looked for in."""
    return tuple(
        Passage(turn=turn.number, speaker=turn.speaker, start=turn.start, end=turn.end, text=clean(turn.text))
        for turn in turns
        if turn.words
    )
