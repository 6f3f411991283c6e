"""Accounts side by side: what each position said under a code, and what sets one account apart from the others.

Accounts differ where some positions speak of a code and others do not, and where what they say is filed under other codes
besides: two people who tell of the same episode and give different reasons for it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pipeline.codes.codebook import Code, Codebook
from pipeline.codes.coding import Extract
from pipeline.codes.quotes import Anchor
from pipeline.transcripts.document import Document


@dataclass(frozen=True, kw_only=True, slots=True)
class Voice:
    """One conversation on one code: its extracts, the other codes that the same words have, and those of them that no other
    voice has."""

    conversation: str
    position: str
    extracts: tuple[Extract, ...]
    beside: tuple[Code, ...]
    alone: tuple[Code, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Account:
    """All voices on one code, also those that say nothing of it."""

    code: Code
    voices: tuple[Voice, ...]

    @property
    def differs(self) -> bool:
        speaking = [bool(voice.extracts) for voice in self.voices]
        return not all(speaking) or any(voice.alone for voice in self.voices)


def accounts(documents: Sequence[Document], book: Codebook, extracts: Iterable[Extract]) -> tuple[Account, ...]:
    """The accounts of these documents on each code in use, in the order of the book."""
    found = list(extracts)
    used = {code for one in found for code in one.codes}
    by_id = {code.id: code for code in book.codes}
    return tuple(_account(documents, by_id, found, code) for code in book.codes if code.id in used)


def _account(documents: Sequence[Document], codes: dict[str, Code], extracts: Sequence[Extract], code: Code) -> Account:
    own = {d.conversation: [e for e in extracts if e.conversation == d.conversation] for d in documents}
    filed = {d: [one for one in own[d] if code.id in one.codes] for d in own}
    beside = {
        document.conversation: _beside(document, filed[document.conversation], own[document.conversation]) - {code.id}
        for document in documents
    }
    voices = []
    for document in documents:
        name = document.conversation
        others = set().union(*(beside[other] for other in beside if other != name and filed[other]))
        # with one voice alone on a code there is nobody to differ from
        alone = beside[name] - others if any(filed[other] for other in filed if other != name) else set()
        voices.append(
            Voice(
                conversation=name,
                position=document.position,
                extracts=tuple(sorted(filed[name], key=lambda one: (one.start, one.id))),
                beside=_in_order(codes, beside[name]),
                alone=_in_order(codes, alone),
            )
        )
    return Account(code=code, voices=tuple(voices))


def _beside(document: Document, filed: Iterable[Extract], every: Iterable[Extract]) -> set[str]:
    """The codes of all extracts that share a character with one of these."""
    places = {passage.turn: place for place, passage in enumerate(document.passages)}
    mine = [one.anchor for one in filed]
    return {code for one in every if any(_overlap(places, one.anchor, anchor) for anchor in mine) for code in one.codes}


def _overlap(places: dict[int, int], one: Anchor, other: Anchor) -> bool:
    def ends(anchor: Anchor) -> tuple[tuple[int, int], tuple[int, int]]:
        first, last = places.get(anchor.first_turn, -1), places.get(anchor.last_turn, -1)
        return (first, anchor.first_char), (last, anchor.last_char)

    (start, end), (other_start, other_end) = ends(one), ends(other)
    return start < other_end and other_start < end


def _in_order(codes: dict[str, Code], wanted: set[str]) -> tuple[Code, ...]:
    return tuple(code for id, code in codes.items() if id in wanted)
