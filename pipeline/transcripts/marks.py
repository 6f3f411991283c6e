"""Marks in a transcript: what stands in brackets and was not said, such as [inaudible 00:12:03], (3) or [laughs]."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from pipeline.transcripts.transcript import Turn, Word

INAUDIBLE: Final = re.compile(
    r"\b(inaudible|unclear|indistinct|unintelligible|incomprehensible|xx+)\b|^\?+$", re.IGNORECASE
)
PAUSE: Final = re.compile(r"^[\d.,\s…]+$|\b(pause|silence|seconds?)\b", re.IGNORECASE)
OVERLAP: Final = re.compile(r"\b(overlap\w*|cross-?talk|over each other)\b", re.IGNORECASE)
SOUND: Final = re.compile(r"^(laugh|cries|crying|sigh|cough|sniff|nod|shakes|whisper|shout|gasp|sob)", re.IGNORECASE)
_BRACKETS: Final = re.compile(r"\[[^\[\]]*\]|\([^()]*\)")


@dataclass(frozen=True, kw_only=True, slots=True)
class Mark:
    """A mark of a turn: its text with the brackets, and the first of the words it is made of."""

    text: str = field(repr=False)
    word: Word

    @property
    def inner(self) -> str:
        return inner(self.text)


def inner(text: str) -> str:
    """What stands between the brackets."""
    return text[1:-1].strip()


def marks(turn: Turn) -> Iterator[Mark]:
    """The marks of a turn, in order."""
    text = turn.text
    for first, last in _places(text):
        yield Mark(text=text[first:last], word=turn.words[text[:first].count(" ")])


def spoken(turn: Turn) -> tuple[Word, ...]:
    """The words of a turn that were said."""
    return tuple(word for word, marked in told_apart(turn) if not marked)


def told_apart(turn: Turn) -> Iterator[tuple[Word, bool]]:
    """Each word of a turn, and whether it belongs to a mark."""
    places = list(_places(turn.text))
    begin = 0
    for word in turn.words:
        end = begin + len(word.text)
        yield word, any(first < end and begin < last for first, last in places)
        begin = end + 1


def _places(text: str) -> Iterator[tuple[int, int]]:
    """Where marks stand: square brackets always are some, round ones where no speaker would have said what is in them."""
    for found in _BRACKETS.finditer(text):
        if found[0].startswith("[") or any(one.search(inner(found[0])) for one in (INAUDIBLE, PAUSE, OVERLAP, SOUND)):
            yield found.span()
