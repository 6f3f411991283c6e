"""Dies, really, at one chosen call in the middle of a change to a vault: `python -m tests.storage.vault_crash FOLDER JOB`.

For each call that touches the disk a child process is made from the same vault, does the job and kills itself there; then the
vault is opened again. Prints one JSON line a case: where it died, the epoch, and which keys opened.
"""

import json
import os
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

from storage.vault import KeyClass, KeyGone, Vault, Work

LIGHT = Work(memory=64, iterations=1, lanes=1)
PASSPHRASE = b"a passphrase"
CALLS = ("open", "pwritev", "preadv", "fsync", "replace", "rename", "unlink")
KEYS = [UUID(int=n) for n in range(1, 7)]
VICTIMS = KEYS[:2]
EXTRA = UUID(int=99)
Secrets = dict[UUID, bytes]


def destroy(vault: Vault) -> None:
    with vault.prepare(VICTIMS) as rotation:
        rotation.commit()


def put(vault: Vault) -> None:
    vault.put(EXTRA, KeyClass.EXTRACT)


def abandon(vault: Vault) -> None:
    vault.prepare(VICTIMS).abandon()


JOBS: dict[str, Callable[[Vault], None]] = {"destroy": destroy, "put": put, "abandon": abandon}


def make(folder: Path) -> Secrets:
    vault = Vault.create(folder, PASSPHRASE, work=LIGHT)
    return {key_id: vault.put(key_id, KeyClass.RECORDING) for key_id in KEYS}


def _die(torn: bool, arguments: tuple[Any, ...]) -> None:
    if torn:
        # A power cut in the middle of a long write: some of it is on the medium.
        handle, (buffer,), at = arguments
        os.pwrite(handle, memoryview(buffer)[: len(buffer) // 3], at)
    os.kill(os.getpid(), signal.SIGKILL)


def arm(at: int, torn: bool) -> None:
    """From now on, let the process die at its `at`-th disk call, or in the middle of its `at`-th writing in place."""
    count = 0

    def wrap(name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*arguments: Any, **named: Any) -> Any:
            nonlocal count
            if count == at:
                _die(torn, arguments)
            count += 1
            return call(*arguments, **named)

        return counted

    for name in ("pwritev",) if torn else CALLS:
        setattr(os, name, wrap(name, getattr(os, name)))


def attempt(folder: Path, job: Callable[[Vault], None], at: int, torn: bool) -> bool:
    """True when the job came to its end because it has no such call any more."""
    child = os.fork()
    if child == 0:
        vault = Vault.unlock(folder, PASSPHRASE)
        arm(at, torn)
        job(vault)
        os._exit(0)
    return os.waitpid(child, 0)[1] == 0


def look(folder: Path, secrets: Secrets) -> dict[str, Any]:
    vault = Vault.unlock(folder, PASSPHRASE)
    opened = []
    for key_id in [*KEYS, EXTRA]:
        try:
            found = vault.get(key_id, vault.ids().get(key_id, KeyClass.RECORDING))
            if found == secrets.get(key_id, found):
                opened.append(key_id.int)
        except KeyGone:
            continue
    vault.put(UUID(int=1000), KeyClass.NAMES)
    files = sorted(path.name for path in folder.iterdir())
    return {"epoch": vault.epoch, "opened": opened, "files": files, "slots": len(vault._anchor.slots())}


def main(folder: Path, job: str) -> None:
    secrets = make(folder / "first")
    for torn in (False, True):
        for at in range(1000):
            copy = folder / "copy"
            shutil.copytree(folder / "first", copy)
            ended = attempt(copy, JOBS[job], at, torn)
            print(json.dumps({"at": at, "torn": torn, "ended": ended, **look(copy, secrets)}), flush=True)
            shutil.rmtree(copy)
            if ended:
                break


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
