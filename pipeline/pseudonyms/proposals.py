"""What to propose about a candidate: the terms of the key that it may be, and what could stand in its place."""

from collections.abc import Iterator
from typing import Final

from rapidfuzz.distance import DamerauLevenshtein

from pipeline.pseudonyms.names import Kind, NameKey, Term
from pipeline.pseudonyms.word_lists import fold, words

MOST: Final = 3
_ALIKE: Final = 0.7  # of 1, from which two words may be one
_SHORTEST: Final = 3  # letters; a shorter word says too little
_CALLED: Final = {
    Kind.PERSON: "Person", Kind.FAMILY: "Family member", Kind.PLACE: "Place", Kind.ORGANISATION: "Organisation",
    Kind.SCHOOL: "School", Kind.DATE: "Date", Kind.OTHER: "Detail",
}  # fmt: skip


def nearest(shown: str, key: NameKey) -> tuple[Term, ...]:
    """The terms that a candidate is most like, word by word, most alike first; none where nothing is like it."""
    wanted = list(_words(shown))
    scored = [(_alike(wanted, term), -number, term) for number, term in enumerate(key.terms)]
    return tuple(term for alike, _, term in sorted(scored, key=lambda one: one[:2], reverse=True) if alike >= _ALIKE)[
        :MOST
    ]


def replacement(kind: Kind, key: NameKey) -> str:
    """A replacement that says the kind and a number, and that no term has yet: "Person 3"."""
    taken = {term.replacement.casefold() for term in key.terms}
    numbers = range(1, len(key.terms) + 2)
    return next(one for one in (f"{_CALLED[kind]} {number}" for number in numbers) if one.casefold() not in taken)


def _alike(wanted: list[str], term: Term) -> float:
    known = [word for text in (term.real, *term.also) for word in _words(text)]
    return max((DamerauLevenshtein.normalized_similarity(a, b) for a in wanted for b in known), default=0.0)


def _words(text: str) -> Iterator[str]:
    titles = words("titles", "short") | words("titles", "long")
    for part in text.replace("-", " ").split():
        word = fold(part.removesuffix("'s").removesuffix("’s"))
        if len(word) >= _SHORTEST and word not in titles:
            yield word
