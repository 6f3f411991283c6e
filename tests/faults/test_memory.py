"""No process of the product holds what was destroyed, where the platform lets one look; the search sees keys that are held."""

import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

import pytest

from storage.anchor import Anchor
from tests import story
from tests.story import Stage, Story

READABLE = "r"
UNREADABLE = {"[vvar]", "[vsyscall]", "[vvar_vclock]"}


@contextmanager
def process(told: Story, *words: str) -> Iterator[subprocess.Popen[str]]:
    """One of the processes, at its first step."""
    command = [sys.executable, "-m", "tests.faults.memory", str(told.home.folder), *words]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as one:
        try:
            yield one
        finally:
            one.kill()


def step(one: subprocess.Popen[str]) -> str:
    assert one.stdout is not None
    return one.stdout.readline().strip()


def go_on(one: subprocess.Popen[str]) -> str:
    assert one.stdin is not None
    one.stdin.write("\n")
    one.stdin.flush()
    return step(one)


def found(one: subprocess.Popen[str], secrets: Mapping[str, bytes]) -> set[str]:
    """Which of the secrets lie anywhere in the memory of a process."""
    seen: Counter[str] = Counter()
    try:
        with Path(f"/proc/{one.pid}/mem").open("rb", buffering=0) as memory:
            for line in Path(f"/proc/{one.pid}/maps").read_text().splitlines():
                bounds, rights, *rest = line.split()
                if not rights.startswith(READABLE) or (rest and rest[-1] in UNREADABLE):
                    continue
                start, end = (int(one, 16) for one in bounds.split("-"))
                try:
                    memory.seek(start)
                    piece = memory.read(end - start)
                except OSError:
                    continue
                seen.update({name: piece.count(secret) for name, secret in secrets.items()})
    except OSError:
        pytest.skip("this system lets nobody look into the memory of a process")
    return {name for name, count in seen.items() if count}


def secrets(told: Story) -> tuple[dict[str, bytes], dict[str, bytes]]:
    """What must be gone after the recording is destroyed, and what goes on living."""
    vault, conversation = told.home.vault, told.conversation()
    keys: dict[UUID, bytes] = {key: vault.get(key, kind) for key, kind in vault.ids().items()}
    root = vault._opened.root
    (slot,) = Anchor(told.home.folder / "vault" / "anchor").slots()
    gone = {"key": keys[conversation.recording_key], "root": root.records, "seal": root.seal, "anchor": slot.secret()}
    return gone, {"passphrase": vault._opened.stretched}


def test_after_a_destruction_its_own_process_has_forgotten(tmp_path: Path) -> None:
    told = story.at(Stage.SIGNED, tmp_path)
    gone, lives = secrets(told)
    with process(told, "destroyer", "1") as one:
        assert step(one) == "holding"
        assert {"key", "root", "seal"} <= found(one, gone), "the search sees what is held"
        assert go_on(one) == "destroyed"
        assert found(one, gone) == set()
        assert found(one, lives) == {"passphrase"}, "the search still sees"


def test_a_process_that_only_reads_forgets_the_old_root_too(tmp_path: Path) -> None:
    told = story.at(Stage.SIGNED, tmp_path)
    gone, _ = secrets(told)
    with process(told, "reader") as reader:
        assert step(reader) == "has read"
        assert {"root", "seal"} <= found(reader, gone)
        with process(told, "destroyer", "1") as one:
            step(one)
            assert go_on(one) == "destroyed"
        until = time.monotonic() + 60
        while (left := found(reader, gone)) and time.monotonic() < until:
            time.sleep(0.2)
        assert left == set()
        assert go_on(reader) == "goes on"
