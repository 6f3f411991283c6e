"""Extracts: pseudonymised quotes with their codes, taken from a document by hand or from a table."""

import json
from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID, uuid4

from pipeline.codes import cells
from pipeline.codes.codebook import Codebook, UnknownCode
from pipeline.codes.codebook import HeadingUsed as HeadingUsed
from pipeline.codes.quotes import Anchor, BadAnchor, QuoteAmbiguous, QuoteNotFound, find_quote, take, times, who
from pipeline.transcripts.document import Document, clean
from pipeline.transcripts.transcript import Speaker
from storage.errors import BadInput

__all__ = ["Anchor", "Extract", "Fault", "Problem", "check", "extract", "find_quote", "take"]

COLUMNS = ("turn", "quote", "codes", "memo")


class NotExtracts(BadInput):
    """coding: these bytes do not hold extracts; restore them from a backup"""


class RetiredUsed(BadInput):
    """coding: "{name}" is retired: it keeps the extracts it has and takes no more; choose another code"""


class BadTable(BadInput):
    """coding: the table cannot be used, and nothing was added: {problems}; correct it and import it again"""


class Fault(StrEnum):
    """What can be wrong with an extract before sign-off."""

    UNCODED = "has no code"
    UNKNOWN_CODE = "has a code that is no longer in the codebook"
    HEADING = "is filed under a heading"
    MOVED = "quotes words that no longer stand in the transcript"


@dataclass(frozen=True, kw_only=True, slots=True)
class Problem:
    """One extract and what is wrong with it."""

    extract: UUID
    turn: int
    fault: Fault


@dataclass(frozen=True, kw_only=True, slots=True)
class Extract:
    """A quote from one conversation, with the ids of its codes. `start` and `end` are seconds into the recording."""

    id: UUID
    conversation: str
    position: str
    anchor: Anchor
    quote: str
    speaker: Speaker
    start: float
    end: float
    codes: tuple[str, ...]
    memo: str
    coder: str
    at: datetime


_FIELDS, _ANCHOR_FIELDS = (tuple(field.name for field in fields(kind)) for kind in (Extract, Anchor))


def extract(
    document: Document,
    anchor: Anchor,
    codes: Iterable[str],
    *,
    codebook: Codebook,
    coder: str,
    at: datetime,
    memo: str = "",
    id: UUID | None = None,
) -> Extract:
    """A new extract; `codes` are any labels of codes, `at` is a time with a zone.

    Raises BadAnchor, UnknownCode, HeadingUsed, RetiredUsed.
    """
    ids = given(codebook, codes)
    start, end = times(document, anchor)
    return Extract(
        id=id or uuid4(),
        conversation=document.conversation,
        position=document.position,
        anchor=anchor,
        quote=take(document, anchor),
        speaker=who(document, anchor),
        start=start,
        end=end,
        codes=codebook.order(ids),
        memo=clean(memo).strip(),
        coder=coder,
        at=at,
    )


def given(codebook: Codebook, labels: Iterable[str], *, had: Container[str] = ()) -> tuple[str, ...]:
    """The ids of the codes that labels name, all of them codes that take extracts or that an extract `had` already.

    Raises UnknownCode, HeadingUsed, RetiredUsed.
    """
    found = [codebook.find(label) for label in labels]
    for code in found:
        if code.id in had:
            continue
        if not code.codable:
            raise HeadingUsed(name=code.name)
        if code.retired:
            raise RetiredUsed(name=code.name)
    return tuple(code.id for code in found)


def check(extracts: Iterable[Extract], codebook: Codebook, document: Document) -> tuple[Problem, ...]:
    """All that stands against signing off the extracts of this document, in their order."""
    problems = []
    for one in extracts:
        if one.conversation == document.conversation:
            turn = one.anchor.first_turn
            problems += [Problem(extract=one.id, turn=turn, fault=fault) for fault in _faults(one, codebook, document)]
    return tuple(problems)


def carry(one: Extract, old: Document, new: Document, move: Callable[[Anchor], Anchor | None]) -> Extract:
    """The extract on a corrected or newly pseudonymised document, as it was where its words are not to be found there.

    `move` follows what was said. Words that had gone already are looked for where they stood, in case they came back.
    """
    anchor = move(one.anchor) if stands(one, old) else None
    return again(one, new) if anchor is None else at(one, new, anchor)


def again(one: Extract, document: Document) -> Extract:
    """The extract on another document where its words stand in the same place or once in the same turn, or as it was."""
    if not stands(one, document):
        try:
            return at(one, document, find_quote(document, one.quote, one.anchor.first_turn))
        except (QuoteNotFound, QuoteAmbiguous):
            return one
    return at(one, document, one.anchor)


def stands(one: Extract, document: Document) -> bool:
    """Whether the words of an extract stand where it says."""
    try:
        return take(document, one.anchor) == one.quote
    except BadAnchor:
        return False


def at(one: Extract, document: Document, anchor: Anchor) -> Extract:
    """The extract with the words under another anchor. Raises BadAnchor."""
    start, end = times(document, anchor)
    return replace(
        one, anchor=anchor, quote=take(document, anchor), speaker=who(document, anchor), start=start, end=end
    )


def from_table(document: Document, data: bytes, *, codebook: Codebook, coder: str, at: datetime) -> tuple[Extract, ...]:
    """The extracts in a CSV table with the columns quote and codes, and if wanted turn and memo; codes are parted by ;.

    All or nothing. Raises BadTable, which names every faulty row (the header is row 1), and NotATable.
    """
    header, *body = cells.from_bytes(data) or [[]]
    names = [name.strip().lower() for name in header]
    if not {"quote", "codes"} <= set(names) <= set(COLUMNS) or len(set(names)) < len(names):
        raise BadTable(
            problems="row 1 must name the columns quote and codes, and if wanted turn and memo, and no others"
        )
    made: list[Extract] = []
    problems: list[str] = []
    for number, row in enumerate(body, start=2):
        if not any(cell.strip() for cell in row):
            continue
        try:
            made.append(_from_row(document, dict(zip(names, row, strict=False)), codebook, coder, at))
        except (BadRow, QuoteNotFound, QuoteAmbiguous, UnknownCode, HeadingUsed, RetiredUsed) as error:
            problems.append(f"row {number}: {str(error).partition(': ')[2]}")
    if problems:
        raise BadTable(problems="; ".join(problems))
    return tuple(made)


class BadRow(BadInput):
    """coding: {problem}"""


def _from_row(document: Document, row: Mapping[str, str], codebook: Codebook, coder: str, at: datetime) -> Extract:
    turn = row.get("turn", "").strip()
    if turn and not turn.isdecimal():
        raise BadRow(problem="the turn is not a number")
    labels = [label.strip() for label in row.get("codes", "").split(";") if label.strip()]
    if not labels:
        raise BadRow(problem="it names no code")
    anchor = find_quote(document, clean(row.get("quote", "")), int(turn) if turn else None)
    return extract(document, anchor, labels, codebook=codebook, coder=coder, at=at, memo=row.get("memo", ""))


def dump(extracts: Iterable[Extract]) -> bytes:
    """The extracts as canonical UTF-8 JSON, to be sealed."""
    # by hand: `asdict` copies every value, which takes longer than sealing does
    whole = [
        {name: getattr(one, name) for name in _FIELDS}
        | {
            "id": str(one.id),
            "anchor": {name: getattr(one.anchor, name) for name in _ANCHOR_FIELDS},
            "at": one.at.isoformat(),
        }
        for one in extracts
    ]
    return json.dumps(whole, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def load(data: bytes) -> tuple[Extract, ...]:
    """What `dump` was given. Raises NotExtracts."""
    try:
        return tuple(
            Extract(
                **entry
                | {
                    "id": UUID(entry["id"]),
                    "anchor": Anchor(**entry["anchor"]),
                    "speaker": Speaker(entry["speaker"]),
                    "codes": tuple(entry["codes"]),
                    "at": datetime.fromisoformat(entry["at"]),
                }
            )
            for entry in json.loads(data)
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        raise NotExtracts from None


def _faults(one: Extract, codebook: Codebook, document: Document) -> list[Fault]:
    codable = {code.id: code.codable for code in codebook.codes}
    faults = [] if one.codes else [Fault.UNCODED]
    if any(code not in codable for code in one.codes):
        faults.append(Fault.UNKNOWN_CODE)
    if any(not codable.get(code, True) for code in one.codes):
        faults.append(Fault.HEADING)
    return faults if stands(one, document) else [*faults, Fault.MOVED]
