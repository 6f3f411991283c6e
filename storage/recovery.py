"""A recovery copy: all keys of one moment, sealed to its custodians, for the day on which the disk is dead.

    age, to each custodian (any one of them opens it)
    └─ a note signed by the log (c2sp.org/signed-note); its text is one line of JSON: which home, which number, and of the vault
         file     the vault file, sealed under a root that the passphrase is part of
         anchor   the other part of that root
         beside   the log's signing key, under the same root

So neither a custodian nor someone who knows the passphrase opens anything alone, and who knows a custodian's recipient makes no
copy: sealing is not signing. `known` are the copies on record when this one was made, itself included: a restored home knows of
them even when its rows are older.
"""

import hashlib
import io
import json
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from storage import age
from storage.errors import BadInput, NotVerified
from storage.log.note import BadNote, Note, NoteNotSigned, VerifierKey, WrongSignature, open_note
from storage.vault import Taken

_FORM = "candour-recovery/v1"
# A vault of 500,000 keys; a longer file is not one of ours.
_LONGEST = 64 << 20


class NoRecoveryCopy(BadInput):
    """recovery copy: the file cannot be read or is not a recovery copy; give the file that `candour vault recovery-copy` wrote"""


class RecoveryCopyDamaged(NotVerified):
    """recovery copy: it was changed or cut; take another one, or ask another custodian for theirs"""


class CopyNotSigned(NotVerified):
    """recovery copy: the log that it names, or the one whose key was given, has not signed it: anybody may have made it.
    Do not rely on it, keep it as evidence, and take another
    """


class BadIdentityFile(BadInput):
    """identity: the file cannot be read or holds no age identity (AGE-SECRET-KEY-...); give the custodian's own"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Known:
    """A copy on record."""

    id: UUID
    number: int
    epoch: int
    made_at: datetime
    made_by: str
    attested_at: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class RecoveryCopy:
    """An opened copy. `log` is the public key of the home's log, `entries` how many it had: its own entry is the next."""

    number: int
    made_at: datetime
    log: str
    entries: int
    known: tuple[Known, ...]
    taken: Taken = field(repr=False)

    def text(self) -> str:
        """What the log signs: one line of JSON, with its line break."""
        body = {
            "form": _FORM,
            "number": self.number,
            "made_at": self.made_at.isoformat(),
            "log": self.log,
            "entries": self.entries,
            "known": [_plain(one) for one in self.known],
            "epoch": self.taken.epoch,
            "file": b64encode(self.taken.file).decode(),
            "anchor": b64encode(self.taken.anchor).decode(),
            "beside": b64encode(self.taken.beside).decode(),
        }
        return json.dumps(body) + "\n"

    @property
    def digest(self) -> str:
        """SHA-256 of the text, 64 hexadecimal digits, as its entry in the log has it."""
        return hashlib.sha256(self.text().encode()).hexdigest()


def seal(copy: RecoveryCopy, recipients: Sequence[age.Recipient], sign: Callable[[str], Note]) -> bytes:
    """The bytes of the file; each of the recipients opens it. `sign` puts a text under the signature of the log.

    Raises:
        MixedRecipients: not all of one kind.
    """
    sink = io.BytesIO()
    with age.Writer(sink, recipients) as sealed:
        sealed.write(str(sign(copy.text())).encode())
    return sink.getvalue()


def open_copy(file: Path, identities: Sequence[age.Identity], key: VerifierKey | None = None) -> RecoveryCopy:
    """A copy, from its file, signed by the log that it names; with a `key`, by that one.

    Raises:
        NoRecoveryCopy: the file is missing or something else.
        NoMatch: none of the identities is a custodian's.
        RecoveryCopyDamaged: it was changed.
        CopyNotSigned: it was made by somebody else than the log.
    """
    try:
        with file.open("rb") as source:
            data = source.read(_LONGEST)
    except OSError:
        raise NoRecoveryCopy from None
    try:
        return _parse(b"".join(age.read(io.BytesIO(data), identities)).decode(), key)
    except (NoteNotSigned, WrongSignature):
        raise CopyNotSigned from None
    except (age.HeaderError, BadNote):
        raise NoRecoveryCopy from None
    except (age.HeaderMacError, age.PayloadError):
        raise RecoveryCopyDamaged from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise NoRecoveryCopy from None


def read_identities(file: Path) -> list[age.Identity]:
    """The identities in a file as `age-keygen` writes it: one a line, remarks after #.

    Raises:
        BadIdentityFile, BadIdentity
    """
    try:
        lines = [line.strip() for line in file.read_text(encoding="utf-8").splitlines()]
    except (OSError, UnicodeDecodeError):
        raise BadIdentityFile from None
    found: list[age.Identity] = [age.parse_identity(line) for line in lines if line and not line.startswith("#")]
    if not found:
        raise BadIdentityFile
    return found


def _parse(note: str, key: VerifierKey | None) -> RecoveryCopy:
    text = Note.parse(note).text
    body = json.loads(text)
    if body["form"] != _FORM:
        raise NoRecoveryCopy
    open_note(note, [key or VerifierKey.parse(body["log"])])
    copy = _copy(body)
    # One spelling of each copy, so that it has one digest.
    if copy.text() != text or (key is not None and copy.log != str(key)):
        raise NoRecoveryCopy
    return copy


def _copy(body: Mapping[str, Any]) -> RecoveryCopy:
    taken = Taken(epoch=body["epoch"], **{name: b64decode(body[name]) for name in ("file", "anchor", "beside")})
    return RecoveryCopy(
        number=body["number"],
        made_at=datetime.fromisoformat(body["made_at"]),
        log=body["log"],
        entries=body["entries"],
        known=tuple(map(_known, body["known"])),
        taken=taken,
    )


def _plain(one: Known) -> dict[str, str | int | None]:
    attested = one.attested_at.isoformat() if one.attested_at else None
    made = {"made_at": one.made_at.isoformat(), "made_by": one.made_by, "attested_at": attested}
    return {"id": str(one.id), "number": one.number, "epoch": one.epoch, **made}


def _known(body: Mapping[str, Any]) -> Known:
    attested = body["attested_at"]
    return Known(
        id=UUID(body["id"]),
        number=body["number"],
        epoch=body["epoch"],
        made_at=datetime.fromisoformat(body["made_at"]),
        made_by=body["made_by"],
        attested_at=datetime.fromisoformat(attested) if attested else None,
    )
