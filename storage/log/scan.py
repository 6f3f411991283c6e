"""Many entries at once: whether all of them have the one form, and what a verification needs of each. Pure.

A million entries are a matter of seconds here and of half a minute through `Entry.decode`. They are read into typed values and
written anew; where the same bytes come back, there was one way only to write them. None means "look at them one by one".
"""

import re
from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Literal, TypeAlias

from msgspec import UNSET, DecodeError, Meta, Struct, UnsetType
from msgspec.json import Decoder, Encoder

from storage.log.entry import BIGGEST, KEY, LONGEST_STRING, MOST_OBJECTS, Entry

_Text: TypeAlias = Annotated[str, Meta(min_length=1, max_length=LONGEST_STRING)]
_Detail: TypeAlias = (
    Annotated[str, Meta(max_length=LONGEST_STRING)] | Annotated[int, Meta(ge=-BIGGEST, le=BIGGEST)] | bool
)


class Line(Struct, frozen=True, kw_only=True, gc=False):
    """An entry as it is written: its fields in the order of their names, its time as text, which sorts."""

    actor: _Text
    detail: dict[str, _Detail] | UnsetType = UNSET
    event: _Text
    obj: Annotated[tuple[_Text, ...], Meta(max_length=MOST_OBJECTS)]
    ref: _Text | UnsetType = UNSET
    seq: Annotated[int, Meta(ge=0, le=BIGGEST)]
    sig: _Text | UnsetType = UNSET
    t: str
    v: Literal[1]

    def entry(self) -> Entry:
        """The same as an entry."""
        return Entry(
            seq=self.seq,
            t=datetime.fromisoformat(self.t),
            actor=self.actor,
            event=self.event,
            obj=self.obj,
            ref=self.ref or None,
            sig=self.sig or None,
            detail=self.detail or {},
        )


_DECODER = Decoder(Line)
_ENCODER = Encoder(order="deterministic")
_TIMES = re.compile(r"(?:[0-9]{4}-[0-9]{2}-[0-9]{2}T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]\.[0-9]{6}Z\n)*+")
_PRINTABLE = bytes(range(0x20, 0x7F))


def scan(bodies: Sequence[bytes]) -> list[Line] | None:
    """What all of these entries say, when each is exactly what `Entry.encode` writes; None when not all of them are."""
    joined = b"".join([body + b"\n" for body in bodies])
    try:
        found = _DECODER.decode_lines(joined)
    except (DecodeError, UnicodeDecodeError, RecursionError):
        return None
    # As many as were given, so that no line break within one of them makes two of it
    if len(found) != len(bodies) or _ENCODER.encode_lines(found) != joined:
        return None
    return found if _is_printable(joined) and _have_names_and_times(found) else None


def _is_printable(lines: bytes) -> bool:
    """Whether these lines, which end with a line break each, say nothing that cannot be printed."""
    # Beside quotes and backslashes JSON escapes only what cannot be printed; most lines hold no backslash at all
    if b"\\" in lines and b"\\" in lines.replace(rb"\\", b"").replace(rb"\"", b""):
        return False
    ascii_alone = not lines.translate(None, _PRINTABLE).strip(b"\n")
    return ascii_alone or all(map(str.isprintable, lines.decode().split("\n")))


def _have_names_and_times(found: Sequence[Line]) -> bool:
    """Whether all details have names of their form, and all entries times of theirs."""
    details = [line.detail for line in found if line.detail is not UNSET]
    if not all(details) or not all(map(KEY.fullmatch, set().union(*details))):
        return False
    times = [line.t for line in found]
    if not _TIMES.fullmatch("".join([time + "\n" for time in times])):
        return False
    return all(map(_is_date, {time[:10] for time in times}))


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True
