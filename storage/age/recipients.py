"""Who can open an age file: X25519, the post-quantum hybrid mlkem768x25519, and a passphrase (c2sp.org/age)."""

import hashlib
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hpke
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from storage.age import bech32
from storage.age.header import Header, HeaderError, Stanza, to_base64, unbase64
from storage.errors import BadInput, Locked

FILE_KEY = 16
_WRAPPED = FILE_KEY + 16
_NO_NONCE = bytes(12)
_MAX_WORK_FACTOR = 22
_WORK_FACTOR = 18
_ML_KEM_PUBLIC = 1184
_ENCAPSULATED = 1120
_HPKE = hpke.Suite(hpke.KEM.MLKEM768_X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.CHACHA20_POLY1305)
_HPKE_INFO = b"age-encryption.org/mlkem768x25519"


class NoMatch(Locked):
    """sealed file: none of the given keys opens it; it was sealed for another conversation, or the passphrase is wrong"""


class BadRecipient(BadInput):
    """recipient: not an age recipient (age1... or age1pq...); copy it again, whole"""


class BadIdentity(BadInput):
    """identity: not an age identity (AGE-SECRET-KEY-... ); copy it again, whole"""


class MixedRecipients(BadInput):
    """sealing: recipients of different kinds, or a passphrase beside another, cannot share a file; name recipients of one kind"""


class Recipient(Protocol):
    """One who can open what is sealed to it."""

    @property
    def kind(self) -> str: ...

    def wrap(self, file_key: bytes) -> Stanza: ...


class Identity(Protocol):
    """The secret side of a recipient. `unwrap` gives the file key, or None when the stanza is for someone else."""

    def unwrap(self, stanza: Stanza) -> bytes | None: ...


def wrap(file_key: bytes, recipients: Sequence[Recipient]) -> list[Stanza]:
    """One stanza a recipient.

    Raises:
        MixedRecipients: no recipient, several kinds, or a passphrase that is not alone. One classical recipient would
            undo the strength of all the post-quantum ones, and a passphrase promises that whoever knows it sealed the file.
    """
    kinds = {recipient.kind for recipient in recipients}
    if len(kinds) != 1 or (kinds == {"scrypt"} and len(recipients) > 1):
        raise MixedRecipients
    return [recipient.wrap(file_key) for recipient in recipients]


def unwrap(header: Header, identities: Sequence[Identity]) -> bytes:
    """The file key, with the header verified.

    Raises:
        NoMatch: no stanza is for any of the identities.
        HeaderError: a stanza is malformed, or the header was changed.
    """
    for identity in identities:
        for stanza in header.stanzas:
            if (file_key := identity.unwrap(stanza)) is not None:
                header.verify(file_key)
                return file_key
    raise NoMatch


@dataclass(frozen=True, slots=True)
class X25519Recipient:
    """A classical recipient; `public` is 32 bytes."""

    public: bytes
    kind = "X25519"

    def wrap(self, file_key: bytes) -> Stanza:
        ephemeral = X25519PrivateKey.generate()
        share = ephemeral.public_key().public_bytes_raw()
        try:
            secret = ephemeral.exchange(X25519PublicKey.from_public_bytes(self.public))
        except ValueError:
            raise BadRecipient from None
        key = _x25519_wrap_key(secret, share, self.public)
        return Stanza(kind=self.kind, args=(to_base64(share),), body=_wrap(key, file_key))

    def __str__(self) -> str:
        return bech32.encode("age", self.public)


@dataclass(frozen=True, slots=True)
class X25519Identity:
    """A classical identity; `secret` is 32 bytes."""

    secret: bytes = field(repr=False)

    @classmethod
    def generate(cls) -> "X25519Identity":
        return cls(os.urandom(32))

    def recipient(self) -> X25519Recipient:
        return X25519Recipient(self._private().public_key().public_bytes_raw())

    def unwrap(self, stanza: Stanza) -> bytes | None:
        if stanza.kind != "X25519":
            return None
        share = _only_argument(stanza, 32)
        try:
            secret = self._private().exchange(X25519PublicKey.from_public_bytes(share))
        except ValueError:
            raise HeaderError(reason="a low-order share") from None
        return _unwrap(_x25519_wrap_key(secret, share, self.recipient().public), stanza.body)

    def _private(self) -> X25519PrivateKey:
        return X25519PrivateKey.from_private_bytes(self.secret)

    def __str__(self) -> str:
        return bech32.encode("age-secret-key-", self.secret).upper()


@dataclass(frozen=True, slots=True)
class HybridRecipient:
    """A post-quantum recipient; `public` is an ML-KEM-768 key of 1184 bytes and an X25519 key of 32."""

    public: bytes
    kind = "mlkem768x25519"

    def wrap(self, file_key: bytes) -> Stanza:
        sealed = _HPKE.encrypt(file_key, self._key(), info=_HPKE_INFO)
        return Stanza(kind=self.kind, args=(to_base64(sealed[:_ENCAPSULATED]),), body=sealed[_ENCAPSULATED:])

    def _key(self) -> hpke.MLKEM768X25519PublicKey:
        try:
            return hpke.MLKEM768X25519PublicKey(
                MLKEM768PublicKey.from_public_bytes(self.public[:_ML_KEM_PUBLIC]),
                X25519PublicKey.from_public_bytes(self.public[_ML_KEM_PUBLIC:]),
            )
        except ValueError:
            raise BadRecipient from None

    def __str__(self) -> str:
        return bech32.encode("age1pq", self.public)


@dataclass(frozen=True, slots=True)
class HybridIdentity:
    """A post-quantum identity, all of it drawn from a `seed` of 32 bytes as X-Wing does (draft-ietf-hpke-pq)."""

    seed: bytes = field(repr=False)

    @classmethod
    def generate(cls) -> "HybridIdentity":
        return cls(os.urandom(32))

    def recipient(self) -> HybridRecipient:
        ml_kem, x25519 = self._private()
        return HybridRecipient(ml_kem.public_key().public_bytes_raw() + x25519.public_key().public_bytes_raw())

    def unwrap(self, stanza: Stanza) -> bytes | None:
        if stanza.kind != "mlkem768x25519":
            return None
        share = _only_argument(stanza, _ENCAPSULATED)
        ml_kem, x25519 = self._private()
        try:
            # HPKE reports a low-order share as a wrong tag; the specification wants the file refused, so look first.
            x25519.exchange(X25519PublicKey.from_public_bytes(share[-32:]))
        except ValueError:
            raise HeaderError(reason="a low-order share") from None
        _check_body(stanza.body)
        try:
            return _HPKE.decrypt(share + stanza.body, hpke.MLKEM768X25519PrivateKey(ml_kem, x25519), info=_HPKE_INFO)
        except InvalidTag:
            return None

    def _private(self) -> tuple[MLKEM768PrivateKey, X25519PrivateKey]:
        expanded = hashlib.shake_256(self.seed).digest(96)
        return MLKEM768PrivateKey.from_seed_bytes(expanded[:64]), X25519PrivateKey.from_private_bytes(expanded[64:])

    def __str__(self) -> str:
        return bech32.encode("age-secret-key-pq-", self.seed).upper()


@dataclass(frozen=True, slots=True)
class ScryptRecipient:
    """A passphrase. `work_factor` is the base-two logarithm of scrypt's N; 18, the default of age, takes 256 MiB."""

    passphrase: bytes = field(repr=False)
    work_factor: int = _WORK_FACTOR
    kind = "scrypt"

    def wrap(self, file_key: bytes) -> Stanza:
        salt = os.urandom(16)
        key = _scrypt_wrap_key(self.passphrase, salt, self.work_factor)
        return Stanza(kind=self.kind, args=(to_base64(salt), str(self.work_factor)), body=_wrap(key, file_key))


@dataclass(frozen=True, slots=True)
class ScryptIdentity:
    """A passphrase that opens. Files that ask for a work factor above 22 are refused: they would take gigabytes."""

    passphrase: bytes = field(repr=False)

    def unwrap(self, stanza: Stanza) -> bytes | None:
        if stanza.kind != "scrypt":
            return None
        if len(stanza.args) != 2 or len(salt := unbase64(stanza.args[0].encode())) != 16:
            raise HeaderError(reason="malformed passphrase recipient")
        if not re.fullmatch("[1-9][0-9]?", stanza.args[1]) or (factor := int(stanza.args[1])) > _MAX_WORK_FACTOR:
            raise HeaderError(reason=f"passphrase work factor not between 1 and {_MAX_WORK_FACTOR}")
        _check_body(stanza.body)
        return _unwrap(_scrypt_wrap_key(self.passphrase, salt, factor), stanza.body)


def parse_recipient(text: str) -> X25519Recipient | HybridRecipient:
    """A recipient as the age command prints it; either case, so that it fits a QR code in capitals.

    Raises:
        BadRecipient: neither age1... nor age1pq...
    """
    try:
        match bech32.decode(text.strip()):
            case "age", data if len(data) == 32:
                return X25519Recipient(data)
            case "age1pq", data if len(data) == _ML_KEM_PUBLIC + 32:
                MLKEM768PublicKey.from_public_bytes(data[:_ML_KEM_PUBLIC])
                return HybridRecipient(data)
    except ValueError:
        pass
    raise BadRecipient


def parse_identity(text: str) -> X25519Identity | HybridIdentity:
    """An identity as the age command prints it.

    Raises:
        BadIdentity: neither AGE-SECRET-KEY-1... nor AGE-SECRET-KEY-PQ-1...
    """
    try:
        match bech32.decode(text.strip()):
            case "age-secret-key-", data if len(data) == 32:
                return X25519Identity(data)
            case "age-secret-key-pq-", data if len(data) == 32:
                return HybridIdentity(data)
    except ValueError:
        pass
    raise BadIdentity


def _only_argument(stanza: Stanza, length: int) -> bytes:
    if len(stanza.args) != 1 or len(share := unbase64(stanza.args[0].encode())) != length:
        raise HeaderError(reason="a malformed share")
    return share


def _check_body(body: bytes) -> None:
    # Checked before any decryption: other lengths would allow a partitioning oracle.
    if len(body) != _WRAPPED:
        raise HeaderError(reason="a wrapped file key of the wrong length")


def _wrap(key: bytes, file_key: bytes) -> bytes:
    # The nonce is fixed by the specification; each key wraps once.
    return ChaCha20Poly1305(key).encrypt(_NO_NONCE, file_key, None)


def _unwrap(key: bytes, body: bytes) -> bytes | None:
    _check_body(body)
    try:
        return ChaCha20Poly1305(key).decrypt(_NO_NONCE, body, None)
    except InvalidTag:
        return None


def _x25519_wrap_key(secret: bytes, share: bytes, public: bytes) -> bytes:
    info = b"age-encryption.org/v1/X25519"
    return HKDF(algorithm=SHA256(), length=32, salt=share + public, info=info).derive(secret)


def _scrypt_wrap_key(passphrase: bytes, salt: bytes, factor: int) -> bytes:
    salt = b"age-encryption.org/v1/scrypt" + salt
    return Scrypt(salt=salt, length=32, n=1 << factor, r=8, p=1).derive(passphrase)
