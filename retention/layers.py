"""What lies below a file system: the layers between the home and the medium, as Linux shows them in /sys.

Some layers pass a write on to its place, as LUKS does; some keep what was there before, as snapshots do. A layer that is not
known to pass writes on counts as one that keeps.
"""

import fcntl
import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

SYS: Final = Path("/sys/dev/block")
NOT_KNOWN: Final = "not known"
_PASSES_ON: Final = ("CRYPT-LUKS", "CRYPT-PLAIN", "LVM-", "mpath-", "part")
# What LVM calls the parts of snapshots, thin pools and caches; dm-integrity keeps a journal of contents.
_KEEPS: Final = ("-cow", "-real", "-tpool", "-tdata", "-pool", "-cdata", "-cvol", "_wcorig", "-vpool", "-vdata", "_dif")
_RAID_PASSES_ON: Final = frozenset({"linear", "raid0", "raid1", "raid10"})
_REMOTE: Final = ("nbd", "rbd", "drbd")
# Where the system lists block devices behind which there is no hardware of their own.
_MADE: Final = "/virtual/block/"
_GETFLAGS: Final = 0x80086601
_FIEMAP: Final = 0xC020660B
_HEAD: Final = struct.Struct("=QQLLLL")
_EXTENT: Final = struct.Struct("=QQQQQLLLL")
# More than the anchor has blocks.
_MOST_EXTENTS: Final = 128
_JOURNALLED, _INLINE_FILE = 0x4000, 0x10000000
_INLINE_EXTENT, _SHARED_EXTENT = 0x200, 0x2000


@dataclass(frozen=True, kw_only=True, slots=True)
class Layer:
    """One device; `keeps` says why what was overwritten may still be there, empty when it passes writes on to their place."""

    name: str
    keeps: str = ""


def below(device: str, sys: Path = SYS) -> tuple[Layer, ...]:
    """The layers under a device number such as "253:1", the topmost first; none where the system shows none (tmpfs)."""
    place = sys / device
    if not device or not place.exists():
        return ()
    return tuple(_walk(place.resolve()))


def medium(device: str, sys: Path = SYS) -> dict[str, str]:
    """Make, model and serial of the disk under a device number, as far as the machine tells them; several parted by semicolons.

    A virtual machine shows what it was given, which may be nothing. Serials: of the disk (virtio), of the device (NVMe, MMC), or
    page 0x80 of its vital product data (SCSI and SATA; SPC-5, 7.7.18: four bytes, then text).
    """
    place = sys / device
    disks = dict.fromkeys(_disks(place.resolve())) if device and place.exists() else {}
    found = {
        "make": [_text(disk / "device" / "vendor") for disk in disks],
        "model": [_text(disk / "device" / "model") or _text(disk / "device" / "name") for disk in disks],
        "serial": [_serial(disk) for disk in disks],
    }
    return {what: "; ".join(filter(None, values)) or NOT_KNOWN for what, values in found.items()}


def _disks(place: Path) -> Iterator[Path]:
    """The devices with nothing below them, a partition's whole disk for it."""
    slaves = sorted((place / "slaves").iterdir()) if (place / "slaves").is_dir() else []
    for slave in slaves:
        yield from _disks(slave.resolve())
    if not slaves:
        yield place.parent if (place / "partition").exists() else place


def _serial(disk: Path) -> str:
    try:
        page = (disk / "device" / "vpd_pg80").read_bytes()[4:].decode("ascii", "replace").strip("\0 ")
    except OSError:
        page = ""
    return _text(disk / "serial") or _text(disk / "device" / "serial") or page


def _walk(place: Path) -> list[Layer]:
    found = [_layer(place)]
    slaves = place / "slaves"
    for slave in sorted(slaves.iterdir()) if slaves.is_dir() else []:
        found += _walk(slave.resolve())
    return found


def _layer(place: Path) -> Layer:
    name, uuid, raid = place.name, _text(place / "dm" / "uuid"), _text(place / "md" / "level")
    if (place / "dm").is_dir():
        called = _text(place / "dm" / "name") or name
        if any(part in f"{uuid} {called}" for part in _KEEPS) or "INTEGRITY" in uuid:
            return Layer(name=called, keeps="a snapshot, a pool, a cache or a journal lies there")
        known = uuid.startswith(_PASSES_ON)
        return Layer(
            name=called, keeps="" if known else "a mapped device of a kind that is not known to write in place"
        )
    if raid:
        return Layer(name=name, keeps="" if raid in _RAID_PASSES_ON else "an array that may keep a journal")
    if (place / "loop").is_dir():
        return Layer(name=name, keeps="a file on another file system")
    if name.startswith(_REMOTE):
        return Layer(name=name, keeps="storage on another machine, whose snapshots cannot be seen")
    if _MADE in place.as_posix():
        return Layer(name=name, keeps="a device that a program makes, such as a cache or a volume of a pool")
    return Layer(name=name)


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8").strip()
    except OSError:
        return ""


def anchor_trouble(file: Path) -> str:
    """Why overwriting this file may leave its old content: journalled, inline or shared; empty when nothing is seen."""
    with file.open("rb") as opened:
        flags, extents = _flags(opened.fileno()), _extents(opened.fileno())
    if flags & _JOURNALLED:
        return "its contents go through the journal (chattr +j)"
    if flags & _INLINE_FILE or extents & _INLINE_EXTENT:
        return "it lies in its inode"
    return "it shares blocks with a copy (a reflink or snapshot)" if extents & _SHARED_EXTENT else ""


def _flags(handle: int) -> int:
    buffer = bytearray(8)
    try:
        fcntl.ioctl(handle, _GETFLAGS, buffer)
    except OSError:
        return 0
    return int.from_bytes(buffer[:4], "little")


def _extents(handle: int) -> int:
    """The flags of all extents together, by FIEMAP (Linux Documentation/filesystems/fiemap.rst)."""
    buffer = bytearray(_HEAD.size + _MOST_EXTENTS * _EXTENT.size)
    _HEAD.pack_into(buffer, 0, 0, os.fstat(handle).st_size, 0, 0, _MOST_EXTENTS, 0)
    try:
        fcntl.ioctl(handle, _FIEMAP, buffer)
    except OSError:
        return 0
    count, flags = _HEAD.unpack_from(buffer)[3], 0
    for number in range(count):
        flags |= _EXTENT.unpack_from(buffer, _HEAD.size + number * _EXTENT.size)[5]
    return flags
