"""A turn both ways: what was said, what stands for it, and the marks between. Made anew from transcript and name key.

The first half of it, what was said and where something was replaced, is kept sealed under the recording key beside the
document, so that extracts can follow their words when either changes; it dies with the recording.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from pipeline.pseudonyms.names import Mark, NameKey, Replaced, passages, replace
from pipeline.transcripts.document import Document, Passage
from pipeline.transcripts.transcript import Turn, canonical


@dataclass(frozen=True, kw_only=True, slots=True)
class Marked:
    """One turn: the passage with its real names, and its text after replacement."""

    said: Passage
    shown: Replaced = field(repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Said:
    """What was said in a turn, and the offsets at which something stands for it in the document."""

    turn: int
    text: str = field(repr=False)
    replaced: Replaced = field(repr=False)


def mark(turns: Iterable[Turn], key: NameKey) -> tuple[Marked, ...]:
    """The turns of a conversation, each with what the name key makes of it."""
    return tuple(Marked(said=passage, shown=replace(passage.text, key)) for passage in passages(turns))


def document(marked: Sequence[Marked], *, conversation: str, position: str) -> Document:
    """The document of a conversation: only what stands for what was said."""
    shown = (
        Passage(turn=p.turn, speaker=p.speaker, start=p.start, end=p.end, text=one.shown.text)
        for one in marked
        for p in (one.said,)
    )
    return Document(conversation=conversation, position=position, passages=tuple(shown))


def said(marked: Iterable[Marked]) -> tuple[Said, ...]:
    """What is kept of the turns under the recording key."""
    return tuple(Said(turn=one.said.turn, text=one.said.text, replaced=one.shown) for one in marked)


def to_json(turns: Iterable[Said]) -> bytes:
    """Canonical bytes, to be sealed."""
    return canonical(
        [
            [one.turn, one.text, [[m.start, m.end, m.result_start, m.result_end] for m in one.replaced.marks]]
            for one in turns
        ]
    )


def from_json(data: bytes) -> tuple[Said, ...]:
    """What `to_json` was given, without the text that stands in the document and the terms it was made with."""
    return tuple(
        Said(turn=turn, text=text, replaced=Replaced(text="", marks=tuple(_mark(*offsets) for offsets in marks)))
        for turn, text, marks in json.loads(data)
    )


def _mark(start: int, end: int, result_start: int, result_end: int) -> Mark:
    return Mark(start=start, end=end, result_start=result_start, result_end=result_end, term="", exact=True)
