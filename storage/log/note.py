"""Signed notes, verifier keys, checkpoints and witness cosignatures, as other people's tools read and write them.

Formats: c2sp.org/signed-note (Ed25519, type 0x01), c2sp.org/tlog-checkpoint, c2sp.org/tlog-cosignature (cosignature/v1, type
0x04); a signing key has the text form of Go's sumdb/note. Parsers accept one spelling of each value. Signatures of unknown keys
are ignored, as the format asks, so that a note can collect cosignatures.
"""

import binascii
from base64 import b64decode, b64encode
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import IntEnum
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from storage.errors import NotVerified
from storage.log.tree import EMPTY_ROOT, HASH_SIZE

MOST_SIGNATURES = 100
_DASH = "— "


class BadNote(NotVerified):
    """log: this is not a signed note, checkpoint or key in the form the standard gives it: {reason}"""


class NoteNotSigned(NotVerified):
    """log: this note is not signed by "{name}"; check that it is the right file and the right verifier key"""


class WrongSignature(NotVerified):
    """log: the signature of "{name}" under this note is false; the note was changed or forged, do not rely on it"""


class KeyKind(IntEnum):
    """The signature type byte: a log signs notes, a witness cosigns checkpoints with the time."""

    LOG = 1
    WITNESS = 4


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
        if key.id.hex() != key_id:
            raise BadNote(reason="the hash in the verifier key does not fit the key")
        return key

    def verify(self, text: str, signature: bytes) -> bool:
        """Whether `signature` (the bytes after the key id) was made by this key over the note text."""
        message = text.encode()
        if self.kind is KeyKind.WITNESS:
            message, signature = _cosigned(int.from_bytes(signature[:8]), text), signature[8:]
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, message)
        except InvalidSignature:
            return False
        return True


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
        return cls(name=name, kind=kind, _seed=Ed25519PrivateKey.generate().private_bytes_raw())

    @classmethod
    def parse(cls, text: str) -> "SigningKey":
        """A key from its text.

        Raises:
            BadNote: not a signing key, or its hash does not fit.
        """
        if not text.startswith("PRIVATE+KEY+"):
            raise BadNote(reason="a signing key begins with PRIVATE+KEY")
        name, key_id, kind, seed = _parse_key(text.removeprefix("PRIVATE+KEY+"))
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
        public = Ed25519PrivateKey.from_private_bytes(self._seed).public_key().public_bytes_raw()
        return VerifierKey(name=self.name, kind=self.kind, public=public)

    def sign(self, text: str, at: datetime | None = None) -> "Signature":
        """A signature over a note text; a witness states the time `at` which it signs."""
        key = Ed25519PrivateKey.from_private_bytes(self._seed)
        if self.kind is KeyKind.LOG:
            blob = key.sign(text.encode())
        else:
            if at is None:
                raise ValueError("a cosignature states its time")
            seconds = int(at.timestamp())
            blob = seconds.to_bytes(8) + key.sign(_cosigned(seconds, text))
        return Signature(name=self.name, key_id=self.verifier.id, blob=blob)


@dataclass(frozen=True, kw_only=True, slots=True)
class Signature:
    """One signature line: who, which key (4 bytes), and the signature itself."""

    name: str
    key_id: bytes
    blob: bytes

    def __str__(self) -> str:
        return f"{_DASH}{self.name} {b64encode(self.key_id + self.blob).decode()}\n"


@dataclass(frozen=True, kw_only=True, slots=True)
class Note:
    """A text, which ends with a line break, and the signatures under it. Parsing verifies nothing."""

    text: str
    signatures: tuple[Signature, ...] = ()

    def __str__(self) -> str:
        return self.text + "\n" + "".join(map(str, self.signatures))

    @classmethod
    def parse(cls, note: str) -> "Note":
        """A note from its text.

        Raises:
            BadNote: not in the one form of a signed note.
        """
        if any(c < " " and c != "\n" for c in note) or not _is_utf8(note):
            raise BadNote(reason="a control character, or text that is not Unicode")
        cut = note.rfind("\n\n") + 1
        text, lines = note[:cut], note[cut + 1 :]
        if not cut or not lines.endswith("\n"):
            raise BadNote(reason="no text, empty line and signatures")
        signatures = tuple(map(_parse_signature, lines[:-1].split("\n")))
        if len(signatures) > MOST_SIGNATURES:
            raise BadNote(reason=f"more than {MOST_SIGNATURES} signatures")
        return cls(text=text, signatures=signatures)

    def signed_by(self, key: VerifierKey) -> bool:
        """Whether this key signed; false when it did not try to.

        Raises:
            WrongSignature: there is a signature in its name, and it is false.
        """
        own = self.signatures_of(key)
        if not all(key.verify(self.text, signature.blob) for signature in own):
            raise WrongSignature(name=key.name)
        return bool(own)

    def signatures_of(self, key: VerifierKey) -> tuple[Signature, ...]:
        """The signatures in this key's name, not verified."""
        return tuple(s for s in self.signatures if s.name == key.name and s.key_id == key.id)

    def with_signature(self, signature: Signature) -> "Note":
        """The same note with one signature more, or the same note when it has that one."""
        if signature in self.signatures:
            return self
        return replace(self, signatures=(*self.signatures, signature))


@dataclass(frozen=True, kw_only=True, slots=True)
class Checkpoint:
    """The head of a log: its name, the number of entries and the root hash over them (32 bytes)."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    def text(self) -> str:
        lines = (self.origin, str(self.size), b64encode(self.root).decode(), *self.extensions)
        return "".join(line + "\n" for line in lines)

    @classmethod
    def parse(cls, text: str) -> "Checkpoint":
        """A checkpoint from the text of a note.

        Raises:
            BadNote: not in the one form of a checkpoint.
        """
        lines = text.split("\n")
        if len(lines) < 4 or lines[-1] or not all(lines[:-1]):
            raise BadNote(reason="a checkpoint has three lines that are not empty")
        origin, size, root, *extensions = lines[:-1]
        value = cls(origin=origin, size=parse_number(size), root=decode_hash(root), extensions=tuple(extensions))
        if value.size == 0 and value.root != EMPTY_ROOT:
            raise BadNote(reason="the root of an empty log is another")
        return value


def open_note(note: str, keys: Sequence[VerifierKey]) -> Note:
    """A note that at least one of these keys signed, and none falsely.

    Raises:
        BadNote, WrongSignature.
        NoteNotSigned: none of the keys signed it.
    """
    if len({(key.name, key.id) for key in keys}) != len(keys):
        raise BadNote(reason="two of the keys have the same name and hash")
    parsed = Note.parse(note)
    signed = [parsed.signed_by(key) for key in keys]  # all of them: one false signature spoils the note
    if not any(signed):
        raise NoteNotSigned(name=" or ".join(key.name for key in keys))
    return parsed


def open_checkpoint(note: str, key: VerifierKey) -> Checkpoint:
    """A checkpoint signed by its own log.

    Raises:
        BadNote, NoteNotSigned, WrongSignature.
    """
    checkpoint = Checkpoint.parse(open_note(note, [key]).text)
    if checkpoint.origin != key.name:
        raise NoteNotSigned(name=checkpoint.origin)
    return checkpoint


def cosign(note: str, witness: SigningKey, at: datetime) -> str:
    """The checkpoint with a witness's cosignature; the witness has verified signature and consistency before."""
    parsed = Note.parse(note)
    Checkpoint.parse(parsed.text)
    return str(parsed.with_signature(witness.sign(parsed.text, at)))


def cosigned_at(note: str, witness: VerifierKey) -> datetime | None:
    """When this witness cosigned, by its own clock; None when it did not.

    Raises:
        BadNote, WrongSignature.
    """
    parsed = Note.parse(note)
    if not parsed.signed_by(witness):
        return None
    return datetime.fromtimestamp(int.from_bytes(parsed.signatures_of(witness)[0].blob[:8]), UTC)


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


def _cosigned(seconds: int, text: str) -> bytes:
    return f"cosignature/v1\ntime {seconds}\n{text}".encode()


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _check_name(name: str) -> None:
    if not name or "+" in name or not _is_utf8(name) or any(c.isspace() or c < " " for c in name):
        raise BadNote(reason="a key name that is empty or holds a space or a plus sign")


def _parse_key(text: str) -> tuple[str, str, KeyKind, bytes]:
    # The base64 of the key may itself hold plus signs
    parts = text.split("+", 2)
    if len(parts) != 3:
        raise BadNote(reason="a key has the form name+hash+key")
    name, key_id, encoded = parts
    _check_name(name)
    data = decode_base64(encoded)
    if len(data) != 33 or data[0] not in {1, 4}:
        raise BadNote(reason="a key of another type or length")
    return name, key_id, KeyKind(data[0]), data[1:]


def _parse_signature(line: str) -> Signature:
    name, _, encoded = line.removeprefix(_DASH).partition(" ")
    _check_name(name)
    data = decode_base64(encoded)
    if not line.startswith(_DASH) or len(data) < 5:
        raise BadNote(reason="a signature line of another form")
    return Signature(name=name, key_id=data[:4], blob=data[4:])
