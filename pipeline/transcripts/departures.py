"""Where a transcript is not written as its conventions say. Only what can be seen in the words and their times is looked for:
that somebody left out a sigh shows nowhere.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import pairwise
from typing import Final

from pipeline.transcription.spans import overlap
from pipeline.transcripts.conventions import Conventions
from pipeline.transcripts.marks import INAUDIBLE, OVERLAP, Mark, marks, spoken, told_apart
from pipeline.transcripts.transcript import Span, Speaker, Turn, Word, plain

_CUT_OFF: Final = re.compile(r"\w-[.,?!…]*$")
_TIME: Final = re.compile(r"(\d\d):(\d\d):(\d\d)")
_ENDS: Final = tuple(".,;:?!…")
AT_ONCE: Final = 1.0  # seconds in which two people speak before it counts as more than a "yes" in between
NEAR: Final = 3  # turns back that may still go on
AWAY: Final = 2.0  # seconds that the time in a mark may lie outside of its turn


class Rule(StrEnum):
    """What is not as the conventions say."""

    FILLER = "hesitation is left out"
    FALSE_START = "false starts are left out"
    MARK = "no such mark"
    TIME = "the time is that of another place"
    PAUSE = "a pause is not marked"
    OVERLAP = "two speak at once, which is not marked"


@dataclass(frozen=True, kw_only=True, slots=True)
class Departure:
    """A place: `at` in seconds, what stands there, and what should instead ("" for nothing, or where that is not known)."""

    turn: int
    at: float
    rule: Rule
    found: str = field(repr=False)
    instead: str = field(repr=False, default="")


def departures(turns: Sequence[Turn], conventions: Conventions) -> tuple[Departure, ...]:
    """Every place where turns, in order, are not as the conventions say; in order of the turns."""
    beside = _spoken_over(turns) if conventions.overlap else {}
    found = []
    for turn in turns:
        own = [*_words(turn, conventions), *_marks(turn, conventions), *_pauses(turn, conventions)]
        if turn.number in beside and conventions.overlap.casefold() not in turn.text.casefold():
            over = beside[turn.number]
            own.append(_departure(turn, over, Rule.OVERLAP, over.text, conventions.overlap))
        found += sorted(own, key=lambda one: one.at)
    return tuple(found)


def _words(turn: Turn, conventions: Conventions) -> Iterator[Departure]:
    if conventions.verbatim:
        return
    said = [(word, plain(word.text)) for word in spoken(turn)]
    fillers, doubled = (frozenset(map(plain, words)) for words in (conventions.fillers, conventions.doubled))
    for word, sound in said:
        if sound in fillers:
            yield _departure(turn, word, Rule.FILLER, word.text)
        elif _CUT_OFF.search(word.text):
            yield _departure(turn, word, Rule.FALSE_START, word.text)
    for (word, sound), (again, its) in pairwise(said):
        if sound and sound == its and sound not in fillers | doubled and not word.text.endswith(_ENDS):
            yield _departure(turn, word, Rule.FALSE_START, f"{word.text} {again.text}", again.text)


def _marks(turn: Turn, conventions: Conventions) -> Iterator[Departure]:
    for mark in marks(turn):
        if not conventions.knows(mark.text):
            yield _departure(turn, mark.word, Rule.MARK, mark.text, _instead(mark, conventions))
            continue
        time = _TIME.search(mark.text)
        if time and not turn.start - AWAY <= _seconds(time) <= turn.end + AWAY:
            yield _departure(turn, mark.word, Rule.TIME, mark.text, conventions.written_inaudible(mark.word.start))


def _instead(mark: Mark, conventions: Conventions) -> str:
    if INAUDIBLE.search(mark.inner):
        return conventions.written_inaudible(mark.word.start)
    if OVERLAP.search(mark.inner):
        return conventions.overlap
    if mark.inner.casefold() in {sound.casefold() for sound in conventions.sounds}:
        return f"[{mark.inner.casefold()}]"
    length = re.search(r"\d+", mark.inner)
    return conventions.written_pause(float(length[0])) if conventions.pauses and length else ""


def _pauses(turn: Turn, conventions: Conventions) -> Iterator[Departure]:
    if not conventions.pauses:
        return
    last: Word | None = None
    written = False
    for word, marked in told_apart(turn):
        if marked:
            written = True
            continue
        length = word.start - last.end if last else 0.0
        if last and not written and length >= conventions.pauses:
            pause = conventions.written_pause(length)
            yield _departure(turn, last, Rule.PAUSE, f"{last.text} {word.text}", f"{last.text} {pause} {word.text}")
        last, written = word, False


def _spoken_over(turns: Sequence[Turn]) -> dict[int, Word]:
    """The first word of each turn that was said while somebody else went on speaking, for longer than a moment."""
    over: dict[int, Word] = {}
    for place, turn in enumerate(turns):
        for other in turns[max(0, place - NEAR) : place]:
            if (
                Speaker.UNKNOWN in {turn.speaker, other.speaker}
                or turn.speaker is other.speaker
                or other.end <= turn.start
            ):
                continue
            shared = [(word, sum(overlap(_span(word), _span(one)) for one in other.words)) for word in turn.words]
            if sum(seconds for _, seconds in shared) >= AT_ONCE:
                over.setdefault(turn.number, next(word for word, seconds in shared if seconds))
    return over


def _span(word: Word) -> Span:
    return Span(start=word.start, end=word.end)


def _departure(turn: Turn, word: Word, rule: Rule, found: str, instead: str = "") -> Departure:
    return Departure(turn=turn.number, at=word.start, rule=rule, found=found, instead=instead)


def _seconds(time: re.Match[str]) -> int:
    return int(time[1]) * 3600 + int(time[2]) * 60 + int(time[3])
