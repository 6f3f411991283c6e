"""The vault in many hands: several openers, threads, killed processes, a failing disk."""

import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Set
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from storage import durable, keyring
from storage import vault as vault_module
from storage.vault import (
    KeyClass,
    KeyGone,
    Vault,
    VaultBusy,
    VaultSetBack,
    WrongPassphrase,
)
from tests.storage.vault_crash import KEYS, VICTIMS
from tests.storage.vaults import LIGHT, PASSPHRASE, fill, opened, unlock


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "vault"


@pytest.fixture
def vault(folder: Path) -> Vault:
    return Vault.create(folder, PASSPHRASE, work=LIGHT)


def test_a_new_passphrase(folder: Path, vault: Vault) -> None:
    keys = fill(vault, 3)
    other = unlock(folder)
    with vault.prepare((), passphrase=b"another") as rotation:
        rotation.commit()
    with pytest.raises(WrongPassphrase):
        unlock(folder)
    with pytest.raises(WrongPassphrase):
        other.ids()
    assert opened(Vault.unlock(folder, b"another"), keys) == opened(vault, keys) == keys.keys()


def test_a_vault_that_is_set_back_under_an_opener_is_refused_and_left_as_it_is(
    folder: Path, vault: Vault, tmp_path: Path
) -> None:
    (victim,) = fill(vault, 1)
    shutil.copytree(folder, tmp_path / "before")
    with vault.prepare([victim]) as rotation:
        rotation.commit()
    shutil.copytree(tmp_path / "before", folder, dirs_exist_ok=True)
    files = {file.name: file.read_bytes() for file in folder.iterdir()}
    for act in (vault.ids, lambda: vault.put(uuid4(), KeyClass.NAMES), lambda: vault.prepare([])):
        with pytest.raises(VaultSetBack):
            act()
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == files
    assert victim in unlock(folder).ids(), "the control: who knows nothing of later epochs opens it"


def test_a_rotation_goes_above_an_epoch_that_is_known(folder: Path, vault: Vault) -> None:
    keys = fill(vault, 2)
    with vault.prepare((), above=7) as rotation:
        rotation.commit()
    assert (vault.epoch, unlock(folder).epoch) == (8, 8)
    assert opened(unlock(folder), keys) == keys.keys()


def test_another_opener_sees_every_change(folder: Path, vault: Vault) -> None:
    other = unlock(folder)
    key_id = uuid4()
    secret = vault.put(key_id, KeyClass.NAMES)
    assert other.get(key_id, KeyClass.NAMES) == secret
    more = uuid4()
    assert other.put(more, KeyClass.NAMES) == vault.get(more, KeyClass.NAMES)
    old_root = vault._opened.root
    with other.prepare([key_id]) as rotation:
        rotation.commit()
    with pytest.raises(KeyGone):
        vault.get(key_id, KeyClass.NAMES)
    assert vault.epoch == 2
    assert old_root.records not in (vault._opened.root.records, other._opened.root.records)
    assert vault.get(more, KeyClass.NAMES) == other.get(more, KeyClass.NAMES)


def test_what_was_read_once_is_not_read_again_until_another_opener_writes(
    folder: Path, vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept, victim = fill(vault, 2)
    settled = 0.05
    monkeypatch.setattr(vault_module, "_SETTLED", int(settled * 1e9))
    time.sleep(2 * settled)
    vault.ids()
    with monkeypatch.context() as patch:
        patch.delattr(vault_module, "_read")
        assert vault.get(victim, KeyClass.RECORDING), "the control: nothing was read"
    other, old_root = unlock(folder), vault._opened.root
    (more,) = fill(other, 1)
    time.sleep(2 * settled)
    assert more in vault.ids()
    with other.prepare([victim]) as rotation:
        time.sleep(2 * settled)
        assert victim in vault.ids()
        rotation.commit()
    time.sleep(2 * settled)
    assert vault.ids().keys() == {kept, more}
    assert vault._opened.root.records != old_root.records


def test_nobody_writes_while_a_rotation_is_prepared(
    folder: Path, vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = fill(vault, 2)
    other = unlock(folder)
    monkeypatch.setattr(vault_module, "PATIENCE", 0.05)
    with vault.prepare(list(keys)[:1]) as rotation:
        assert opened(other, keys) == keys.keys()
        with pytest.raises(VaultBusy):
            other.put(uuid4(), KeyClass.NAMES)
        with pytest.raises(VaultBusy):
            other.prepare(())
        # Opening meanwhile leaves the pending rotation alone.
        assert opened(unlock(folder), keys) == keys.keys()
        rotation.commit()
    other.put(uuid4(), KeyClass.NAMES)
    assert len(other.ids()) == 2


def test_nobody_waits_while_a_new_passphrase_is_stretched(
    folder: Path, vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    other, stretch, written = unlock(folder), keyring.stretch, list[UUID]()
    monkeypatch.setattr(vault_module, "PATIENCE", 0.05)

    def slow(*arguments: Any) -> bytes:
        written.extend(fill(other, 1))
        return stretch(*arguments)

    def looked(keys: Set[UUID]) -> Set[UUID]:
        with pytest.raises(VaultBusy):
            fill(other, 1)
        return frozenset()

    with monkeypatch.context() as patch:
        patch.setattr(keyring, "stretch", slow)
        with vault.prepare((), passphrase=b"another", unknown=looked) as rotation:
            rotation.commit()
    assert len(written) == 1
    assert Vault.unlock(folder, b"another").ids().keys() == set(written)


def test_threads_and_openers_lose_no_key(folder: Path, vault: Vault) -> None:
    written: dict[UUID, bytes] = {}

    def write(opener: Vault) -> None:
        for _ in range(10):
            written.update(fill(opener, 1))

    threads = [threading.Thread(target=write, args=(opener,)) for opener in (vault, vault, unlock(folder))]
    for thread in threads:
        thread.start()
    for _ in range(3):
        with vault.prepare(()) as rotation:
            rotation.commit()
    for thread in threads:
        thread.join()
    assert len(written) == 30
    assert opened(vault, written) == opened(unlock(folder), written) == written.keys()


def test_a_reader_is_never_disturbed_by_rotations(folder: Path, vault: Vault) -> None:
    keys = fill(vault, 1)
    reader, stop, seen = unlock(folder), threading.Event(), []

    def read() -> None:
        while not stop.is_set():
            seen.append(opened(reader, keys))

    thread = threading.Thread(target=read)
    thread.start()
    for _ in range(15):
        with vault.prepare(()) as rotation:
            rotation.commit()
    stop.set()
    thread.join()
    assert seen
    assert all(found == keys.keys() for found in seen)


def _crash(tmp_path: Path, job: str) -> list[dict[str, Any]]:
    done = subprocess.run(
        [sys.executable, "-m", "tests.storage.vault_crash", str(tmp_path), job],
        check=True,
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


ALL = [key_id.int for key_id in KEYS]
SURVIVORS = [key_id.int for key_id in KEYS if key_id not in VICTIMS]


def test_killed_at_any_step_a_destruction_happened_or_did_not(tmp_path: Path) -> None:
    cases = _crash(tmp_path, "destroy")
    assert len(cases) > 25
    assert all((case["epoch"], case["opened"]) in [(1, ALL), (2, SURVIVORS)] for case in cases)
    # Neither slots nor files of the other epoch are left after the next opening.
    assert all(case["slots"] == 1 for case in cases)
    assert all(case["files"] == ["anchor", "lock", f"vault-{case['epoch']}"] for case in cases)
    # The controls: early deaths kept everything, late ones were too late, and a torn erasing counts as done.
    whole, torn = ([case["epoch"] for case in cases if case["torn"] is kind] for kind in (False, True))
    assert whole == sorted(whole) and set(whole) == {1, 2}
    assert torn[:2] == [1, 2]


@pytest.mark.parametrize(("job", "extra"), [("put", [99]), ("abandon", [])])
def test_killed_at_any_step_other_changes_lose_nothing(tmp_path: Path, job: str, extra: list[int]) -> None:
    cases = _crash(tmp_path, job)
    assert len(cases) > 5
    assert all(case["epoch"] == 1 and case["opened"] in (ALL, ALL + extra) for case in cases)
    assert [case["opened"] for case in cases if case["ended"]] == [ALL + extra] * 2


@pytest.mark.parametrize("call", ["open", "fsync", "replace", "pwritev", "preadv"])
def test_a_failing_disk_destroys_nothing(
    folder: Path, vault: Vault, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    keys = fill(vault, 2)
    real = getattr(os, call)
    failures = 0
    for at in range(50):
        count = 0

        def fail(*arguments: Any, at: int = at, **named: Any) -> Any:
            nonlocal count
            count += 1
            if count == at + 1:
                raise OSError(28, "no space left", "a file name")
            return real(*arguments, **named)

        with monkeypatch.context() as patch:
            patch.setattr(os, call, fail)
            try:
                vault.prepare(list(keys)[:1]).abandon()
            except durable.DiskFull as error:
                failures += 1
                assert "a file name" not in str(error)
        assert opened(vault, keys) == opened(unlock(folder), keys) == keys.keys()
        if count <= at:
            break
    assert failures
