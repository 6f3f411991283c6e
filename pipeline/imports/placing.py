"""Where the stretches coded in another program's text stand in a conversation of ours.

A text is a conversation's when most of its words are lines that are turns of it, with or without "[hh:mm:ss] Speaker: " before
them. A stretch on such lines is taken over to the character. One on lines that were changed is looked for by its words, and
taken when they stand in the conversation exactly once.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from itertools import takewhile

from pipeline.codes.quotes import Anchor, QuoteAmbiguous, QuoteNotFound, find_quote
from pipeline.imports.incoming import Mark, Text
from pipeline.transcripts.document import Document, clean

_TIME = r"(?:\[\d+:\d\d(?::\d\d)?\] )?"


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """A line of a text: `start` to `end` are its words, without what stands before them; `turn` is the turn it equals."""

    start: int
    end: int
    turn: int | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Placed:
    """A text laid on a conversation."""

    document: Document
    text: str = field(repr=False)
    lines: tuple[Line, ...]

    def anchor(self, mark: Mark) -> Anchor | None:
        """Where a stretch stands in the conversation, or None when nobody could say."""
        begin = bisect_right(self.lines, mark.start, key=lambda line: line.end)
        touched = list(takewhile(lambda line: line.start < mark.end, self.lines[begin:]))
        if not touched:
            return None
        turns = [line.turn for line in touched]
        if None not in turns:
            first, last = touched[0], touched[-1]
            assert first.turn is not None and last.turn is not None
            return Anchor(
                first_turn=first.turn,
                first_char=max(0, mark.start - first.start),
                last_turn=last.turn,
                last_char=min(mark.end, last.end) - last.start,
            )
        words = (self.text[max(mark.start, line.start) : min(mark.end, line.end)] for line in touched)
        return self._search(clean("\n".join(words)))

    def _search(self, words: str) -> Anchor | None:
        try:
            return find_quote(self.document, words)
        except (QuoteNotFound, QuoteAmbiguous):
            return None


def lay(text: Text, documents: Sequence[Document]) -> Placed | None:
    """The text on the conversation it is of, or None when it is of none of these."""
    best: Placed | None = None
    most = 0
    for document in documents:
        lines = _align(text.text, document)
        equal = sum(line.end - line.start for line in lines if line.turn is not None)
        if 2 * equal >= sum(line.end - line.start for line in lines) and equal > most:
            best, most = Placed(document=document, text=text.text, lines=lines), equal
    return best


def _align(text: str, document: Document) -> tuple[Line, ...]:
    head = re.compile(rf"{_TIME}(?:Interviewer|Participant|\?|{re.escape(document.position)}): ")
    spans = list(_spans(text, head))
    said = [clean(text[start:end]) for start, end in spans]
    turns = [passage.text.replace("\n", " ") for passage in document.passages]
    equal: dict[int, int] = {}
    if said == turns:
        equal = dict(enumerate(range(len(turns))))
    else:
        for block in SequenceMatcher(None, said, turns, autojunk=False).get_matching_blocks():
            equal |= {block.a + n: block.b + n for n in range(block.size)}
    # a line that cleaning made longer or shorter can be found again by its words only
    return tuple(
        Line(start=start, end=end, turn=document.passages[equal[n]].turn)
        if n in equal and len(said[n]) == end - start
        else Line(start=start, end=end, turn=None)
        for n, (start, end) in enumerate(spans)
    )


def _spans(text: str, head: re.Pattern[str]) -> Iterator[tuple[int, int]]:
    """Where the words of each line that is not empty begin and end."""
    place = 0
    for line in text.split("\n"):
        before = head.match(line)
        start = place + (before.end() if before else 0)
        if text[start : place + len(line)].strip():
            yield start, place + len(line)
        place += len(line) + 1
