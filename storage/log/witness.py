"""A witness: someone outside who cosigns the heads of a log, each only when it continues the last one they cosigned.

A folder of their own, on a machine of theirs, holds `witness.key` (0600) and `witness.state`: of each log its key and the last
head that was cosigned. It needs nothing of Candour's homes. Rules: c2sp.org/tlog-witness.
"""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from storage import durable
from storage.errors import BadInput, NotFound, NotVerified, Refused
from storage.log.cosigning import Request
from storage.log.note import (
    BadNote,
    Checkpoint,
    KeyKind,
    Note,
    NoteNotSigned,
    SigningKey,
    VerifierKey,
    open_checkpoint,
)

_KEY, _STATE = "witness.key", "witness.state"
_Known = dict[str, dict[str, str]]


class NoWitness(NotFound):
    """witness: there is no witness in this folder; make one with `candour audit witness create`"""


class WitnessExists(Refused):
    """witness: there is one in this folder already; name a new one, nothing was changed"""


class BadWitnessName(BadInput):
    """witness: its public name is text without spaces and plus signs, such as a domain with a path"""


class WitnessDamaged(NotVerified):
    """witness: what was cosigned last cannot be read; bring the folder back from a backup, and do not cosign without it"""


class UnknownLog(NotFound):
    """witness: the log {origin} is not known here; give its key, from a source you trust, with --log"""


class OtherLogKey(Refused):
    """witness: the log {origin} is known here with another key; ask its keepers why, nothing was cosigned"""


class WitnessFolder:
    """A witness's key, and its memory of what it cosigned."""

    def __init__(self, folder: Path, key: SigningKey) -> None:
        self._folder = folder
        self._key = key

    @classmethod
    def create(cls, folder: Path, name: str, kind: KeyKind = KeyKind.WITNESS) -> "WitnessFolder":
        """Make a witness with a new key; `name` is its public name.

        Raises:
            WitnessExists, BadWitnessName.
        """
        try:
            key = SigningKey.generate(name, kind)
        except BadNote:
            raise BadWitnessName from None
        if (folder / _KEY).exists():
            raise WitnessExists
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        durable.replace(folder / _STATE, b"{}")
        durable.replace(folder / _KEY, f"{key.secret_text()}\n".encode())
        return cls(folder, key)

    @classmethod
    def open(cls, folder: Path) -> "WitnessFolder":
        """The witness of a folder. Raises NoWitness."""
        try:
            return cls(folder, SigningKey.parse((folder / _KEY).read_text("utf-8").removesuffix("\n")))
        except (FileNotFoundError, NotADirectoryError, UnicodeDecodeError, BadNote):
            raise NoWitness from None

    @property
    def verifier(self) -> VerifierKey:
        return self._key.verifier

    def last(self, origin: str) -> Checkpoint | None:
        """The head of this log that was cosigned last; None before the first."""
        return _last(self._known(), origin)

    def cosign(self, text: str, at: datetime, log: VerifierKey | None = None) -> str:
        """Cosign the head in a request and remember it; returns the head with the log's signature and the new one.

        `log` is the key of a log that is new here. Over the web, the last line alone is the answer.

        Raises:
            BadNote, NoteNotSigned, WrongSignature, OtherSize, NotContinued: nothing was cosigned.
            UnknownLog, OtherLogKey, WitnessDamaged.
        """
        request = Request.parse(text)
        origin = Checkpoint.parse(Note.parse(request.checkpoint).text).origin
        with self._locked():
            known = self._known()
            key = _trusted(known, origin, log)
            request.verify(key, _last(known, origin))
            body = Note.parse(request.checkpoint).text
            kept = str(Note(text=body, signatures=Note.parse(request.checkpoint).signatures_of(key)))
            known[origin] = {"key": str(key), "checkpoint": kept}
            # Durable before anybody sees the signature, so that no later one can contradict it
            durable.replace(self._folder / _STATE, json.dumps(known, ensure_ascii=False, indent=2).encode())
        return str(Note.parse(kept).with_signature(self._key.sign(body, at)))

    def _known(self) -> _Known:
        try:
            known: _Known = json.loads((self._folder / _STATE).read_text("utf-8"))
            for origin, one in known.items():
                if open_checkpoint(one["checkpoint"], VerifierKey.parse(one["key"])).origin != origin:
                    raise NoteNotSigned(name=origin)
        except (OSError, ValueError, KeyError, TypeError, AttributeError, NotVerified):
            raise WitnessDamaged from None
        return known

    @contextmanager
    def _locked(self) -> Iterator[None]:
        handle = os.open(self._folder / _KEY, os.O_RDONLY | os.O_CLOEXEC)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)


def _last(known: _Known, origin: str) -> Checkpoint | None:
    if origin not in known:
        return None
    return Checkpoint.parse(Note.parse(known[origin]["checkpoint"]).text)


def _trusted(known: _Known, origin: str, given: VerifierKey | None) -> VerifierKey:
    if origin not in known:
        if given is None or given.name != origin:
            raise UnknownLog(origin=origin)
        return given
    key = VerifierKey.parse(known[origin]["key"])
    if given is not None and given != key:
        raise OtherLogKey(origin=origin)
    return key
