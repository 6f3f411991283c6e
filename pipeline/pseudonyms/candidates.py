"""Words that might still name somebody: what a person has to look at before a text may be coded.

Found in the turns with their real names, leaving out what the name key covers. A candidate is asked about once in a
review, however often and however it was written.
"""

import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field

from pipeline.pseudonyms import uk_patterns
from pipeline.pseudonyms.hits import Hit, Rule
from pipeline.pseudonyms.names import Kind, NameKey
from pipeline.pseudonyms.word_hits import WordFinder
from pipeline.pseudonyms.word_lists import fold
from pipeline.transcripts.document import Passage
from storage.errors import NotFound

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_PUNCTUATION = re.compile(r"[\s.,/-]+")
_CONTEXT_WORDS = 6
_RANK = {rule: rank for rank, rule in enumerate(Rule)}
_KINDS = {
    Rule.DISTRICT: Kind.PLACE, Rule.POSTCODE: Kind.PLACE, Rule.ADDRESS: Kind.PLACE, Rule.PLACE: Kind.PLACE,
    Rule.SCHOOL: Kind.SCHOOL, Rule.BIRTH: Kind.DATE, Rule.DATE: Kind.DATE, Rule.ABBREVIATION: Kind.ORGANISATION,
    Rule.TITLE: Kind.PERSON, Rule.CUE: Kind.PERSON, Rule.KNOWN: Kind.PERSON, Rule.CAPITAL: Kind.PERSON,
    Rule.KEYED: Kind.PERSON,
}  # fmt: skip


class NoCandidate(NotFound):
    """names: no candidate {candidate} is open in this conversation; see them with `candour names candidates`"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Occurrence:
    """Half-open character offsets in the text of a turn, with up to six words on either side."""

    turn: int
    start: int
    end: int
    before: str = field(repr=False)
    after: str = field(repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Candidate:
    """Something that might name somebody.

    `handle` ("12.7": turn 12, word 7, of the first occurrence) names it where its words may not be shown. `term` is the
    normalised form by which decisions know it, `shown` the first way it was written.
    """

    handle: str
    term: str = field(repr=False)
    shown: str = field(repr=False)
    kind: Kind
    rule: Rule
    occurrences: tuple[Occurrence, ...]


def normalised(text: str) -> str:
    """The form by which two ways to write a candidate are one: no case, accents or punctuation."""
    parts = [part for part in map(fold, _PUNCTUATION.split(text)) if part]
    return ("" if any(char.isdigit() for char in text) else " ").join(parts)


def handle(turn: int, text: str, start: int) -> str:
    """What names a place where its words may not be shown: turn and number of the word in it."""
    return f"{turn}.{len(_WORD.findall(text, 0, start)) + 1}"


def candidates(passages: Sequence[Passage], key: NameKey, settled: Collection[str]) -> tuple[Candidate, ...]:
    """What may name somebody in these passages, in order of first occurrence.

    Left out is what the key covers, and what was `settled`: normalised terms that a person decided to be no names.
    """
    return tuple(candidate for candidate in _all(passages, key) if candidate.term not in settled)


def find(passages: Sequence[Passage], key: NameKey) -> Iterator[tuple[Passage, Hit]]:
    """Every single hit, passage by passage and in order, that the key does not cover."""
    finder = WordFinder((p.text for p in passages), ordinary_terms=_ordinary(key))
    for passage in passages:
        spans = tuple((cut.start, cut.end) for cut in key.cuts(passage.text))
        left = tuple(hit for hit in uk_patterns.find(passage.text) if not _is_covered(passage.text, hit, spans))
        blocked = (*spans, *((hit.start, hit.end) for hit in left))
        both = (*left, *finder.find(passage.text, blocked))
        yield from ((passage, hit) for hit in sorted(both, key=lambda hit: hit.start))


def _ordinary(key: NameKey) -> frozenset[str]:
    return frozenset(fold(text) for term in key.terms for text in (term.real, *term.also))


def _is_covered(text: str, hit: Hit, spans: Sequence[tuple[int, int]]) -> bool:
    """Whether the key covers all letters and digits of a hit; a "+" or "@" before them says nothing."""
    inside = [at for at in range(hit.start, hit.end) if text[at].isalnum()]
    return any(start <= inside[0] and inside[-1] < end for start, end in spans)


def terms(passages: Sequence[Passage], key: NameKey) -> Iterator[str]:
    """The terms of all candidates as they are found, for who looks no further than the first that will do."""
    return (_term(passage, hit) for passage, hit in find(passages, key))


def _all(passages: Sequence[Passage], key: NameKey) -> list[Candidate]:
    found: dict[str, list[tuple[Passage, Hit]]] = defaultdict(list)
    for passage, hit in find(passages, key):
        found[_term(passage, hit)].append((passage, hit))
    return [_candidate(term, places) for term, places in found.items()]


def _term(passage: Passage, hit: Hit) -> str:
    term = normalised(passage.text[hit.start : hit.end])
    # Deciding that it is no name says nothing about the word with its capital.
    return f"{term} without capital" if hit.rule is Rule.KEYED else term


def _candidate(term: str, places: Sequence[tuple[Passage, Hit]]) -> Candidate:
    passage, first = places[0]
    rule = min((hit.rule for _, hit in places), key=_RANK.__getitem__)
    return Candidate(
        handle=handle(passage.turn, passage.text, first.start),
        term=term,
        shown=passage.text[first.start : first.end],
        kind=_KINDS.get(rule, Kind.OTHER),
        rule=rule,
        occurrences=tuple(_occurrence(passage, hit) for passage, hit in places),
    )


def _occurrence(passage: Passage, hit: Hit) -> Occurrence:
    before, after = around(passage.text, hit.start, hit.end)
    return Occurrence(turn=passage.turn, start=hit.start, end=hit.end, before=before, after=after)


def around(text: str, start: int, end: int) -> tuple[str, str]:
    """Up to six words on either side of a stretch."""
    return " ".join(text[:start].split()[-_CONTEXT_WORDS:]), " ".join(text[end:].split()[:_CONTEXT_WORDS])
