"""Lets one system call of a destruction fail, or kill, and carries on afterwards.

    python -m tests.faults.sweep FOLDER ORDER MODE

FOLDER/home holds a home whose order may be carried out. MODE is `all`, every call with every fault; `some`, one call of each
kind; `full`, a disk that is full, or read-only, from some call on; or `careless`, some in a program that erases the old root
too early, which must be seen to lose keys. Prints a JSON line for each case: the call, how the process ended, what there was
then, and what there is after carrying on.
"""

import json
import re
import shutil
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final

from retention import destroy
from storage.vault import Rotation, Vault
from tests import story
from tests.faults.strace import Call, Traced, traced
from tests.retention.destroy_crash import in_child, look, secrets

KILL: Final = "signal=KILL"
# What changes something; looking can fail too, but not for want of room.
CHANGES: Final = (
    "write", "pwrite64", "writev", "pwritev", "pwritev2", "fsync", "fdatasync", "rename", "renameat", "renameat2", "unlink",
    "unlinkat", "ftruncate", "fallocate", "mkdir", "mkdirat", "fchmod", "open", "openat",
)  # fmt: skip
LOOKS: Final = (
    "read", "pread64", "readv", "preadv", "preadv2", "fadvise64", "newfstatat", "fstat", "stat", "lstat", "statx", "access",
    "faccessat", "faccessat2", "flock", "getdents64",
)  # fmt: skip
# What a disk refuses that is full or read-only.
STORES: Final = ("write", "pwrite64", "pwritev2", "fsync", "fdatasync", "rename", "unlink", "ftruncate")
WRITES: Final = re.compile(r"O_(WRONLY|RDWR|CREAT)")
_STRING: Final = re.compile(r'"[^/"][^"]*"')
_PATH: Final = re.compile(r'[<"](/[^">]+)[>"]')
_BLOB: Final = re.compile(r"[0-9a-f]{32}")


def place(call: Call, home: Path) -> str | None:
    """Which file of the home, or of the system, a call is about; None for what is Python's own."""
    paths = _PATH.findall(_STRING.sub("", call.about))
    if not paths:
        return None
    path = paths[-1] if call.about.startswith("AT_FDCWD") else paths[0]
    if path == str(home) or path.startswith(f"{home}/"):
        return _BLOB.sub("BLOB", path[len(str(home)) :]) or "/"
    return path if path.startswith(("/proc/", "/dev/")) else None


def changes(call: Call) -> bool:
    return call.name in CHANGES and (not call.name.startswith("open") or WRITES.search(call.about) is not None)


def errors(call: Call) -> Sequence[str]:
    """The errors that a call can meet."""
    if not changes(call):
        return ("error=EIO",)
    return (
        ("error=EIO", "error=ENOSPC", "error=EROFS") if call.name.startswith("open") else ("error=EIO", "error=ENOSPC")
    )


def every(calls: Sequence[Call]) -> Iterator[tuple[Call, str]]:
    for call in calls:
        yield from ((call, fault) for fault in (*errors(call), KILL))


def some(calls: Sequence[Call], home: Path) -> Iterator[tuple[Call, str]]:
    """The middle one of each kind of change, killed and failing in turn."""
    kinds: dict[tuple[str, str | None], list[Call]] = {}
    for call in filter(changes, calls):
        kinds.setdefault((call.name, place(call, home)), []).append(call)
    for n, alike in enumerate(kinds.values()):
        call = alike[len(alike) // 2]
        yield call, KILL if n % 2 else errors(call)[n // 2 % len(errors(call))]


def from_then_on(calls: Sequence[Call], home: Path) -> Iterator[tuple[str, list[str]]]:
    """A disk that takes nothing more, full or read-only in turn, from the middle one of every third kind of change on."""
    for n, (call, _) in enumerate(list(some(calls, home))[::3]):
        error = ("ENOSPC", "EROFS")[n % 2]
        before = Counter(one.name for one in calls[: calls.index(call)])
        yield (
            f"{error} from {call.name} {call.at} of {place(call, home)} on",
            [f"inject={name}:error={error}:when={before[name] + 1}+" for name in STORES],
        )


def careless(prepare: Callable[..., Rotation]) -> Callable[..., Rotation]:
    """A vault that erases the old root before the new one is there."""

    def hasty(vault: Vault, *arguments: object, **named: object) -> Rotation:
        vault._anchor.erase(vault._opened.slot)
        return prepare(vault, *arguments, **named)

    return hasty


def faulty(home: Path, number: int, *expressions: str) -> Traced:
    told = story.opened(home)
    try:
        return traced(lambda: destroy.carry_out(told.home, number), *expressions)
    finally:
        told.home.close()


def after(home: Path, number: int, before: dict[str, str]) -> dict[str, object]:
    """What a new process finds, and what it makes of it."""

    def act() -> None:
        told = story.opened(home)
        found = look(told, number, before)
        print(json.dumps({"found": found}), flush=True)
        destroy.carry_out(told.home, number)
        print(json.dumps({"ended": look(told, number, before)}), flush=True)

    return {"restarted": in_child(act)}


def main(folder: Path, number: int, mode: str) -> None:
    told = story.opened(folder / "home")
    before = secrets(told.home)
    told.home.close()
    home = folder / "case"
    if mode == "careless":
        Vault.prepare = careless(Vault.prepare)  # type: ignore[method-assign]

    shutil.copytree(folder / "home", home)
    done = faulty(home, number, f"trace={','.join((*CHANGES, *LOOKS))}")
    print(json.dumps({"case": "no fault", "status": done.status, **after(home, number, before)}), flush=True)
    shutil.rmtree(home)
    calls = tuple(call for call in done.calls() if place(call, home))
    if mode == "careless":
        calls = tuple(call for call in calls if str(place(call, home)).startswith("/vault"))
    if mode == "full":
        for case, expressions in from_then_on(calls, home):
            shutil.copytree(folder / "home", home)
            done = faulty(home, number, f"trace={','.join(STORES)}", *expressions)
            restarted = after(home, number, before)
            print(json.dumps({"case": case, "status": done.status, "met": done.injected, **restarted}), flush=True)
            shutil.rmtree(home)
        return
    for call, fault in every(calls) if mode == "all" else some(calls, home):
        shutil.copytree(folder / "home", home)
        done = faulty(home, number, f"trace={call.name}", f"inject={call.name}:{fault}:when={call.at}")
        case = f"{call.name} {call.at} of {place(call, home)}: {fault}"
        met = done.status == -9 if fault == KILL else done.injected
        restarted = after(home, number, before)
        print(json.dumps({"case": case, "status": done.status, "met": met, **restarted}), flush=True)
        shutil.rmtree(home)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
