"""The words of one conversation as captions, WebVTT or SubRip, to read beside the sound while there is any.

Made from the pseudonymised transcript like every export: a speaker is "Interviewer" or the participant's position. A cue
never leaves its turn; within a turn the time is spread evenly over the characters, as for an extract.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape, unescape

from pipeline.export.model import Project, Row, header
from pipeline.transcripts.document import Document, Passage
from pipeline.transcripts.transcript import Speaker
from storage.errors import BadInput

_LONGEST = 84  # characters: two lines of a screen
_SHORTEST, _SLOWEST = 1000, 7000  # milliseconds a caption should at least, and may at most, stay
_SENTENCE_END = re.compile(r"[.?!…]['’”\")\]]*(?= )")
_VTT_CUE = re.compile(r"(\d+)\.\d+\n(\S+) --> (\S+)\n<v ([^>]*)>(.*)")
_SRT_CUE = re.compile(r"\d+\n(\S+) --> (\S+)\n([^:]*): (.*)")


class OneConversation(BadInput):
    """export: captions belong to one recording; name one conversation, not a review"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Cue:
    """A stretch of one turn; times in whole milliseconds, so that no rounding can carry over."""

    turn: int
    start: int
    end: int
    speaker: str
    text: str


def write_vtt(project: Project) -> bytes:
    """WebVTT in UTF-8 (w3.org/TR/webvtt1), each cue named after its turn. Raises OneConversation."""
    parts: dict[int, int] = {}
    blocks = ["WEBVTT", "NOTE\n" + "\n".join(header(project))]
    for cue in cues(_only(project)):
        parts[cue.turn] = parts.get(cue.turn, 0) + 1
        times = f"{_clock(cue.start, '.')} --> {_clock(cue.end, '.')}"
        words = f"<v {escape(cue.speaker, quote=False)}>{escape(cue.text, quote=False)}"
        blocks.append(f"{cue.turn}.{parts[cue.turn]}\n{times}\n{words}")
    return ("\n\n".join(blocks) + "\n").encode()


def write_srt(project: Project) -> bytes:
    """SubRip in UTF-8. It has no comments, so the first cue says what the file is and for whom. Raises OneConversation."""
    about = Cue(
        turn=0, start=0, end=2 * _SHORTEST, speaker="Candour", text=" · ".join(header(project)).replace("Candour, ", "")
    )
    blocks = [
        f"{number}\n{_clock(cue.start, ',')} --> {_clock(cue.end, ',')}\n{cue.speaker}: {cue.text}"
        for number, cue in enumerate([about, *cues(_only(project))], start=1)
    ]
    return ("\n\n".join(blocks) + "\n").encode()


def expected(project: Project) -> tuple[Row, ...]:
    """One row a cue: begin, number, words, and (speaker, end)."""
    return tuple(
        (_clock(cue.start, "."), number, cue.text, (cue.speaker, _clock(cue.end, ".")))
        for number, cue in enumerate(cues(_only(project)), start=1)
    )


def read_back_vtt(data: bytes) -> tuple[Row, ...]:
    """The same rows from what `write_vtt` wrote. Raises ValueError."""
    found = [_matched(_VTT_CUE, block).groups() for block in _blocks(data)[2:]]
    return tuple(
        (start, number, unescape(words), (unescape(speaker), end))
        for number, (_, start, end, speaker, words) in enumerate(found, start=1)
    )


def read_back_srt(data: bytes) -> tuple[Row, ...]:
    """The same rows from what `write_srt` wrote. Raises ValueError."""
    found = [_matched(_SRT_CUE, block.replace(",", ".", 2)).groups() for block in _blocks(data)[1:]]
    return tuple((start, number, words, (speaker, end)) for number, (start, end, speaker, words) in enumerate(found, 1))


def cues(document: Document) -> tuple[Cue, ...]:
    """The cues of a conversation in the order they begin; all words of each turn, each in one cue."""
    found = [cue for passage in document.passages if passage.text for cue in _cut(document, passage)]
    return tuple(sorted(found, key=lambda cue: (cue.start, cue.turn)))


def _only(project: Project) -> Document:
    if len(project.documents) != 1:
        raise OneConversation
    return project.documents[0]


def _cut(document: Document, passage: Passage) -> Iterator[Cue]:
    named = document.position if passage.speaker is Speaker.PARTICIPANT else passage.speaker.value
    begin, end, length = round(passage.start * 1000), round(passage.end * 1000), len(passage.text)
    for first, last in _stretches(passage.text, max(_LONGEST, 2 * _SHORTEST * length // max(1, end - begin))):
        start = begin + (end - begin) * first // length
        stop = begin + (end - begin) * last // length
        stop = max(start + 1, min(stop, start + _SLOWEST))
        yield Cue(turn=passage.turn, start=start, end=stop, speaker=named, text=passage.text[first:last])


def _stretches(text: str, longest: int) -> Iterator[tuple[int, int]]:
    """Pieces of about equal length, cut at spaces (which belong to no piece), best behind a sentence."""
    first = 0
    while len(text) - first > longest:
        # two short captions are better than a full one and a single word
        wish = min(longest, (len(text) - first) // 2 + 1)
        room = min(first + longest, len(text) - wish // 2)
        ends = [match.end() for match in _SENTENCE_END.finditer(text, first + wish // 2, room)]
        cut = ends[-1] if ends else text.rfind(" ", first + 1, first + wish + 1)
        cut = cut if cut > 0 else text.find(" ", first + wish)
        if cut < 0:
            break
        yield first, cut
        first = cut + 1
    yield first, len(text)


def _clock(milliseconds: int, point: str) -> str:
    seconds, rest = divmod(milliseconds, 1000)
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}{point}{rest:03}"


def _blocks(data: bytes) -> list[str]:
    return data.decode().removesuffix("\n").split("\n\n")


def _matched(pattern: re.Pattern[str], block: str) -> re.Match[str]:
    match = pattern.fullmatch(block)
    if match is None:
        raise ValueError("not a cue")
    return match
