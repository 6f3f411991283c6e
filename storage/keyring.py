"""The bytes of a vault file: every live key, each sealed under the root of one epoch.

head    magic 8 | epoch 8 | salt 16 | memory 4 | iterations 4 | lanes 4 | keys 4 | check 32        (big endian)
record  id 16 | class 1 | nonce 12 | AES-256-GCM(key 32) with AAD id | class | epoch               (77 bytes, by id)
end     HMAC-SHA-256 over all before it

root = HKDF-SHA-256(anchor | Argon2id(passphrase, salt)); `check` is a part of it and tells a wrong passphrase from damage.
"""

import hmac
import os
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from storage.errors import Locked, NotVerified
from storage.secret import Secret

KEY = 32
SALT = 16
SEAL = 32
_MAGIC = b"cndrvlt1"
_HEAD = struct.Struct(">8sQ16sIIII32s")
_RECORD = struct.Struct(">16sB12s48s")


class WrongPassphrase(Locked):
    """vault: the passphrase does not open it; type it again, nothing was changed"""


class VaultDamaged(NotVerified):
    """vault: its file was changed or cut; do not work on, bring back the newest recovery copy"""


class KeyClass(StrEnum):
    """What a key opens; destroyed at different times."""

    RECORDING = "recording"
    EXTRACT = "extract"
    NAMES = "names"
    REVIEW = "review"


_CODES = {kind: code for code, kind in enumerate(KeyClass, 1)}
_KINDS = {code: kind for kind, code in _CODES.items()}


@dataclass(frozen=True, kw_only=True, slots=True)
class Work:
    """How much Argon2id works: `memory` in KiB. The values are the second choice of RFC 9106, section 4."""

    memory: int = 64 * 1024
    iterations: int = 3
    lanes: int = 4


@dataclass(frozen=True, kw_only=True, slots=True)
class Record:
    """One sealed key."""

    kind: KeyClass
    nonce: bytes
    sealed: bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class Root:
    """The keys of one epoch."""

    epoch: int
    records: bytes = field(repr=False)
    seal: bytes = field(repr=False)
    check: bytes = field(repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Keyring:
    """The content of a vault file, all keys still sealed."""

    epoch: int
    salt: bytes
    work: Work
    records: Mapping[UUID, Record]


def stretch(passphrase: bytes, salt: bytes, work: Work) -> bytes:
    """32 bytes from a passphrase, at the price of `work`."""
    price = Argon2id(salt=salt, length=32, iterations=work.iterations, lanes=work.lanes, memory_cost=work.memory)
    return Secret.of(price.derive(passphrase))


def derive(anchor: bytes, stretched: bytes, epoch: int) -> Root:
    """The root of an epoch: without the anchor there is none, whoever knows the passphrase."""
    info = b"candour vault root" + epoch.to_bytes(8, "big")
    material = Secret.of(anchor + stretched)
    keys = Secret.of(HKDF(algorithm=SHA256(), length=96, salt=None, info=info).derive(material))
    return Root(epoch=epoch, records=Secret.of(keys[:32]), seal=Secret.of(keys[32:64]), check=keys[64:])


def seal(root: Root, key_id: UUID, kind: KeyClass, secret: bytes) -> Record:
    nonce = os.urandom(12)
    sealed = AESGCM(root.records).encrypt(nonce, secret, _context(root, key_id, kind))
    return Record(kind=kind, nonce=nonce, sealed=sealed)


def unseal(root: Root, key_id: UUID, record: Record) -> bytes:
    """The key in a record.

    Raises:
        VaultDamaged: the record is not from this epoch or belongs to another id or class.
    """
    try:
        return Secret.of(AESGCM(root.records).decrypt(record.nonce, record.sealed, _context(root, key_id, record.kind)))
    except InvalidTag:
        raise VaultDamaged from None


def encode(ring: Keyring, root: Root) -> bytes:
    work = ring.work
    head = _HEAD.pack(
        _MAGIC, ring.epoch, ring.salt, work.memory, work.iterations, work.lanes, len(ring.records), root.check
    )
    body = head + b"".join(
        _RECORD.pack(key_id.bytes, _CODES[record.kind], record.nonce, record.sealed)
        for key_id, record in sorted(ring.records.items())
    )
    return body + hmac.digest(root.seal, body, "sha256")


def parse_work(data: bytes) -> tuple[bytes, Work]:
    """Salt and work of a vault file, needed before anything in it can be verified.

    Raises:
        VaultDamaged: not a vault file, or it asks for more than 4 GiB or 100 rounds.
    """
    if len(data) < _HEAD.size + SEAL:
        raise VaultDamaged
    magic, _, salt, memory, iterations, lanes, _, _ = _HEAD.unpack_from(data)
    if magic != _MAGIC or not (1 <= lanes <= 64 and 8 * lanes <= memory <= 4 << 20 and 1 <= iterations <= 100):
        raise VaultDamaged
    return salt, Work(memory=memory, iterations=iterations, lanes=lanes)


def parse(data: bytes, root: Root) -> Keyring:
    """The verified content of a vault file.

    Raises:
        WrongPassphrase: `root` is not that of the file.
        VaultDamaged: the file is not as it was written.
    """
    salt, work = parse_work(data)
    _, epoch, _, _, _, _, count, check = _HEAD.unpack_from(data)
    if not hmac.compare_digest(check, root.check):
        raise WrongPassphrase
    body, end = data[:-SEAL], data[-SEAL:]
    if not hmac.compare_digest(end, hmac.digest(root.seal, body, "sha256")):
        raise VaultDamaged
    if epoch != root.epoch or len(body) != _HEAD.size + count * _RECORD.size:
        raise VaultDamaged
    return Keyring(epoch=epoch, salt=salt, work=work, records=dict(_records(body)))


def _records(body: bytes) -> Iterator[tuple[UUID, Record]]:
    for key_id, code, nonce, sealed in _RECORD.iter_unpack(body[_HEAD.size :]):
        yield UUID(bytes=key_id), Record(kind=_KINDS[code], nonce=nonce, sealed=sealed)


def _context(root: Root, key_id: UUID, kind: KeyClass) -> bytes:
    return key_id.bytes + bytes([_CODES[kind]]) + root.epoch.to_bytes(8, "big")
