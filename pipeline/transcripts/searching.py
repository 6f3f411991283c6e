"""Find and replace in a transcript, word by word, with a look before the change."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from pipeline.transcripts.transcript import Turn
from storage.errors import BadInput

AROUND: Final = 40  # characters of the text on both sides of a hit


class NothingSought(BadInput):
    """transcript: to find something needs at least one letter or digit"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Hit:
    """Where a term stands: half-open characters of a turn's text, and the words before, of and after it."""

    turn: int
    start: int
    end: int
    before: str = field(repr=False)
    text: str = field(repr=False)
    after: str = field(repr=False)


def find(turns: Iterable[Turn], sought: str, *, whole: bool = True, case: bool = False) -> tuple[Hit, ...]:
    """Every place of a term, in order. `whole` words only, unless told otherwise; any space and any apostrophe matches another.

    Raises NothingSought.
    """
    pattern = _pattern(sought, whole=whole, case=case)
    return tuple(
        Hit(
            turn=turn.number,
            start=match.start(),
            end=match.end(),
            before=text[max(0, match.start() - AROUND) : match.start()],
            text=match.group(),
            after=text[match.end() : match.end() + AROUND],
        )
        for turn, text in ((turn, turn.text) for turn in turns)
        for match in pattern.finditer(text)
    )


def replaced(texts: Mapping[int, str], hits: Sequence[Hit], replacement: str) -> dict[int, str]:
    """The texts of turns, by number, with a replacement at each hit."""
    changed = dict(texts)
    for hit in sorted(set(hits), key=lambda hit: hit.start, reverse=True):
        text = changed[hit.turn]
        changed[hit.turn] = text[: hit.start] + replacement + text[hit.end :]
    return changed


def _pattern(sought: str, *, whole: bool, case: bool) -> re.Pattern[str]:
    if not any(letter.isalnum() for letter in sought):
        raise NothingSought
    words = r"\s+".join(re.sub("['’]", "['’]", re.escape(word)) for word in sought.split())
    if whole:
        words = rf"(?<!\w){words}(?!\w)"
    return re.compile(words, 0 if case else re.IGNORECASE)
