"""Finding the terms of a name key in a text: whole words, written in any of the ways people and machines write them.

Words are joined without their gaps before they are compared, so that "Ann-Marie", "Annmarie" and "Ann Marie" are one term;
a space in the text counts only where the term has a gap too ("Ann a" is not "Anna").
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from rapidfuzz.distance import OSA

from pipeline.pseudonyms.word_lists import common_words, fold, is_common, words

FUZZY_LETTERS = 7  # below this length one changed letter makes another name more often than a misspelling
_WORD = re.compile(r"[^\W_](?:[^\W_]|[\u0300-\u036f])*")
_APOSTROPHES = str.maketrans(dict.fromkeys("’‘ʼ`´′", "'") | dict.fromkeys("‐‑‒–—−", "-"))
_SPACE = re.compile(r"\s+")
_LONGEST_GAP = 3  # "://"
_MOST_WORDS_MISSPELT = 4
_HISSING = ("s", "x", "z", "ch", "sh")
_LONGEST_INITIAL = 2  # "St. Mary", "J. Smith": a full stop inside a name only follows this many letters


@dataclass(frozen=True, kw_only=True, slots=True)
class Pattern:
    """One way to write a term. `titled`: a title before it belongs to it."""

    term: str
    text: str
    titled: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """A term found at these half-open character offsets; not `exact` where taken for a misspelling."""

    start: int
    end: int
    term: str
    exact: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class _Token:
    start: int
    end: int
    folded: str
    capital: bool
    gap: str  # what stands between this word and the next, with one kind of apostrophe, hyphen and space


@dataclass(frozen=True, kw_only=True, slots=True)
class _Prepared:
    term: str
    titled: bool
    tokens: tuple[str, ...]
    gaps: dict[int, str]  # letters before the gap -> the gap
    joined: str
    ordinary: bool  # one ordinary word: only with a capital


@dataclass(frozen=True, kw_only=True, slots=True)
class _Match:
    first: int
    last: int
    start: int
    end: int
    pattern: _Prepared
    exact: bool


def _tokens(text: str) -> list[_Token]:
    found = list(_WORD.finditer(text))
    following = [*(match.start() for match in found[1:]), len(text)]
    return [
        _Token(
            start=match.start(),
            end=match.end(),
            folded=fold(match.group()),
            capital=match.group()[0].isupper(),
            gap=_SPACE.sub(" ", text[match.end() : until].translate(_APOSTROPHES)),
        )
        for match, until in zip(found, following, strict=False)
    ]


def _prepare(pattern: Pattern) -> _Prepared:
    tokens = _tokens(pattern.text)
    gaps, letters = {}, 0
    for token in tokens[:-1]:
        letters += len(token.folded)
        gaps[letters] = token.gap
    joined = "".join(token.folded for token in tokens)
    return _Prepared(
        term=pattern.term,
        titled=pattern.titled,
        tokens=tuple(token.folded for token in tokens),
        gaps=gaps,
        joined=joined,
        ordinary=tokens[0].capital and joined in common_words(),
    )


def _shortened(word: str) -> Iterator[str]:
    yield word
    for at in range(len(word)):
        yield word[:at] + word[at + 1 :]


def _is_soft(gap: str, before: str) -> bool:
    return gap in (" ", "-", "'") or (gap in (". ", ".") and len(before) <= _LONGEST_INITIAL)


class Matcher:
    """All ways to write all terms, indexed. `find` is pure."""

    def __init__(self, patterns: Iterable[Pattern]) -> None:
        self._exact: dict[str, list[_Prepared]] = defaultdict(list)
        self._near: dict[str, list[_Prepared]] = defaultdict(list)
        self._one_open: dict[tuple[str, ...], list[_Prepared]] = defaultdict(list)
        self._beginnings: set[str] = set()
        self._short_titles, self._long_titles = words("titles", "short"), words("titles", "long")
        for pattern in map(_prepare, patterns):
            self._exact[pattern.joined].append(pattern)
            self._beginnings.update(pattern.joined[:letters] for letters in range(len(pattern.joined)))
            if len(pattern.joined) >= FUZZY_LETTERS and not any(char.isdigit() for char in pattern.joined):
                self._index_near(pattern)
        self._most_words = max((len(tokens) for tokens in self._one_open), default=1)

    def _index_near(self, pattern: _Prepared) -> None:
        for shorter in set(_shortened(pattern.joined)):
            self._near[shorter].append(pattern)
        if 1 < len(pattern.tokens) <= _MOST_WORDS_MISSPELT:
            for at in range(len(pattern.tokens)):
                self._one_open[(*pattern.tokens[:at], "", *pattern.tokens[at + 1 :])].append(pattern)

    def find(self, text: str) -> tuple[Found, ...]:
        """The terms in the text, in order, none overlapping: the longest first, exact before misspelt."""
        tokens = _tokens(text)
        heard: dict[tuple[str, bool], list[_Prepared]] = {}
        matches = [match for first in range(len(tokens)) for match in self._from(tokens, first, heard)]
        matches.sort(key=lambda match: (match.start - match.end, not match.exact, match.start))
        taken = bytearray(len(tokens))
        kept = []
        for match in matches:
            if not any(taken[match.first : match.last + 1]):
                taken[match.first : match.last + 1] = b"\1" * (match.last + 1 - match.first)
                kept.append(match)
        return tuple(
            Found(start=self._with_titles(tokens, taken, m), end=m.end, term=m.pattern.term, exact=m.exact)
            for m in sorted(kept, key=lambda match: match.start)
        )

    def _with_titles(self, tokens: Sequence[_Token], taken: bytearray, match: _Match) -> int:
        start, at = match.start, match.first - 1
        while match.pattern.titled and at >= 0 and not taken[at] and tokens[at].gap in (" ", ". "):
            token = tokens[at]
            if token.folded not in self._short_titles and not (token.folded in self._long_titles and token.capital):
                break
            start, at = token.start, at - 1
        return start

    def _from(
        self, tokens: Sequence[_Token], first: int, heard: dict[tuple[str, bool], list[_Prepared]]
    ) -> Iterator[_Match]:
        """Matches that begin at this word."""
        joined = ""
        for last in range(first, len(tokens)):
            token = tokens[last]
            joined += token.folded
            exact = [
                _match(tokens, first, last, pattern, ending)
                for pattern, ending in self._readings(joined)
                if self._fits(pattern, tokens, first, last)
            ]
            yield from exact
            if not exact and last == first:
                yield from self._misspelt_word(tokens, first, heard)
            elif not exact and last - first < self._most_words:
                yield from self._misspelt_words(tokens, first, last)
            could_go_on = joined in self._beginnings or last + 1 - first < self._most_words
            if not could_go_on or not 0 < len(token.gap) <= _LONGEST_GAP:
                return

    def _readings(self, joined: str) -> Iterator[tuple[_Prepared, int]]:
        """Patterns that the joined letters spell, with the length of the plural ending left over."""
        yield from ((pattern, 0) for pattern in self._exact.get(joined, ()))
        if joined.endswith("s"):
            yield from ((pattern, 1) for pattern in self._exact.get(joined[:-1], ()))
        if joined.endswith("es") and joined[:-2].endswith(_HISSING):
            yield from ((pattern, 2) for pattern in self._exact.get(joined[:-2], ()))
        if joined.endswith("ies"):
            yield from ((pattern, 0) for pattern in self._exact.get(joined[:-3] + "y", ()))

    def _fits(self, pattern: _Prepared, tokens: Sequence[_Token], first: int, last: int) -> bool:
        """Whether the gaps between the words, and their capitals, allow the term."""
        if pattern.ordinary and not tokens[first].capital:
            return False
        if first == last and len(pattern.tokens) > 1 and tokens[first].folded in common_words():
            return False
        letters = 0
        for token in tokens[first:last]:
            letters += len(token.folded)
            wanted = pattern.gaps.get(letters)
            if wanted is None:
                if token.gap not in ("'", "-") or self._is_possessive(tokens, first, last):
                    return False
            elif token.gap != wanted and not (_is_soft(token.gap, token.folded) and _is_soft(wanted, token.folded)):
                return False
        return True

    def _is_possessive(self, tokens: Sequence[_Token], first: int, last: int) -> bool:
        """Whether the last word is the s of a possessive of another term: "William's" is not "Williams"."""
        before = "".join(token.folded for token in tokens[first:last])
        return tokens[last].folded == "s" and tokens[last - 1].gap == "'" and before in self._exact

    def _misspelt_word(
        self, tokens: Sequence[_Token], at: int, heard: dict[tuple[str, bool], list[_Prepared]]
    ) -> Iterator[_Match]:
        word, capital = tokens[at].folded, tokens[at].capital
        if len(word) < FUZZY_LETTERS - 1:
            return
        if (word, capital) not in heard:
            ordinary = word in common_words() if capital else is_common(word)
            heard[word, capital] = [] if ordinary else self._within_one(word)
        for pattern in heard[word, capital]:
            ending = int(word.endswith("s") and not pattern.joined.endswith("s"))
            if capital or not pattern.ordinary:
                yield _match(tokens, at, at, pattern, ending, exact=False)

    def _within_one(self, word: str) -> list[_Prepared]:
        """Long patterns at most one edit (a letter added, lost, changed, or two swapped) from the word or its singular."""
        found: dict[str, _Prepared] = {}
        for form in (word, word.removesuffix("s")):
            for shorter in _shortened(form):
                for pattern in self._near.get(shorter, ()):
                    if OSA.distance(form, pattern.joined, score_cutoff=1) <= 1:
                        found.setdefault(pattern.term, pattern)
        return list(found.values())

    def _misspelt_words(self, tokens: Sequence[_Token], first: int, last: int) -> Iterator[_Match]:
        """Terms of several words of which one is misspelt."""
        heard = tuple(token.folded for token in tokens[first : last + 1])
        for at, word in enumerate(heard):
            for pattern in self._one_open.get((*heard[:at], "", *heard[at + 1 :]), ()):
                if (
                    word not in common_words()
                    and word not in self._exact
                    and OSA.distance(word, pattern.tokens[at], score_cutoff=1) <= 1
                    and all(_is_soft(token.gap, token.folded) for token in tokens[first:last])
                ):
                    yield _match(tokens, first, last, pattern, exact=False)


def _match(
    tokens: Sequence[_Token], first: int, last: int, pattern: _Prepared, ending: int = 0, *, exact: bool = True
) -> _Match:
    end = tokens[last].end - ending
    return _Match(first=first, last=last, start=tokens[first].start, end=end, pattern=pattern, exact=exact)
