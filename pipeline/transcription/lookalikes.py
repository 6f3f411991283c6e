"""Words of a transcript that may be a term of the glossary heard wrongly, by how they are written and how they sound."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from rapidfuzz.distance import DamerauLevenshtein

from pipeline.pseudonyms.word_lists import fold, is_common

ALIKE: Final = 0.75  # of 1, from which two spellings are alike
SHORTEST: Final = 4  # letters; shorter terms resemble too much
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
    seen: dict[tuple[str, str], list[int]] = defaultdict(list)
    written: dict[tuple[str, str], tuple[str, float]] = {}
    for number, text in texts.items():
        for term in terms:
            for found, alike in _in(text, term, own):
                seen[found.casefold(), term].append(number)
                written.setdefault((found.casefold(), term), (found, alike))
    all_found = [
        Lookalike(written=written[key][0], term=key[1], turns=tuple(turns), alike=written[key][1])
        for key, turns in seen.items()
    ]
    return tuple(sorted(all_found, key=lambda one: (-one.alike, one.turns, one.written)))


def _in(text: str, term: str, own: set[tuple[str, ...]]) -> Iterator[tuple[str, float]]:
    """The places of a text where the term may be meant; where several overlap, the one most alike."""
    wanted = _joined(term.split())
    if len(wanted) < SHORTEST:
        return
    matches = list(_WORD.finditer(text))
    count = len(term.split())
    taken: list[tuple[int, int]] = []
    places: list[tuple[float, float, int, int]] = []
    for size in range(1, max(map(len, own)) + 2):
        for first in range(len(matches) - size + 1):
            part = matches[first : first + size]
            words = [one.group() for one in part]
            start, end = part[0].start(), part[-1].end()
            if tuple(map(fold, words)) in own:
                taken.append((start, end))
            elif count - 1 <= size <= count + 1 and (found := _alike(words, wanted)):
                alike, spelling = found
                places.append((-alike, abs(size - count) / 10 - spelling, start, end))
    for less, _, start, end in sorted(places):
        if not any(start < other_end and other_start < end for other_start, other_end in taken):
            taken.append((start, end))
            yield text[start:end], -less


def _alike(words: Sequence[str], wanted: str) -> tuple[float, float] | None:
    """How much words may be the wanted term, and how much they are written like it, 0 to 1; None where they are too different."""
    joined = _joined(words)
    if abs(len(joined) - len(wanted)) > 3:
        return None
    sound, other = _sound(joined), _sound(wanted)
    same = sound == other and len(sound) >= SOUND
    spelling = DamerauLevenshtein.normalized_similarity(joined, wanted)
    ordinary = all(is_common(fold(word)) for word in words)
    if not same and (ordinary or spelling < ALIKE):
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
