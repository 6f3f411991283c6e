"""Small sealed values, for ciphertext columns, and digests that die with a key.

Every use of a key from the vault takes its own subkey, so that a value can never be opened as something else.
"""

import hmac
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from storage.age import HybridIdentity
from storage.errors import NotVerified
from storage.secret import Secret

_NONCE = 12


class NotSealedHere(NotVerified):
    """database: a sealed value does not open in its place; it was changed or moved; run `candour doctor`"""


def seal_value(key: bytes, context: str, plaintext: bytes) -> bytes:
    """Nonce 12 | AES-256-GCM under a `key` of 32 bytes; `context` is the place, "doubt.sealed:ROW", and is bound to the value."""
    nonce = os.urandom(_NONCE)
    return nonce + AESGCM(_subkey(key, b"value")).encrypt(nonce, plaintext, context.encode())


def open_value(key: bytes, context: str, sealed: bytes) -> bytes:
    """What `seal_value` sealed under the same key and context.

    Raises:
        NotSealedHere: it was not.
    """
    if len(sealed) < _NONCE:
        raise NotSealedHere
    try:
        return AESGCM(_subkey(key, b"value")).decrypt(sealed[:_NONCE], sealed[_NONCE:], context.encode())
    except InvalidTag:
        raise NotSealedHere from None


def keyed_digest(key: bytes, data_digest: bytes) -> bytes:
    """32 bytes that bind a digest of plaintext to `key`: without the key nobody can confirm a guessed text."""
    return hmac.digest(_subkey(key, b"digest"), data_digest, "sha256")


def slot(secret: bytes) -> HybridIdentity:
    """The identity of a conversation's slot, whose seed is the recording key itself: `age` opens the files with it."""
    return HybridIdentity(secret)


def _subkey(key: bytes, purpose: bytes) -> bytes:
    if len(key) != 32:
        raise ValueError("a key has 32 bytes")
    return Secret.of(HKDF(algorithm=SHA256(), length=32, salt=None, info=b"candour " + purpose).derive(key))
