"""A person's Ed25519 signing key, sealed under their own password: nobody signs in another's name.

sealed = version 1 | salt 16 | memory 4 | iterations 4 | lanes 4 (big endian) | nonce 12 | AES-256-GCM(seed 32), with all
before the nonce as associated data.
"""

import os
import struct

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from access.passwords import WORK, check_password, to_bytes
from storage.errors import Locked, NotVerified
from storage.keyring import SALT, Work, stretch

_HEAD = struct.Struct(">B16sIII")
_VERSION = 1
_NONCE = 12
_SEED_AND_TAG = 48
_MOST_MEMORY = 4 * 1024 * 1024  # KiB: a forged head must not exhaust the machine
_MOST_ROUNDS = 64


class WrongPassword(Locked):
    """signing: the password does not open this signing key; type it again, nothing was signed"""


class SigningKeyDamaged(NotVerified):
    """signing: the sealed signing key was changed or cut; give the person a new one"""


def create(password: str, work: Work = WORK) -> tuple[bytes, bytes]:
    """A new key: the seed sealed under the password, and the 32-byte public key. Raises BadPassword."""
    check_password(password)
    key = Ed25519PrivateKey.generate()
    return _seal(key.private_bytes_raw(), password, work), key.public_key().public_bytes_raw()


def _seal(seed: bytes, password: str, work: Work) -> bytes:
    head = _HEAD.pack(_VERSION, os.urandom(SALT), work.memory, work.iterations, work.lanes)
    nonce = os.urandom(_NONCE)
    return head + nonce + _cipher(head, password).encrypt(nonce, seed, head)


def reseal(sealed: bytes, old: str, new: str, work: Work = WORK) -> bytes:
    """The same key under another password. Raises WrongPassword, SigningKeyDamaged, BadPassword."""
    check_password(new)
    return _seal(_open(sealed, old), new, work)


def open_key(sealed: bytes, password: str) -> Ed25519PrivateKey:
    """The key itself.

    Raises:
        WrongPassword: the password is wrong, or the sealed key was changed in a way that looks the same.
        SigningKeyDamaged: the sealed key has not the form `create` gives it.
    """
    return Ed25519PrivateKey.from_private_bytes(_open(sealed, password))


def _open(sealed: bytes, password: str) -> bytes:
    if len(sealed) != _HEAD.size + _NONCE + _SEED_AND_TAG:
        raise SigningKeyDamaged
    head, nonce = sealed[: _HEAD.size], sealed[_HEAD.size : _HEAD.size + _NONCE]
    try:
        return _cipher(head, password).decrypt(nonce, sealed[_HEAD.size + _NONCE :], head)
    except InvalidTag:
        raise WrongPassword from None


def verify(public: bytes, signature: bytes, message: bytes) -> bool:
    """Whether the holder of this public key signed exactly this message."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def _cipher(head: bytes, password: str) -> AESGCM:
    version, salt, memory, iterations, lanes = _HEAD.unpack(head)
    usable = 8 * lanes <= memory <= _MOST_MEMORY and 0 < iterations <= _MOST_ROUNDS and 0 < lanes <= _MOST_ROUNDS
    if version != _VERSION or not usable:
        raise SigningKeyDamaged
    return AESGCM(stretch(to_bytes(password), salt, Work(memory=memory, iterations=iterations, lanes=lanes)))
