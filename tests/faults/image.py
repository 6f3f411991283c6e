"""Images of disks with real file systems, mounted through a loop device, and what a laboratory finds in their raw bytes."""

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from uuid import UUID

import pytest

from storage import keyring
from storage.keyring import KeyClass, Record, Root, VaultDamaged

PAGE: Final = 4096
RECORD: Final = 77


@dataclass(frozen=True, kw_only=True, slots=True)
class Kind:
    """A file system as it is made and mounted; `size` in MiB is the least that it takes."""

    make: tuple[str, ...]
    filesystem: str
    options: str
    size: int
    package: str


KINDS: Final[Mapping[str, Kind]] = {
    "ext4": Kind(make=("mkfs.ext4", "-q"), filesystem="ext4", options="rw", size=64, package="e2fsprogs"),
    "ext4, data=journal": Kind(
        make=("mkfs.ext4", "-q"), filesystem="ext4", options="rw,data=journal", size=64, package="e2fsprogs"
    ),
    "xfs": Kind(make=("mkfs.xfs", "-q"), filesystem="xfs", options="rw", size=320, package="xfsprogs"),
    "btrfs": Kind(
        make=("mkfs.btrfs", "-q"), filesystem="btrfs", options="rw,nodiscard", size=128, package="btrfs-progs"
    ),
}


class Image:
    """A file that is a disk."""

    def __init__(self, folder: Path, kind: Kind) -> None:
        self._file, self._kind, self._point = folder / "disk.img", kind, folder / "disk"
        if shutil.which(kind.make[0]) is None:
            pytest.skip(f"{kind.make[0]} is not here (Debian: apt install {kind.package})")
        with self._file.open("wb") as file:
            file.truncate(kind.size << 20)
        subprocess.run([*kind.make, str(self._file)], check=True, capture_output=True)
        self._point.mkdir()

    @contextmanager
    def mounted(self) -> Iterator[Path]:
        options = f"loop,{self._kind.options}"
        done = subprocess.run(
            ["mount", "-o", options, str(self._file), str(self._point)], capture_output=True, text=True
        )
        if done.returncode:
            pytest.skip("this machine lets nobody mount an image here")
        try:
            yield self._point
            os.sync()
        finally:
            subprocess.run(["umount", str(self._point)], check=True)

    def raw(self) -> bytes:
        """Every byte that was ever written and not written over."""
        parts, size, at = [], self._file.stat().st_size, 0
        with self._file.open("rb") as file, suppress(OSError):
            # Holes were never written; SEEK_DATA ends with an error after the last data.
            while at < size:
                start = os.lseek(file.fileno(), at, os.SEEK_DATA)
                at = os.lseek(file.fileno(), start, os.SEEK_HOLE)
                parts.append(os.pread(file.fileno(), at - start, start))
        return b"".join(parts)


def places(raw: bytes, pattern: bytes) -> Iterator[int]:
    at = raw.find(pattern)
    while at >= 0:
        yield at
        at = raw.find(pattern, at + 1)


def pages_left(raw: bytes, slot: bytes) -> int:
    """How many pages of a slot of the anchor lie anywhere in the raw bytes; whoever finds all of them has it."""
    pages = [slot[at : at + PAGE] for at in range(0, len(slot), PAGE)]
    return sum(page in raw for page in pages)


def records(raw: bytes, keys: Mapping[UUID, bytes]) -> Iterator[tuple[UUID, Record]]:
    """Every 77 bytes that may be the sealed record of one of these keys, in whatever file or journal they lie."""
    for key_id in keys:
        for at in places(raw, key_id.bytes):
            piece = raw[at : at + RECORD]
            if len(piece) == RECORD and piece[16] == 1:
                yield key_id, Record(kind=KeyClass.RECORDING, nonce=piece[17:29], sealed=piece[29:])


def recovered(raw: bytes, keys: Mapping[UUID, bytes], known: set[Root]) -> set[UUID]:
    """Those of the keys that some root opens from some record."""
    found = set()
    for key_id, record in records(raw, keys):
        for root in known:
            with suppress(VaultDamaged):
                if keyring.unseal(root, key_id, record) == keys[key_id]:
                    found.add(key_id)
    return found
