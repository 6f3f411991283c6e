"""The anchor: the one small thing that must be physically erasable.

32 random bytes are spread over 128 KiB so that losing any part of it loses all (LUKS1 on-disk format 1.2.3, "AFsplit").
One preallocated file holds two slots and is only ever overwritten in place, past the page cache where the file system
allows it. A slot is a page with magic, epoch and checksum, then the spread bytes; a torn write leaves no valid slot.
"""

import hashlib
import hmac
import mmap
import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from storage.durable import sync_folder
from storage.errors import Unavailable
from storage.secret import Secret

SECRET = 32
_SPREAD = 128 * 1024
_PAGE = 4096
_SLOT = _PAGE + _SPREAD
_SLOTS = 2
_MAGIC = b"cndranc1"
_HEAD = struct.Struct(">8sQ32s")
_IN_PLACE = os.O_RDWR | os.O_DSYNC | os.O_NOFOLLOW | os.O_CLOEXEC


class NotErased(Unavailable):
    """anchor: the medium did not take the overwriting of a slot; repeat the step, replace the medium if it fails again"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Slot:
    """A valid slot. `digest` changes with every writing."""

    number: int
    epoch: int
    digest: bytes
    spread: bytes = field(repr=False)

    def secret(self) -> bytes:
        return merge(self.spread)


def split(secret: bytes) -> bytes:
    """Spread 32 bytes over 128 KiB. Formula: d(0) = 0, d(k) = H(d(k-1) xor s(k)), with the last piece d(n-1) xor secret."""
    pieces = os.urandom(_SPREAD - SECRET)
    return pieces + _xor(_diffuse(pieces), secret)


def merge(spread: bytes) -> bytes:
    """The secret that `split` spread."""
    return Secret.of(_xor(_diffuse(spread[:-SECRET]), spread[-SECRET:]))


def _diffuse(pieces: bytes) -> bytes:
    running = bytes(SECRET)
    for at in range(0, len(pieces), SECRET):
        running = hashlib.sha256(bytes(4) + _xor(running, pieces[at : at + SECRET])).digest()
    return running


def _xor(a: bytes, b: bytes) -> bytes:
    return (int.from_bytes(a, "big") ^ int.from_bytes(b, "big")).to_bytes(SECRET, "big")


class Anchor:
    """The file with its two slots."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @classmethod
    def create(cls, path: Path) -> "Anchor":
        """Lay the whole file out with random bytes, so that no later writing asks the file system for a new place."""
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(os.urandom(_SLOTS * _SLOT))
            file.flush()
            os.fsync(handle)
        sync_folder(path.parent)
        return cls(path)

    def slots(self) -> tuple[Slot, ...]:
        """The valid slots, the lowest epoch first."""
        with self._file(os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC) as handle:
            found = [_parse(number, os.pread(handle, _SLOT, number * _SLOT)) for number in range(_SLOTS)]
        return tuple(sorted((slot for slot in found if slot), key=lambda slot: slot.epoch))

    def write(self, number: int, epoch: int, secret: bytes) -> None:
        """Put an epoch's secret into a slot, over whatever is there."""
        spread = split(secret)
        head = _HEAD.pack(_MAGIC, epoch, _digest(epoch, spread))
        self._overwrite(number, head.ljust(_PAGE, b"\0") + spread)

    def erase(self, number: int) -> None:
        """Overwrite a slot with random bytes and read them back from the medium.

        Raises:
            NotErased: what was read is not what was written.
        """
        self._overwrite(number, os.urandom(_SLOT))

    def _overwrite(self, number: int, data: bytes) -> None:
        with self._direct() as handle, mmap.mmap(-1, _SLOT) as page_aligned:
            page_aligned[:] = data
            if os.pwritev(handle, [page_aligned], number * _SLOT) != _SLOT:
                raise NotErased
            os.fsync(handle)
            page_aligned[:] = bytes(_SLOT)
            if hasattr(os, "posix_fadvise"):
                # Where the page cache could not be avoided, ask for it to be dropped before reading back.
                os.posix_fadvise(handle, number * _SLOT, _SLOT, os.POSIX_FADV_DONTNEED)
            os.preadv(handle, [page_aligned], number * _SLOT)
            if not hmac.compare_digest(page_aligned[:], data):
                raise NotErased

    @contextmanager
    def _direct(self) -> Iterator[int]:
        try:
            handle = os.open(self._path, _IN_PLACE | getattr(os, "O_DIRECT", 0))
        except OSError:
            # tmpfs and some network file systems know no direct writing.
            handle = os.open(self._path, _IN_PLACE)
        try:
            yield handle
        finally:
            os.close(handle)

    @contextmanager
    def _file(self, flags: int) -> Iterator[int]:
        handle = os.open(self._path, flags)
        try:
            yield handle
        finally:
            os.close(handle)


def _parse(number: int, data: bytes) -> Slot | None:
    if len(data) != _SLOT:
        return None
    magic, epoch, digest = _HEAD.unpack_from(data)
    spread = data[_PAGE:]
    if magic != _MAGIC or not hmac.compare_digest(digest, _digest(epoch, spread)):
        return None
    return Slot(number=number, epoch=epoch, digest=digest, spread=spread)


def _digest(epoch: int, spread: bytes) -> bytes:
    return hashlib.sha256(_MAGIC + epoch.to_bytes(8, "big") + spread).digest()
