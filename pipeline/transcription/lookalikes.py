"""Words of a transcript that may be a term of the glossary heard wrongly, by how they are written and how they sound."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from rapidfuzz.distance import DamerauLevenshtein
from rapidfuzz.process import extract_iter

from pipeline.pseudonyms.word_lists import fold, is_common

ALIKE: Final = 0.75  # of 1, from which two spellings are alike
SHORTEST: Final = 4  # letters; shorter terms resemble too much
LONGER: Final = 3  # letters by which the two may differ in length
SOUND: Final = 3  # consonants without which sounding alike says nothing

_WORD: Final = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
# how English spells one sound in several ways, longest first
_SOUNDS: Final = (
    ("ough", "o"), ("augh", "o"), ("tch", "x"), ("sch", "sk"), ("ch", "x"), ("sh", "x"), ("ph", "f"), ("th", "t"),
    ("gh", "g"), ("ck", "k"), ("qu", "kw"), ("wr", "r"), ("kn", "n"), ("ce", "s"), ("ci", "s"), ("cy", "s"), ("c", "k"),
    ("q", "k"), ("z", "s"), ("v", "f"), ("d", "t"), ("b", "p"), ("g", "k"), ("j", "x"),
)  # fmt: skip


@dataclass(frozen=True, kw_only=True, slots=True)
class Lookalike:
    """A way of writing that stands in the given turns, as often as there are entries, and the term it may be."""

    written: str = field(repr=False)
    term: str = field(repr=False)
    turns: tuple[int, ...]
    alike: float


def find(texts: Mapping[int, str], terms: Sequence[str]) -> tuple[Lookalike, ...]:
    """What may be meant by terms, most alike first. A term itself, in whatever case, is no lookalike of another.

    Ordinary words count only where they sound just like the term, and several words may be one.
    """
    own = {tuple(map(fold, term.split())) for term in terms}
    said = _Said(texts, own)
    seen: dict[tuple[str, str], list[int]] = defaultdict(list)
    written: dict[tuple[str, str], tuple[str, float]] = {}
    for term in dict.fromkeys(terms):
        for number, start, end, alike in _places(said, term):
            found = texts[number][start:end]
            seen[found.casefold(), term].append(number)
            written.setdefault((found.casefold(), term), (found, alike))
    all_found = [
        Lookalike(written=written[key][0], term=key[1], turns=tuple(turns), alike=written[key][1])
        for key, turns in seen.items()
    ]
    return tuple(sorted(all_found, key=lambda one: (-one.alike, one.turns, one.written)))


Phrase = tuple[str, ...]  # words that follow each other, folded


class _Said:
    """Every phrase of some texts that is no term, once, and its places: hundreds of terms are compared with each."""

    def __init__(self, texts: Mapping[int, str], own: set[Phrase]) -> None:
        self.places: dict[Phrase, list[tuple[int, int, int]]] = defaultdict(list)
        self.terms: dict[int, list[tuple[int, int]]] = defaultdict(list)
        self.by_length: dict[tuple[int, int], dict[Phrase, str]] = defaultdict(dict)
        self.by_sound: dict[tuple[int, str], list[Phrase]] = defaultdict(list)
        for number, text in texts.items():
            matches = list(_WORD.finditer(text))
            folded = [fold(one.group()) for one in matches]
            for size in range(1, max(map(len, own), default=0) + 2):
                for first in range(len(matches) - size + 1):
                    phrase = tuple(folded[first : first + size])
                    start, end = matches[first].start(), matches[first + size - 1].end()
                    if phrase in own:
                        self.terms[number].append((start, end))
                    else:
                        self.places[phrase].append((number, start, end))
        for phrase in self.places:
            joined = "".join(phrase)
            self.by_length[len(phrase), len(joined)][phrase] = joined
            self.by_sound[len(phrase), _sound(joined)].append(phrase)

    def near(self, size: int, wanted: str) -> Iterator[Phrase]:
        """Phrases of so many words that are written or sound nearly as wanted, some of them twice."""
        yield from self.by_sound.get((size, _sound(wanted)), ())
        for length in range(len(wanted) - LONGER, len(wanted) + LONGER + 1):
            written = self.by_length.get((size, length), {})
            alike = DamerauLevenshtein.normalized_similarity
            yield from (phrase for _, _, phrase in extract_iter(wanted, written, scorer=alike, score_cutoff=ALIKE))


def _places(said: _Said, term: str) -> Iterator[tuple[int, int, int, float]]:
    """Where the term may be meant: text, start, end, and how alike; of several that overlap, the one most alike."""
    wanted, count = _joined(term.split()), len(term.split())
    if len(wanted) < SHORTEST:
        return
    found: dict[int, list[tuple[float, float, int, int]]] = defaultdict(list)
    for size in range(count - 1, count + 2):
        for phrase in dict.fromkeys(said.near(size, wanted)):
            if (judged := _alike(phrase, wanted)) is not None:
                alike, spelling = judged
                for number, start, end in said.places[phrase]:
                    found[number].append((-alike, abs(size - count) / 10 - spelling, start, end))
    for number in sorted(found):
        taken = list(said.terms[number])
        for less, _, start, end in sorted(found[number]):
            if not any(start < other_end and other_start < end for other_start, other_end in taken):
                taken.append((start, end))
                yield number, start, end, -less


def _alike(phrase: Phrase, wanted: str) -> tuple[float, float] | None:
    """How much words may be the wanted term, and how much they are written like it, 0 to 1; None where they are too different."""
    joined = "".join(phrase)
    if abs(len(joined) - len(wanted)) > LONGER:
        return None
    sound, other = _sound(joined), _sound(wanted)
    same = sound == other and len(sound) >= SOUND
    spelling = DamerauLevenshtein.normalized_similarity(joined, wanted)
    if not same and (spelling < ALIKE or all(map(is_common, phrase))):
        return None
    return round(max(spelling, 0.9 if same else 0.0), 3), spelling


def _joined(words: Sequence[str]) -> str:
    return "".join(map(fold, words))


def _sound(letters: str) -> str:
    """How a word begins and its consonants as they sound, without doubles: what recognition mostly keeps of a name it does
    not know."""
    for spelled, sound in _SOUNDS:
        letters = letters.replace(spelled, sound)
    begins = "a" if letters[:1] in tuple("aeiouy") else letters[:1]
    kept = [begins, *(letter for letter in letters[1:] if letter not in "aeiouhwy")]
    return "".join(letter for number, letter in enumerate(kept) if number == 0 or kept[number - 1] != letter)
