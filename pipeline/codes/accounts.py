"""Accounts side by side: what each position said under a code, and what sets one account apart from the others.

Accounts differ where some positions speak of a code and others do not, and where what they say is filed under other codes
besides: two people who tell of the same episode and give different reasons for it.
"""

from collections.abc import Iterable, Mapping, Sequence, Set
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
    own: dict[str, list[Extract]] = {document.conversation: [] for document in documents}
    filed: dict[tuple[str, str], list[Extract]] = {}
    used = set()
    for one in sorted(extracts, key=lambda each: (each.start, each.id)):
        used |= set(one.codes)
        if one.conversation in own:
            own[one.conversation].append(one)
        for code_id in one.codes:
            filed.setdefault((one.conversation, code_id), []).append(one)
    beside = {document.conversation: _beside(document, own[document.conversation]) for document in documents}
    by_id = {code.id: code for code in book.codes}
    return tuple(_account(documents, by_id, filed, beside, code) for code in book.codes if code.id in used)


def _account(
    documents: Sequence[Document],
    codes: Mapping[str, Code],
    filed: Mapping[tuple[str, str], Sequence[Extract]],
    beside: Mapping[str, Mapping[str, Set[str]]],
    code: Code,
) -> Account:
    speaking = [document.conversation for document in documents if filed.get((document.conversation, code.id))]
    near = {name: beside[name].get(code.id, frozenset()) - {code.id} for name in beside}
    voices = []
    for document in documents:
        name = document.conversation
        others = set().union(*(near[other] for other in speaking if other != name))
        # with one voice alone on a code there is nobody to differ from
        alone = near[name] - others if any(other != name for other in speaking) else frozenset()
        voices.append(
            Voice(
                conversation=name,
                position=document.position,
                extracts=tuple(filed.get((name, code.id), ())),
                beside=_in_order(codes, near[name]),
                alone=_in_order(codes, alone),
            )
        )
    return Account(code=code, voices=tuple(voices))


def _beside(document: Document, extracts: Iterable[Extract]) -> dict[str, set[str]]:
    """For each code, the codes of all extracts that share a character with one of its own."""
    found: dict[str, set[str]] = {}
    running: list[tuple[tuple[int, int], tuple[str, ...]]] = []
    for start, end, codes in sorted((*_ends(document, one.anchor), one.codes) for one in extracts):
        running = [one for one in running if one[0] > start] + [(end, codes)]
        for _, others in running:
            for code in codes:
                found.setdefault(code, set()).update(others)
            for code in others:
                found.setdefault(code, set()).update(codes)
    return found


def _ends(document: Document, anchor: Anchor) -> tuple[tuple[int, int], tuple[int, int]]:
    """Where a stretch begins and ends, as places that can be compared."""
    first, last = (document.places.get(turn, -1) for turn in (anchor.first_turn, anchor.last_turn))
    return (first, anchor.first_char), (last, anchor.last_char)


def _in_order(codes: Mapping[str, Code], wanted: Set[str]) -> tuple[Code, ...]:
    return tuple(code for id, code in codes.items() if id in wanted)
