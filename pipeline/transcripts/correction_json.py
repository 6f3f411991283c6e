"""Corrections in canonical bytes, to be sealed."""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

from pipeline.transcripts.corrections import Change, Check, Correction, Merge, Note, Redo, Revision, Split, Undo, Waiver
from pipeline.transcripts.transcript import Span, Speaker, canonical


def to_json(correction: Correction) -> bytes:
    """The author, the time and the change; the number is that of the row."""
    change = correction.change
    fields = asdict(change)
    if isinstance(change, Revision):
        fields = {name: {str(turn): new for turn, new in changed.items()} for name, changed in fields.items()}
    return canonical(
        {"author": correction.author, "at": correction.at.isoformat(), "kind": _KINDS[type(change)], "change": fields}
    )


def from_json(number: int, data: bytes) -> Correction:
    """The correction in what `to_json` wrote."""
    whole = json.loads(data)
    return Correction(
        number=number,
        author=whole["author"],
        at=datetime.fromisoformat(whole["at"]),
        change=_READERS[whole["kind"]](whole["change"]),
    )


def _revision(fields: dict[str, Any]) -> Revision:
    return Revision(
        texts={int(turn): text for turn, text in fields["texts"].items()},
        speakers={int(turn): Speaker(speaker) for turn, speaker in fields["speakers"].items()},
    )


def _split(fields: dict[str, Any]) -> Split:
    speaker = fields["speaker"]
    return Split(**{**fields, "speaker": None if speaker is None else Speaker(speaker)})


def _check(fields: dict[str, Any]) -> Check:
    return Check(turns=tuple(fields["turns"]), checked=fields["checked"])


def _waiver(fields: dict[str, Any]) -> Waiver:
    return Waiver(spans=tuple(Span(**span) for span in fields["spans"]), reason=fields["reason"])


_KINDS: Final[Mapping[type[Change], str]] = MappingProxyType(
    {
        Revision: "revision", Split: "split", Merge: "merge", Check: "check", Note: "note", Waiver: "waiver",
        Undo: "undo", Redo: "redo",
    }
)  # fmt: skip
_READERS: Final[Mapping[str, Callable[[dict[str, Any]], Change]]] = MappingProxyType(
    {
        "revision": _revision,
        "split": _split,
        "merge": lambda fields: Merge(**fields),
        "check": _check,
        "note": lambda fields: Note(**fields),
        "waiver": _waiver,
        "undo": lambda fields: Undo(**fields),
        "redo": lambda fields: Redo(**fields),
    }
)
