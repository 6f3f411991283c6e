"""WebVTT (w3.org/TR/webvtt1) and SubRip, forgiving as players are: what is not a cue is named and left out."""

import re
from collections.abc import Iterator
from html import unescape
from typing import Final

from pipeline.transcripts.written.lines import SOMEBODY, Line, Problem, Written, seconds, tagged

_VOICE = re.compile(r"<v(?:\.[^ \t>]*)?[ \t]+([^>]*)>")
_MARKUP = re.compile(r"<[^<>]*>|\{\\[^{}]*\}")
_ARROW: Final = "-->"
_BLOCKS: Final = ("NOTE", "STYLE", "REGION")


def parse(text: str, format: str) -> Written:
    """The cues of a file in order; `format` is vtt or srt."""
    lines: list[Line] = []
    problems: list[Problem] = []
    for place, block in _blocks(text):
        timing = next((number for number, line in enumerate(block) if _ARROW in line), None)
        if timing is None:
            if not _is_known(block, format, place):
                problems.append(Problem(place=place, what="no times; left out"))
            continue
        start, end = _times(block[timing])
        if start is None or end is None or end < start:
            problems.append(Problem(place=place + timing, what="times that cannot be read; left out"))
            continue
        found = list(_spoken(block[timing + 1 :], place + timing + 1, start, end))
        if not found:
            problems.append(Problem(place=place + timing, what="a cue without words; left out"))
        lines += found
    return Written(format=format, lines=tuple(lines), problems=tuple(problems))


def _blocks(text: str) -> Iterator[tuple[int, list[str]]]:
    block: list[str] = []
    for place, line in enumerate([*text.splitlines(), ""], 1):
        if line.strip():
            block.append(line)
        elif block:
            yield place - len(block), block
            block = []


def _is_known(block: list[str], format: str, place: int) -> bool:
    return format == "vtt" and ((place == 1 and block[0].startswith("WEBVTT")) or block[0].startswith(_BLOCKS))


def _times(line: str) -> tuple[float | None, float | None]:
    before, _, after = line.partition(_ARROW)
    # behind the second time of WebVTT stand settings for where the caption is shown
    return seconds(before), seconds(after.split()[0] if after.split() else "")


def _spoken(block: list[str], place: int, start: float, end: float) -> Iterator[Line]:
    """The words of a cue by speaker; the time is shared out by their letters."""
    parts: list[tuple[str | None, str]] = []
    for line in block:
        pieces = _VOICE.split(line)
        if pieces[0].strip():
            words = _clean(pieces[0])
            tag, rest = tagged(words.lstrip("-– "))
            parts.append((tag or (SOMEBODY if words.startswith(("-", "–")) else None), rest))
        parts += [(_clean(tag), _clean(words)) for tag, words in zip(pieces[1::2], pieces[2::2], strict=True)]
    joined: list[tuple[str | None, str]] = []
    for tag, words in parts:
        if joined and tag is None:
            joined[-1] = (joined[-1][0], f"{joined[-1][1]} {words}".strip())
        elif words:
            joined.append((tag, words))
    letters = sum(len(words) for _, words in joined) or 1
    done = 0
    for tag, words in joined:
        first, done = done, done + len(words)
        yield Line(
            place=place,
            tag=tag,
            text=words,
            start=start + (end - start) * first / letters,
            end=start + (end - start) * done / letters,
        )


def _clean(text: str) -> str:
    return " ".join(unescape(_MARKUP.sub("", text)).split())
