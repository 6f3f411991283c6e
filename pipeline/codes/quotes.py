"""Where a quote stands in a document: anchors, the words between two of them, and finding words again."""

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate

from pipeline.transcripts.document import Document, Passage
from pipeline.transcripts.transcript import Speaker
from storage.errors import BadInput

# Typed quotes differ from transcripts in nothing more often than in these.
_ALIKE = str.maketrans(
    {"‘": "'", "’": "'", "‚": "'", "`": "'", "“": '"', "”": '"', "„": '"', "–": "-", "—": "-", "‑": "-"}
)


class BadAnchor(BadInput):
    """coding: there is no stretch from turn {first} to turn {last} at these characters in {conversation}; choose the
    words again in the transcript as it stands now"""


class QuoteNotFound(BadInput):
    """coding: these words are not in {where} of {conversation}; copy them exactly from the pseudonymised transcript"""


class QuoteAmbiguous(BadInput):
    """coding: these words stand {count} times in {where} of {conversation} (turns {turns}); name the turn, or quote more"""


@dataclass(frozen=True, kw_only=True, slots=True, order=True)
class Anchor:
    """A stretch of a document, half-open: from `first_char` of the text of turn `first_turn` up to, not including,
    `last_char` of the text of turn `last_turn`. Characters are Unicode code points from 0."""

    first_turn: int
    first_char: int
    last_turn: int
    last_char: int


def pieces(document: Document, anchor: Anchor) -> tuple[tuple[Passage, int, int], ...]:
    """The passages under an anchor, each with the start and end of the part that is meant. Raises BadAnchor."""
    first, last = (document.places.get(turn) for turn in (anchor.first_turn, anchor.last_turn))
    if first is not None and last is not None:
        under = document.passages[first : last + 1]
        parts = [(passage, 0, len(passage.text)) for passage in under]
        if parts:
            parts[-1] = (under[-1], 0, anchor.last_char)
            parts[0] = (under[0], anchor.first_char, parts[0][2])
        if parts and all(0 <= start < end <= len(p.text) for p, start, end in (parts[0], parts[-1])):
            return tuple(parts)
    raise BadAnchor(first=anchor.first_turn, last=anchor.last_turn, conversation=document.conversation)


def take(document: Document, anchor: Anchor) -> str:
    """The words under an anchor; a line end parts turns. Raises BadAnchor."""
    return "\n".join(passage.text[start:end] for passage, start, end in pieces(document, anchor))


def times(document: Document, anchor: Anchor) -> tuple[float, float]:
    """Start and end of a stretch, seconds into the recording, spread evenly over the characters of each turn."""
    (first, start, _), (last, _, end) = (pieces(document, anchor)[index] for index in (0, -1))
    return _moment(first, start), _moment(last, end)


def who(document: Document, anchor: Anchor) -> Speaker:
    """Who speaks most of a stretch; the earlier one when it is even."""
    shares: dict[Speaker, int] = {}
    for passage, start, end in pieces(document, anchor):
        shares[passage.speaker] = shares.get(passage.speaker, 0) + end - start
    return max(shares, key=lambda speaker: shares[speaker])


def find_quote(document: Document, quote: str, turn: int | None = None) -> Anchor:
    """Where these words stand, in the whole document or beginning in one turn.

    Tries the exact words first, then any white space and any shape of quotation mark, apostrophe and dash.
    Raises QuoteNotFound, QuoteAmbiguous.
    """
    text = "\n".join(passage.text for passage in document.passages)
    where = "the transcript" if turn is None else f"turn {turn}"
    for search in (_exact, _loose):
        found = [_anchor(document, *place) for place in search(text, quote.strip())]
        found = [anchor for anchor in found if turn is None or anchor.first_turn == turn]
        if len(found) > 1:
            turns = ", ".join(str(number) for number in sorted({anchor.first_turn for anchor in found}))
            raise QuoteAmbiguous(count=len(found), where=where, conversation=document.conversation, turns=turns)
        if found:
            return found[0]
    raise QuoteNotFound(where=where, conversation=document.conversation)


def _exact(text: str, quote: str) -> Iterator[tuple[int, int]]:
    start = text.find(quote) if quote else -1
    while start >= 0:
        yield start, start + len(quote)
        start = text.find(quote, start + 1)


def _loose(text: str, quote: str) -> Iterator[tuple[int, int]]:
    pattern = r"\s+".join(map(re.escape, quote.translate(_ALIKE).split()))
    if pattern:
        # a look-ahead finds matches that overlap
        yield from (match.span(1) for match in re.finditer(f"(?=({pattern}))", text.translate(_ALIKE)))


def _anchor(document: Document, start: int, end: int) -> Anchor:
    starts = list(accumulate((len(passage.text) + 1 for passage in document.passages), initial=0))
    first, last = bisect_right(starts, start) - 1, bisect_right(starts, end - 1) - 1
    return Anchor(
        first_turn=document.passages[first].turn,
        first_char=start - starts[first],
        last_turn=document.passages[last].turn,
        last_char=end - starts[last],
    )


def _moment(passage: Passage, char: int) -> float:
    return passage.start + (passage.end - passage.start) * char / len(passage.text)
