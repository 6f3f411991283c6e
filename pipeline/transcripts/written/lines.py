"""What a transcript made elsewhere says: lines with a tag for the speaker and times, where it has them."""

import re
from dataclasses import dataclass, field
from typing import Final

LONGEST_TAG: Final = 40
SOMEBODY: Final = "-"  # stands for a tag where a caption only says that somebody else speaks
_CLOCK: Final = r"(?:\d{1,2}:)?\d{1,2}:\d{2}(?:[.,:-]\d{1,3})?"
_PARTS = re.compile(r"(?:(\d{1,2}):)?(\d{1,2}):(\d{2})(?:[.,:-](\d{1,3}))?")
# [0:01], (01:02.5), #00:01:02-3#, 00:01:02, and [0:01 --> 0:05] or 0:01 - 0:05
_RANGE = re.compile(rf"[\[(#]?\s*({_CLOCK})\s*[\])#]?\s*(?:-->|-|–|to)\s*[\[(#]?\s*({_CLOCK})\s*[\])#]?")
_BRACKETED = re.compile(rf"[\[(#]\s*({_CLOCK})\s*[\])#]")
_BARE = re.compile(rf"({_CLOCK})(?![\d:])")
_LAST = re.compile(rf"[\[(#]\s*({_CLOCK})\s*[\])#]$")
_TAG = re.compile(r"^([^\W_][\w .'’()/&-]{0,39}?)\s*:(?!//)\s*(?=\S|$)")


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """A stretch of text by whoever `tag` stands for, or by whoever spoke last; times in seconds, None where none are given.

    `place` is the number of the line or paragraph in the file, counted from 1.
    """

    place: int
    text: str = field(repr=False)
    tag: str | None = field(default=None, repr=False)
    start: float | None = None
    end: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Problem:
    """Something that was not understood, or was left out: where, and what. It never says the words themselves."""

    place: int
    what: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Written:
    """A file as it was understood."""

    format: str
    lines: tuple[Line, ...]
    problems: tuple[Problem, ...] = ()


def seconds(text: str) -> float | None:
    """The time in 1:02, 01:02:03, 01:02:03.456, 01:02:03,4 or 01:02:03-4; None where it is none of them."""
    found = _PARTS.fullmatch(text.strip())
    if found is None:
        return None
    hours, minutes, whole, fraction = found.groups()
    return int(hours or 0) * 3600 + int(minutes) * 60 + int(whole) + float(f"0.{fraction or 0}")


def stamped(text: str) -> tuple[str, float | None, float | None]:
    """A line without the time stamp at its beginning or end, and the times it gave: start, and end for a range.

    A time without brackets is a stamp where it counts hours, or stands before the tag of a speaker: people talk about times too.
    """
    text = text.strip()
    if found := _RANGE.match(text):
        return _rest(text, found), seconds(found.group(1)), seconds(found.group(2))
    if found := _BRACKETED.match(text):
        return _rest(text, found), seconds(found.group(1)), None
    if found := _BARE.match(text):
        rest = _rest(text, found)
        if found.group(1).count(":") == 2 or tagged(rest)[0] is not None:
            return rest, seconds(found.group(1)), None
    if found := _LAST.search(text):
        # at the end of a paragraph it is the time at which the paragraph ends
        return text[: found.start()].rstrip(), None, seconds(found.group(1))
    return text, None, None


def tagged(text: str) -> tuple[str | None, str]:
    """What stands before a colon at the beginning, if it can be the name of a speaker, and the rest."""
    found = _TAG.match(text)
    if found and len(found.group(1).split()) <= 4:
        return found.group(1).strip(), text[found.end() :]
    return None, text


def _rest(text: str, found: "re.Match[str]") -> str:
    return text[found.end() :].lstrip(" \t:-–")
