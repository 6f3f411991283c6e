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
import tempfile
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from sqlalchemy import select

from storage.home import Home
from storage.log.tables import AuditLeaf

IN_PLACE: Final = frozenset({"ext2", "ext3", "ext4", "xfs", "vfat", "tmpfs"})
_OCTAL = re.compile(r"\\([0-7]{3})")
MOUNTS: Final = Path("/proc/self/mountinfo")
SWAPS: Final = Path("/proc/swaps")
MEMORY: Final = frozenset({"tmpfs", "ramfs"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Facts:
    """What can be seen of the machine; file systems by kind, swap as the number of active areas on a disk."""

    filesystem: str
    mount_options: frozenset[str]
    device: str
    swaps: int
    core_limit: int
    temp_filesystem: str
    sqlite: str
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
            seen=f"the home lies on {facts.filesystem}",
            raises="put the home on ext4 or xfs, which overwrite in place; copy-on-write keeps old blocks",
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
            good=not facts.device.startswith("/dev/dm-") and "/dev/mapper/" not in facts.device,
            lowers=True,
            seen=f"device {facts.device}",
            raises="make sure that no snapshot layer lies under the home; a mapped device may keep old blocks",
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
            good=facts.core_limit == 0,
            lowers=True,
            seen="off" if facts.core_limit == 0 else "a crash may write memory to a disk",
            raises="set the core limit to 0 (ulimit -c 0)",
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


def survey(home: Home) -> Facts:
    """Look at the machine. Reads only."""
    filesystem, options, device = _mount(home.folder)
    with home.reading() as session:
        body = session.scalar(select(AuditLeaf.body).order_by(AuditLeaf.idx.desc()).limit(1))
    last = _logged_time(bytes(body)) if body else None
    return Facts(
        filesystem=filesystem,
        mount_options=options,
        device=device,
        swaps=_swaps(),
        core_limit=resource.getrlimit(resource.RLIMIT_CORE)[0],
        temp_filesystem=_mount(Path(tempfile.gettempdir()))[0],
        sqlite=sqlite3.sqlite_version,
        clock_behind=max(timedelta(0), last - home.machine_clock()) if last else timedelta(0),
    )


def _logged_time(body: bytes) -> datetime:
    return datetime.fromisoformat(json.loads(body)["t"])


def _mount(path: Path) -> tuple[str, frozenset[str], str]:
    """File system kind, options and device of the mount a path lies on; unknown where the system does not say."""
    try:
        lines = MOUNTS.read_text(encoding="utf-8").splitlines()
    except OSError:
        return "an unknown file system", frozenset(), "unknown"
    best: tuple[int, str, frozenset[str], str] = (-1, "an unknown file system", frozenset(), "unknown")
    real = os.path.realpath(path)
    for line in lines:
        left, _, right = line.partition(" - ")
        point = _OCTAL.sub(lambda found: chr(int(found[1], 8)), left.split()[4])
        kind, device, options = right.split()[:3]
        # Of two mounts at one point the later lies on top.
        if (real == point or real.startswith(point.rstrip("/") + "/")) and len(point) >= best[0]:
            best = (len(point), kind, frozenset(options.split(",")) | frozenset(left.split()[5].split(",")), device)
    return best[1], best[2], best[3]


def _swaps() -> int:
    try:
        lines = SWAPS.read_text(encoding="utf-8").splitlines()[1:]
    except OSError:
        return 0
    return sum(1 for line in lines if "zram" not in line)
