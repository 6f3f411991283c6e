"""The word lists that come with Candour, as sets of folded words, and what can be said of a word from them alone."""

import tomllib
import unicodedata
from collections.abc import Mapping
from functools import cache

import configs

_ENDINGS = (
    ("ies", "y"),
    ("ied", "y"),
    ("s", ""),
    ("es", ""),
    ("d", ""),
    ("ed", ""),
    ("ing", ""),
    ("ing", "e"),
    ("ly", ""),
    ("ly", "le"),
)
_SHORTEST_STEM = 3


def fold(word: str) -> str:
    """The word without case, accents and apostrophes: how words are compared everywhere."""
    plain = word.casefold()
    if plain.isascii() and plain.isalnum():
        return plain
    decomposed = unicodedata.normalize("NFKD", plain)
    return "".join(char for char in decomposed if char.isalnum())


@cache
def _lists(file: str) -> Mapping[str, frozenset[str]]:
    table: dict[str, str] = tomllib.loads(configs.read(f"words-names/{file}.toml"))
    return {name: frozenset(map(fold, words.split())) for name, words in table.items()}


def words(file: str, *names: str) -> frozenset[str]:
    """The union of the named lists in a file below `configs/words-names/`, folded."""
    return frozenset().union(*(_lists(file)[name] for name in names))


@cache
def common_words() -> frozenset[str]:
    """Ordinary English words as listed, without inflected forms."""
    return words("common", "function", "open")


def is_common(folded: str) -> bool:
    """Whether a folded word is an ordinary English word or a regular form of one."""
    known = common_words()
    return folded in known or any(stem in known for stem in _stems(folded))


def _stems(folded: str) -> list[str]:
    stems = [
        folded.removesuffix(ending) + base
        for ending, base in _ENDINGS
        if folded.endswith(ending) and len(folded) >= len(ending) + _SHORTEST_STEM
    ]
    return stems + [stem[:-1] for stem in stems if stem[-1] == stem[-2]]
