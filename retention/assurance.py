"""The assurance class of a home: what a destruction here can honestly claim, decided from what the machine shows.

    E0  plaintext may have touched the medium, or the file system keeps old versions: logical deletion only
    E1  the anchor is overwritten in place on a file system that allows it: cryptographic erase, with a residual risk of flash

E2 and E3 need an anchor outside the disk (removable medium, token, TPM, HSM), which this version does not offer.
Each finding lowers the class or does not; nothing is silently passed over. `classify` is pure, `survey` looks.
"""

import json
import os
import re
import resource
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from sqlalchemy import select

from retention import layers
from retention.layers import Layer
from storage.home import Home
from storage.log.tables import AuditLeaf

IN_PLACE: Final = frozenset({"ext2", "ext3", "ext4", "xfs", "vfat", "tmpfs"})
_OCTAL = re.compile(r"\\([0-7]{3})")
MOUNTS: Final = Path("/proc/self/mountinfo")
SWAPS: Final = Path("/proc/swaps")
BLOCKS: Final = Path("/sys/block")
MEMORY: Final = frozenset({"tmpfs", "ramfs"})
CORES: Final = Path("/proc/sys/kernel/core_pattern")
PRAGMAS: Final = {"journal_mode": "wal", "synchronous": 2, "secure_delete": 1}


@dataclass(frozen=True, kw_only=True, slots=True)
class Facts:
    """What can be seen of the machine; file systems by kind, swap as the number of active areas readable on a disk.

    `medium` is the make, model and serial of the disk. `layers` lie below the vault, `anchor` says what is wrong with that file,
    `core_handler` whether a program would be given the memory of a crash. `core_limit` in bytes. `pragmas` are those of SQLite
    that matter; none where the rows are elsewhere.
    """

    filesystem: str
    mount_options: frozenset[str]
    device: str
    medium: Mapping[str, str]
    layers: tuple[Layer, ...]
    anchor: str
    swaps: int
    core_limit: int
    core_handler: bool
    temp_filesystem: str
    sqlite: str
    pragmas: Mapping[str, str | int]
    clock_behind: timedelta


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One thing that was looked at: whether it is as it should be, and what would make it so."""

    name: str
    good: bool
    lowers: bool
    seen: str
    raises: str


def classify(facts: Facts) -> tuple[str, tuple[Finding, ...]]:
    """The class and the findings it rests on."""
    findings = (
        Finding(
            name="file system",
            good=facts.filesystem in IN_PLACE,
            lowers=True,
            seen=f"the vault lies on {facts.filesystem}",
            raises="put the vault on ext4 or xfs, which overwrite in place; copy-on-write keeps old blocks",
        ),
        Finding(
            name="journal",
            good="data=journal" not in facts.mount_options,
            lowers=True,
            seen="file contents go through the journal"
            if "data=journal" in facts.mount_options
            else "contents are not journalled",
            raises="mount without data=journal, which keeps a second copy of what is overwritten",
        ),
        Finding(
            name="snapshots",
            good=not any(layer.keeps for layer in facts.layers),
            lowers=True,
            seen=_seen(facts),
            raises="put the home on a plain partition, LUKS or LVM without snapshots; what lies there may keep old blocks",
        ),
        Finding(
            name="anchor",
            good=not facts.anchor,
            lowers=True,
            seen=facts.anchor or "is overwritten in its place",
            raises="make a new home on ext4 or xfs, and let no copy of vault/anchor be made",
        ),
        Finding(
            name="swap",
            good=facts.swaps == 0,
            lowers=True,
            seen=f"{facts.swaps} active swap areas",
            raises="switch swap off or use zram, so that nothing from memory reaches a disk",
        ),
        Finding(
            name="core dumps",
            good=_no_cores(facts),
            lowers=True,
            seen="off" if _no_cores(facts) else "a crash may write memory to a disk",
            raises="let nobody change the core limit that Candour sets for itself",
        ),
        Finding(
            name="temporary folder",
            good=facts.temp_filesystem in MEMORY,
            lowers=False,
            seen=f"on {facts.temp_filesystem}",
            raises="Candour writes nothing there; a tmpfs would make that true of every other program too",
        ),
        Finding(
            name="SQLite",
            good=tuple(map(int, facts.sqlite.split("."))) >= (3, 37),
            lowers=False,
            seen=f"version {facts.sqlite}",
            raises="use SQLite 3.37 or newer",
        ),
        Finding(
            name="database",
            good=all(facts.pragmas.get(name, value) == value for name, value in PRAGMAS.items()),
            lowers=False,
            seen=", ".join(f"{name} {value}" for name, value in facts.pragmas.items()) or "not in the home",
            raises="the database does not keep to what Candour sets; look for a build of SQLite that does",
        ),
        Finding(
            name="clock",
            good=facts.clock_behind <= timedelta(minutes=5),
            lowers=False,
            seen="agrees with the log"
            if facts.clock_behind <= timedelta(minutes=5)
            else "is behind the last log entry",
            raises="set the clock; deadlines count from logged times and nothing is destroyed early",
        ),
    )
    lowered = any(not finding.good and finding.lowers for finding in findings)
    return ("E0" if lowered else "E1"), findings


def _no_cores(facts: Facts) -> bool:
    # A handler is given the memory whatever the limit, unless that is 1 byte (Linux fs/coredump.c); no file is that small.
    return facts.core_limit == 1 or (facts.core_limit == 0 and not facts.core_handler)


def _seen(facts: Facts) -> str:
    keeping = [f"{layer.name}: {layer.keeps}" for layer in facts.layers if layer.keeps]
    names = ", ".join(layer.name for layer in facts.layers)
    return "; ".join(keeping) or f"device {facts.device}" + (f", on {names}, which write in place" if names else "")


def survey(home: Home) -> Facts:
    """Look at the machine. Reads only."""
    # Where the anchor lies, which may be another place than the home's.
    anchor = home.folder / "vault" / "anchor"
    filesystem, options, device, number = _mount(anchor)
    with home.reading() as session:
        body = session.scalar(select(AuditLeaf.body).order_by(AuditLeaf.idx.desc()).limit(1))
    last = _logged_time(bytes(body)) if body else None
    return Facts(
        filesystem=filesystem,
        mount_options=options,
        device=device,
        medium=layers.medium(number),
        layers=layers.below(number),
        anchor=layers.anchor_trouble(anchor),
        swaps=_swaps(),
        core_limit=resource.getrlimit(resource.RLIMIT_CORE)[0],
        core_handler=_text(CORES).startswith("|"),
        temp_filesystem=_mount(_temp_folder())[0],
        sqlite=sqlite3.sqlite_version,
        pragmas=_pragmas(home),
        clock_behind=max(timedelta(0), last - home.machine_clock()) if last else timedelta(0),
    )


def _logged_time(body: bytes) -> datetime:
    return datetime.fromisoformat(json.loads(body)["t"])


def _pragmas(home: Home) -> dict[str, str | int]:
    if home.engine.dialect.name != "sqlite":
        return {}
    with home.reading() as session:
        connection = session.connection()
        return {name: connection.exec_driver_sql(f"PRAGMA {name}").scalar_one() for name in PRAGMAS}


def _mount(path: Path) -> tuple[str, frozenset[str], str, str]:
    """File system kind, options, device and its number of the mount a path lies on; unknown where the system does not say."""
    unknown = "an unknown file system", frozenset[str](), "unknown", ""
    longest, best = -1, unknown
    real = os.path.realpath(path)
    for line in _text(MOUNTS).splitlines():
        left, _, right = line.partition(" - ")
        point = _OCTAL.sub(lambda found: chr(int(found[1], 8)), left.split()[4])
        kind, device, options = right.split()[:3]
        # Of two mounts at one point the later lies on top.
        if (real == point or real.startswith(point.rstrip("/") + "/")) and len(point) >= longest:
            both = frozenset(options.split(",")) | frozenset(left.split()[5].split(","))
            longest, best = len(point), (kind, both, device, left.split()[2])
    return best


def _temp_folder() -> Path:
    """Where programs put temporary files. Not asked of `tempfile`, which finds out by writing some."""
    named = (os.environ.get(name) for name in ("TMPDIR", "TEMP", "TMP"))
    return next((Path(one) for one in named if one and Path(one).is_dir()), Path("/tmp"))  # noqa: S108  # looked at only


def _swaps() -> int:
    """Swap areas on a disk that a thief of it could read: not those in memory, and not encrypted ones."""
    areas = [Path(line.split()[0]) for line in _text(SWAPS).splitlines()[1:]]
    return sum(1 for area in areas if not _is_in_memory(area) and not _is_encrypted(area))


def _is_in_memory(area: Path) -> bool:
    """A compressed area in memory, unless it was given a disk for what it has no room for."""
    in_memory = area.parent == Path("/dev") and area.name.startswith("zram")
    return in_memory and _text(BLOCKS / area.name / "backing_dev").strip() in {"", "none"}


def _is_encrypted(area: Path) -> bool:
    try:
        found = area.stat().st_rdev
    except OSError:
        return False
    uuid = layers.SYS / f"{os.major(found)}:{os.minor(found)}" / "dm" / "uuid"
    return _text(uuid).startswith("CRYPT-")


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except OSError:
        return ""
