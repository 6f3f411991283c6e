"""Single words, and runs of them, that might be names: by their capital, by what stands before them, or known as first names."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from pipeline.pseudonyms.hits import Hit, Rule
from pipeline.pseudonyms.word_lists import common_words, fold, is_common, words

_WORD = re.compile(r"[^\W\d_](?:[^\W_]|[\u0300-\u036f])*(?:[-'’][^\W_]+)*")
_INITIAL = re.compile(r"[A-Z]")
_SUFFIX = re.compile(r"['’](?:s|ll|d|ve|re|m)$", re.IGNORECASE)
_NEW_SENTENCE = re.compile(r"[.?!…:;\"“”\n]|\s['‘]")
_BLANK = "\0"
_RUN_GAPS = (" ", "-")
_POSSESSIVE_GAPS = ("'s ", "’s ")


@dataclass(frozen=True, kw_only=True, slots=True)
class _Word:
    start: int
    end: int
    surface: str
    folded: str
    capital: bool
    initial: bool  # first in its sentence
    gap: str  # what stands between the word before and this one

    @property
    def shouted(self) -> bool:
        return len(self.surface) > 1 and self.surface.isupper()


def _split(text: str, blocked: Iterable[tuple[int, int]] = ()) -> list[_Word]:
    """The words of the text. A blocked stretch ends a word: of "Anna-Lena" with Anna blocked, Lena is left."""
    for start, end in blocked:
        text = text[:start] + _BLANK * (end - start) + text[end:]
    found: list[_Word] = []
    short_titles = words("titles", "short")
    for match in _WORD.finditer(text):
        surface = _SUFFIX.sub("", match.group())
        gap = text[found[-1].end if found else 0 : match.start()]
        before = found[-1] if found and gap == ". " else None
        abbreviated = before is not None and (
            before.folded in short_titles or _INITIAL.fullmatch(before.surface) is not None
        )
        found.append(
            _Word(
                start=match.start(),
                end=match.start() + len(surface),
                surface=surface,
                folded=fold(surface),
                capital=surface[0].isupper(),
                initial=(not found and _BLANK not in gap)
                or (not abbreviated and _NEW_SENTENCE.search(gap) is not None),
                gap=gap,
            )
        )
    return found


class WordFinder:
    """Looks at all texts first: a word with a capital inside a sentence somewhere is suspect at its beginning elsewhere."""

    def __init__(self, texts: Iterable[str], *, ordinary_terms: frozenset[str]) -> None:
        self._inside = frozenset(
            word.folded for text in texts for word in _split(text) if word.capital and not word.initial
        )
        self._keyed = ordinary_terms & common_words()
        self._first_names = words("first-names", "words")
        self._function = words("common", "function")
        self._short_titles, self._long_titles = words("titles", "short"), words("titles", "long")
        self._cues, self._name_is = words("titles", "cues"), words("titles", "name_is")
        self._called_after, self._verbs = words("titles", "called_after"), words("titles", "person_verbs")
        self._schools, self._places = words("places", "schools"), words("places", "places")
        self._before_places = words("places", "before")
        self._calendar, self._months = words("not-names", "calendar"), words("not-names", "names_too")
        self._before_months = words("not-names", "before_months")
        self._abbreviations = words("not-names", "abbreviations")
        self._never_small = common_words() | self._months
        self._not_names = words("not-names", "words") | self._calendar
        self._titles = self._short_titles | self._long_titles

    def find(self, text: str, blocked: Sequence[tuple[int, int]]) -> Iterator[Hit]:
        """Hits in the text outside the blocked stretches, in order."""
        found = _split(text, blocked)
        rules = [self._rule(found, at) for at in range(len(found))]
        at = 0
        while at < len(found):
            rule = rules[at]
            if rule is None:
                at += 1
                continue
            last = self._run(found, rules, at)
            yield Hit(start=found[at].start, end=found[last].end, rule=self._rule_of_run(found, at, last, rule))
            at = last + 1

    def _rule(self, found: Sequence[_Word], at: int) -> Rule | None:
        word = found[at]
        before = found[at - 1] if at and not word.initial and _BLANK not in word.gap else None
        if before and before.folded in self._short_titles and (word.capital or word.folded not in self._function):
            return Rule.TITLE
        if not word.capital:
            return self._rule_without_capital(found, at)
        if self._is_never_a_name(word, before):
            return None
        if before and before.capital and before.folded in self._long_titles:
            return Rule.TITLE
        if self._is_announced(found, at):
            return Rule.CUE
        if word.folded in self._first_names:
            return Rule.KNOWN
        if word.shouted:
            return Rule.ABBREVIATION
        return Rule.CAPITAL if self._is_suspect(found, at) else None

    def _is_never_a_name(self, word: _Word, before: _Word | None) -> bool:
        if word.shouted and word.folded in self._abbreviations:
            return True
        if word.folded in self._months:
            return before is not None and before.folded in self._before_months
        return word.folded in self._not_names or word.folded in self._titles

    def _is_suspect(self, found: Sequence[_Word], at: int) -> bool:
        """Whether a capital says anything here: inside a sentence always, at its beginning unless the word is ordinary."""
        word = found[at]
        if not word.initial:
            return True
        parts = [fold(part) for part in word.surface.split("-")]
        if word.folded in self._function or all(part in self._function for part in parts):
            return False
        if word.folded in self._inside or not all(map(is_common, parts)):
            return True
        following = found[at + 1] if at + 1 < len(found) else None
        return following is not None and following.gap == " " and following.folded in self._verbs

    def _rule_without_capital(self, found: Sequence[_Word], at: int) -> Rule | None:
        word = found[at]
        if self._is_announced(found, at):
            return Rule.CUE
        if word.folded in self._keyed:
            return Rule.KEYED
        if word.folded in self._first_names and word.folded not in self._never_small:
            return Rule.KNOWN
        return None

    def _is_announced(self, found: Sequence[_Word], at: int) -> bool:
        """After "called", "named", "name is", "name's", "known as"."""
        word = found[at]
        if not at or word.initial or _BLANK in word.gap or word.folded in self._function:
            return False
        before, earlier = found[at - 1], found[at - 2].folded if at > 1 else ""
        if before.folded in self._name_is and earlier == "name":
            return True
        if (before.folded == "name" and word.gap in _POSSESSIVE_GAPS) or (before.folded == "as" and earlier == "known"):
            return True
        if before.folded not in self._cues:
            return False
        return word.capital or not is_common(word.folded) or earlier in self._called_after

    def _run(self, found: Sequence[_Word], rules: Sequence[Rule | None], first: int) -> int:
        """The last word of the name that begins here: capitals with nothing but a space or hyphen between them."""
        last = first
        while found[first].capital and last + 1 < len(found) and found[last + 1].capital:
            word, before = found[last + 1], found[last]
            kind_of_place = word.folded in self._schools or word.folded in self._places
            joined = word.gap in _RUN_GAPS or (word.gap == ". " and len(before.surface) == 1)
            if not joined and not (word.gap in _POSSESSIVE_GAPS and kind_of_place):
                break
            surname = rules[last] in (Rule.KNOWN, Rule.TITLE) and word.folded not in self._calendar
            if rules[last + 1] is None and not kind_of_place and not surname:
                break
            last += 1
        return last

    def _rule_of_run(self, found: Sequence[_Word], first: int, last: int, rule: Rule) -> Rule:
        followed = found[last + 1].folded if last + 1 < len(found) and not found[last + 1].initial else ""
        tail = {word.folded for word in found[first + 1 : last + 1]} | {followed}
        if tail & self._schools:
            return Rule.SCHOOL
        if last > first and tail & self._places and rule is not Rule.TITLE:
            return Rule.PLACE
        before = found[first - 1].folded if first and not found[first].initial else ""
        return Rule.PLACE if rule is Rule.CAPITAL and before in self._before_places else rule
