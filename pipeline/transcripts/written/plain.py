"""Plain text and the paragraphs of a Word file: speaker tags, time stamps, and paragraphs that go on.

Understood are a tag before a colon ("Interviewer: ..."), a tag on a line of its own with a time ("Anna Bell  0:03"), a time
in brackets or between # at the beginning or the end, and all of these in the cells of a table. A tag that is known may also
stand alone on its line, or before a tab.
"""

import re
from collections import Counter
from collections.abc import Collection, Sequence
from typing import Final

from pipeline.transcripts.written.lines import LONGEST_TAG, Line, Problem, Written, seconds, stamped, tagged

# What people call the two, in the tools and in the office; anything else must stand there twice to be a tag.
INTERVIEWER: Final = frozenset({"interviewer", "int", "i", "q", "reviewer", "lead reviewer", "researcher", "moderator"})
PARTICIPANT: Final = frozenset({"participant", "p", "respondent", "resp", "r", "a", "interviewee", "iv"})
_HEADING = re.compile(
    rf"^([^\W\d_][\w .'’()/&-]{{0,{LONGEST_TAG - 1}}}?)[\s,|–-]+[\[(#]?((?:\d{{1,2}}:)?\d{{1,2}}:\d{{2}})[\])#]?$"
)


def parse(
    paragraphs: Sequence[str], format: str, problems: Sequence[Problem] = (), *, known: Collection[str] = ()
) -> Written:
    """The paragraphs of a text, of which a line that only says who speaks, and when, belongs to the next one.

    `known` are tags in lower case, besides the usual ones, that need not stand there twice.
    """
    known = {*known, *INTERVIEWER, *PARTICIPANT}
    paragraphs = [_without_tab(paragraph, known) for paragraph in paragraphs]
    tags = _tags(paragraphs, known)
    lines: list[Line] = []
    found = list(problems)
    pending: tuple[str | None, float | None] = (None, None)
    for place, paragraph in enumerate(paragraphs, 1):
        if not paragraph.strip():
            continue
        heading = _heading(paragraph)
        if heading:
            pending = heading
            continue
        text, start, end = stamped(" ".join(paragraph.split()))
        tag, rest = (text, "") if text.casefold() in known else tagged(text)
        if tag is None or tag.casefold() not in tags:
            tag, rest = None, text
        else:
            rest, later, until = stamped(rest)
            start, end = start if start is not None else later, end if end is not None else until
        tag, start = tag or pending[0], start if start is not None else pending[1]
        pending = (None, None)
        if not rest:
            # a time behind a tag that stands alone is that of what follows
            pending = (tag, start if start is not None else end)
            continue
        if tag is None and not any(line.tag for line in lines):
            found.append(Problem(place=place, what="text before anybody is named; kept, speaker unknown"))
        lines.append(Line(place=place, tag=tag, text=rest, start=start, end=end))
    if pending != (None, None):
        found.append(Problem(place=len(paragraphs), what="a speaker or a time without words; left out"))
    return Written(format=format, lines=tuple(lines), problems=tuple(found))


def row(cells: Sequence[str]) -> str:
    """The cells of one row of a table as one line: time, speaker, text, in whatever order the first two stand."""
    filled = [" ".join(cell.split()) for cell in cells if cell.strip()]
    if len(filled) < 2:
        return "".join(filled)
    *front, text = filled
    times = [cell for cell in front if seconds(cell.strip("[]()# ")) is not None]
    others = [cell for cell in front if cell not in times]
    tag = others[-1] if others and len(others[-1]) <= LONGEST_TAG else ""
    head = "".join(f"[{time.strip('[]()# ')}] " for time in times[:1])
    kept = " ".join(others[:-1] if tag else others)
    return f"{head}{tag.rstrip(':')}: {kept} {text}" if tag else f"{head}{kept} {text}"


def _without_tab(paragraph: str, known: Collection[str]) -> str:
    """A paragraph in which a known tag stands before a tab, with a colon instead."""
    tag, tab, rest = paragraph.strip().partition("\t")
    return f"{tag}: {rest}" if tab and tag.strip().casefold() in known else paragraph


def _heading(paragraph: str) -> tuple[str, float | None] | None:
    found = _HEADING.match(" ".join(paragraph.split()))
    if not found or len(found.group(1).split()) > 4:
        return None
    return found.group(1).strip(), seconds(found.group(2))


def _tags(paragraphs: Sequence[str], known: Collection[str]) -> frozenset[str]:
    counted = Counter(
        tag.casefold() for text in paragraphs if (tag := tagged(stamped(" ".join(text.split()))[0])[0]) is not None
    )
    return frozenset(known) | {tag for tag, count in counted.items() if count > 1}
