"""Signed notes, checkpoints and witness cosignatures, as other people's tools read and write them. Pure.

Formats: c2sp.org/signed-note, c2sp.org/tlog-checkpoint, c2sp.org/tlog-cosignature. Parsers accept one spelling of each value.
Signatures of unknown keys are ignored, as the format asks, so that a note can collect cosignatures.
"""

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from storage.errors import NotVerified
from storage.log.keys import (
    BadNote,
    KeyKind,
    Signature,
    SigningKey,
    VerifierKey,
    decode_base64,
    decode_hash,
    is_unicode,
    parse_number,
)
from storage.log.tree import EMPTY_ROOT

__all__ = [
    "BadNote",
    "Checkpoint",
    "KeyKind",
    "Note",
    "NoteNotSigned",
    "Signature",
    "SigningKey",
    "VerifierKey",
    "WrongSignature",
    "cosign",
    "cosigned_at",
    "decode_base64",
    "decode_hash",
    "open_checkpoint",
    "open_note",
    "parse_number",
]

MOST_SIGNATURES = 100


class NoteNotSigned(NotVerified):
    """log: this note is not signed by "{name}"; check that it is the right file and the right verifier key"""


class WrongSignature(NotVerified):
    """log: the signature of "{name}" under this note is false; the note was changed or forged, do not rely on it"""


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
        if any(c < " " and c != "\n" for c in note) or not is_unicode(note):
            raise BadNote(reason="a control character, or text that is not Unicode")
        cut = note.rfind("\n\n") + 1
        text, lines = note[:cut], note[cut + 1 :]
        if not cut or not lines.endswith("\n"):
            raise BadNote(reason="no text, empty line and signatures")
        signatures = tuple(map(Signature.parse, lines[:-1].split("\n")))
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
    return witness.time_of(parsed.signatures_of(witness)[-1].blob)
