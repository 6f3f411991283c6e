"""Keys and signatures of logs and their witnesses, and the spellings of values in what they sign. Pure.

Formats: c2sp.org/signed-note (verifier keys; Ed25519, type 0x01) and c2sp.org/tlog-cosignature (Ed25519, type 0x04; ML-DSA-44,
type 0x06, which a quantum computer does not forge). A signing key has the text form of Go's sumdb/note.
"""

import binascii
import os
from base64 import b64decode, b64encode
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import IntEnum
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey, MLDSA44PublicKey

from storage.errors import NotVerified
from storage.log.tree import HASH_SIZE

DASH = "— "
_SEED = 32
_LONGEST_NAME = 255  # bytes; what the message of a post-quantum cosignature has room for
_LATEST = 253402300799  # the end of the year 9999


class BadNote(NotVerified):
    """log: this is not a signed note, checkpoint or key in the form the standard gives it: {reason}"""


class KeyKind(IntEnum):
    """The signature type byte: a log signs notes, a witness cosigns checkpoints with the time it does so."""

    LOG = 1
    WITNESS = 4
    WITNESS_PQ = 6


_PUBLIC = {KeyKind.LOG: 32, KeyKind.WITNESS: 32, KeyKind.WITNESS_PQ: 1312}


@dataclass(frozen=True, kw_only=True, slots=True)
class VerifierKey:
    """A public key with the name it goes by: `name+hash+key` in text."""

    name: str
    kind: KeyKind
    public: bytes

    @property
    def id(self) -> bytes:
        """The first four bytes of the digest over name, type and key."""
        return sha256(self.name.encode() + b"\n" + bytes([self.kind]) + self.public).digest()[:4]

    def __str__(self) -> str:
        return f"{self.name}+{self.id.hex()}+{b64encode(bytes([self.kind]) + self.public).decode()}"

    @classmethod
    def parse(cls, text: str) -> "VerifierKey":
        """A key from its text.

        Raises:
            BadNote: not a key of a known type, or its hash does not fit.
        """
        name, key_id, kind, public = _parse_key(text)
        key = cls(name=name, kind=kind, public=public)
        if len(public) != _PUBLIC[kind]:
            raise BadNote(reason="a key of another length")
        if key.id.hex() != key_id:
            raise BadNote(reason="the hash in the verifier key does not fit the key")
        return key

    def verify(self, text: str, signature: bytes) -> bool:
        """Whether `signature` (the bytes after the key id) was made by this key over the note text."""
        seconds, signature = _split(self.kind, signature)
        key: Ed25519PublicKey | MLDSA44PublicKey
        if self.kind is KeyKind.WITNESS_PQ:
            key = MLDSA44PublicKey.from_public_bytes(self.public)
        else:
            key = Ed25519PublicKey.from_public_bytes(self.public)
        try:
            key.verify(signature, _message(self.kind, self.name, seconds, text))
        except InvalidSignature:
            return False
        return seconds <= _LATEST

    def time_of(self, signature: bytes) -> datetime | None:
        """When a witness says it cosigned; None for a log's own signature, which states no time."""
        if self.kind is KeyKind.LOG:
            return None
        return datetime.fromtimestamp(_split(self.kind, signature)[0], UTC)


@dataclass(frozen=True, kw_only=True, slots=True)
class SigningKey:
    """A private key with its name; `PRIVATE+KEY+name+hash+key` in text."""

    name: str
    kind: KeyKind
    _seed: bytes

    @classmethod
    def generate(cls, name: str, kind: KeyKind = KeyKind.LOG) -> "SigningKey":
        """A new key.

        Raises:
            BadNote: the name is empty or holds a space or a plus sign.
        """
        _check_name(name)
        return cls(name=name, kind=kind, _seed=os.urandom(_SEED))

    @classmethod
    def parse(cls, text: str) -> "SigningKey":
        """A key from its text.

        Raises:
            BadNote: not a signing key, or its hash does not fit.
        """
        if not text.startswith("PRIVATE+KEY+"):
            raise BadNote(reason="a signing key begins with PRIVATE+KEY")
        name, key_id, kind, seed = _parse_key(text.removeprefix("PRIVATE+KEY+"))
        if len(seed) != _SEED:
            raise BadNote(reason="a signing key of another length")
        key = cls(name=name, kind=kind, _seed=seed)
        if key.verifier.id.hex() != key_id:
            raise BadNote(reason="the hash in the signing key does not fit the key")
        return key

    def __repr__(self) -> str:
        return f"SigningKey({self.name!r})"

    def secret_text(self) -> str:
        """The text to keep in a file only its owner can read."""
        encoded = b64encode(bytes([self.kind]) + self._seed).decode()
        return f"PRIVATE+KEY+{self.name}+{self.verifier.id.hex()}+{encoded}"

    @property
    def verifier(self) -> VerifierKey:
        return VerifierKey(name=self.name, kind=self.kind, public=self._private().public_key().public_bytes_raw())

    def sign(self, text: str, at: datetime | None = None) -> "Signature":
        """A signature over a note text; a witness states the time `at` which it signs."""
        if (at is None) is not (self.kind is KeyKind.LOG):
            raise ValueError("a cosignature states its time, and a log's own signature does not")
        seconds = 0 if at is None else int(at.timestamp())
        blob = self._private().sign(_message(self.kind, self.name, seconds, text))
        stamp = b"" if at is None else seconds.to_bytes(8)
        return Signature(name=self.name, key_id=self.verifier.id, blob=stamp + blob)

    def _private(self) -> Ed25519PrivateKey | MLDSA44PrivateKey:
        if self.kind is KeyKind.WITNESS_PQ:
            return MLDSA44PrivateKey.from_seed_bytes(self._seed)
        return Ed25519PrivateKey.from_private_bytes(self._seed)


@dataclass(frozen=True, kw_only=True, slots=True)
class Signature:
    """One signature line: who, which key (4 bytes), and the signature itself."""

    name: str
    key_id: bytes
    blob: bytes

    def __str__(self) -> str:
        return f"{DASH}{self.name} {b64encode(self.key_id + self.blob).decode()}\n"

    @classmethod
    def parse(cls, line: str) -> "Signature":
        """A signature from its line, without the line break.

        Raises:
            BadNote.
        """
        name, _, encoded = line.removeprefix(DASH).partition(" ")
        _check_name(name)
        data = decode_base64(encoded)
        if not line.startswith(DASH) or len(data) < 5:
            raise BadNote(reason="a signature line of another form")
        return cls(name=name, key_id=data[:4], blob=data[4:])


def parse_number(text: str) -> int:
    """A count in decimal digits without leading zeros, below 2**63.

    Raises:
        BadNote.
    """
    if not (text.isascii() and text.isdigit()) or len(text) > 19 or str(int(text)) != text or int(text) >= 2**63:
        raise BadNote(reason="a number that is not plain decimal")
    return int(text)


def decode_base64(text: str) -> bytes:
    """The bytes of standard base64 in its one spelling.

    Raises:
        BadNote.
    """
    try:
        data = b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise BadNote(reason="not base64") from None
    if b64encode(data).decode() != text:
        raise BadNote(reason="base64 in a second spelling")
    return data


def decode_hash(text: str) -> bytes:
    """A SHA-256 hash, 32 bytes, from base64.

    Raises:
        BadNote.
    """
    data = decode_base64(text)
    if len(data) != HASH_SIZE:
        raise BadNote(reason="a hash that is not 32 bytes")
    return data


def is_unicode(text: str) -> bool:
    """Whether a text can be written as UTF-8: it holds no half of a surrogate pair."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _split(kind: KeyKind, signature: bytes) -> tuple[int, bytes]:
    """The time a cosignature states, in seconds since 1970, and what follows it; 0 for a log's own."""
    return (0, signature) if kind is KeyKind.LOG else (int.from_bytes(signature[:8]), signature[8:])


def _message(kind: KeyKind, name: str, seconds: int, text: str) -> bytes:
    """What is signed over a note text (tlog-cosignature: "Ed25519 signed message", "ML-DSA-44 signed message")."""
    if kind is KeyKind.LOG:
        return text.encode()
    if kind is KeyKind.WITNESS:
        return f"cosignature/v1\ntime {seconds}\n{text}".encode()
    lines = text.split("\n")
    if len(lines) < 4 or len(lines[0].encode()) > _LONGEST_NAME:
        raise BadNote(reason="not a checkpoint that can be cosigned")
    who, log = (bytes([len(part)]) + part for part in (name.encode(), lines[0].encode()))
    at, start, stop = (number.to_bytes(8) for number in (seconds, 0, parse_number(lines[1])))
    return b"subtree/v1\n\0" + who + at + log + start + stop + decode_hash(lines[2])


def _check_name(name: str) -> None:
    spaced = any(c.isspace() or c < " " for c in name)
    if not name or "+" in name or spaced or not is_unicode(name) or len(name.encode()) > _LONGEST_NAME:
        raise BadNote(reason="a key name that is empty, too long, or holds a space or a plus sign")


def _parse_key(text: str) -> tuple[str, str, KeyKind, bytes]:
    # The base64 of the key may itself hold plus signs
    parts = text.split("+", 2)
    if len(parts) != 3:
        raise BadNote(reason="a key has the form name+hash+key")
    name, key_id, encoded = parts
    _check_name(name)
    data = decode_base64(encoded)
    if not data or data[0] not in set(KeyKind):
        raise BadNote(reason="a key of another type")
    return name, key_id, KeyKind(data[0]), data[1:]
