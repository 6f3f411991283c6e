"""One entry of the log: one line of JSON that anyone can read and nobody can write in two ways.

The form is the part of RFC 8785 that needs no library: sorted ASCII keys, printable strings, integers below 2**53,
booleans, lists and objects; no floats, no null, no white space. Decoding accepts exactly what encoding writes.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from types import MappingProxyType
from typing import TypeAlias

VERSION = 1
LONGEST_STRING = 512
MOST_OBJECTS = 4096
BIGGEST = 2**53 - 1
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")
KEY = re.compile(r"[a-z][a-z0-9_]{0,39}")
_NONE: Mapping[str, str | int | bool] = MappingProxyType({})

_ENCODER = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)

Plain: TypeAlias = "str | int | bool | list[Plain] | dict[str, Plain]"


def canonical(value: Plain) -> bytes:
    """The only bytes for this value.

    Raises:
        ValueError: a float, null, a string with control or other unprintable characters, or a number beyond 2**53.
    """
    _check(value)
    return _ENCODER.encode(value).encode()


def digest_of(value: Plain) -> str:
    """SHA-256 of the canonical bytes, 64 hexadecimal digits."""
    return sha256(canonical(value)).hexdigest()


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """What happened. `obj` are ids, `ref` is a digest of evidence, `sig` a person's signature in base64.

    `detail` holds codes, counts and digests; `storage.log.events` says which an event needs. Times are UTC and claimed.
    There is no place for personal data: whoever adds an entry answers for that.
    """

    seq: int
    t: datetime
    actor: str
    event: str
    obj: tuple[str, ...] = ()
    ref: str | None = None
    sig: str | None = None
    detail: Mapping[str, str | int | bool] = field(default_factory=lambda: _NONE)

    def encode(self) -> bytes:
        """The line, without a line break.

        Raises:
            ValueError: a value the form does not allow; the message names the field and never the value.
        """
        body: dict[str, Plain] = {
            "v": VERSION,
            "seq": self.seq,
            "t": time_text(self.t),
            "actor": self.actor,
            "event": self.event,
            "obj": list(self.obj),
        }
        if self.ref is not None:
            body["ref"] = self.ref
        if self.sig is not None:
            body["sig"] = self.sig
        if self.detail:
            body["detail"] = dict(self.detail)
        self._check()
        return _ENCODER.encode(body).encode()

    def _check(self) -> None:
        seq: object = self.seq
        texts: list[object] = [self.actor, self.event, *self.obj]
        texts += [text for text in (self.ref, self.sig) if text is not None]
        if type(seq) is not int or not 0 <= seq <= BIGGEST:
            raise ValueError("log entry: seq counts from 0")
        if len(self.obj) > MOST_OBJECTS or not all(isinstance(text, str) and text for text in texts):
            raise ValueError(
                "log entry: actor, event, obj, ref and sig are strings that are not empty; obj at most 4096"
            )
        if any(isinstance(value, (list, dict)) for value in self.detail.values()):
            raise ValueError("log entry: a detail is a string, a whole number or a boolean")
        try:
            for text in texts:
                _check(text)
            if self.detail:
                _check(dict(self.detail))
        except ValueError as error:
            raise ValueError(f"log entry: {error}") from None

    @classmethod
    def decode(cls, body: bytes) -> "Entry":
        """An entry from its line.

        Raises:
            ValueError: not exactly what `encode` writes.
        """
        try:
            entry = cls._load(body)
            same = entry.encode() == body
        except (AttributeError, KeyError, TypeError, RecursionError, json.JSONDecodeError, UnicodeDecodeError):
            raise ValueError("it is not JSON with the fields of an entry") from None
        if not same:
            raise ValueError("it is not in the one form of an entry")
        return entry

    @classmethod
    def _load(cls, body: bytes) -> "Entry":
        value = json.loads(body.decode())
        time, version = value.pop("t"), value.pop("v")
        if version != VERSION or not _TIME.fullmatch(time):
            raise ValueError("its version or time has another form")
        return cls(t=datetime.fromisoformat(time), obj=tuple(value.pop("obj")), **value)


def time_text(moment: datetime) -> str:
    """A time as an entry writes it: UTC, always as long, so that it sorts as text.

    Raises:
        ValueError: it has no time zone.
    """
    if moment.tzinfo is None:
        raise ValueError("log entry: a time without a time zone")
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def _check(value: object, place: str = "it") -> None:
    if isinstance(value, str):
        # Also refuses what breaks a line or a terminal: U+2028, escapes, NUL, direction marks, lone surrogates
        if not value.isprintable():
            raise ValueError(f"{place} holds a character that cannot be printed")
        if len(value) > LONGEST_STRING:
            raise ValueError(f"{place} is longer than {LONGEST_STRING} characters")
    elif isinstance(value, int):
        if abs(value) > BIGGEST:
            raise ValueError(f"{place} is a number beyond 2**53")
    elif isinstance(value, list):
        for item in value:
            _check(item, place)
    elif isinstance(value, dict):
        for key, item in value.items():
            if not isinstance(key, str) or not KEY.fullmatch(key):
                raise ValueError(f"a key in {place} is not a short name in lower-case ASCII")
            _check(item, key)
    else:
        raise ValueError(f"{place} is neither string, whole number, boolean, list nor object")
