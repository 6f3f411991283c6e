import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from storage import durable, keyring
from storage import vault as vault_module
from storage.anchor import Anchor
from storage.vault import (
    AnchorLost,
    KeyClass,
    KeyExists,
    KeyGone,
    NotErased,
    NotPrepared,
    NoVault,
    Vault,
    VaultBusy,
    VaultDamaged,
    VaultExists,
    Work,
    WrongPassphrase,
)
from tests.storage.vault_crash import KEYS, VICTIMS

LIGHT = Work(memory=64, iterations=1, lanes=1)
PASSPHRASE = b"a passphrase"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "vault"


@pytest.fixture
def vault(folder: Path) -> Vault:
    return Vault.create(folder, PASSPHRASE, work=LIGHT)


def unlock(folder: Path) -> Vault:
    return Vault.unlock(folder, PASSPHRASE)


def fill(vault: Vault, count: int) -> dict[UUID, bytes]:
    return {key_id: vault.put(key_id, KeyClass.RECORDING) for key_id in (uuid4() for _ in range(count))}


def opened(vault: Vault, keys: dict[UUID, bytes]) -> set[UUID]:
    """Those of `keys` that still open to what they were."""
    found = set()
    for key_id, secret in keys.items():
        try:
            assert vault.get(key_id, KeyClass.RECORDING) == secret
            found.add(key_id)
        except KeyGone:
            continue
    return found


def test_keeps_keys(folder: Path, vault: Vault) -> None:
    assert (vault.epoch, vault.ids()) == (1, {})
    ids = {kind: uuid4() for kind in KeyClass}
    secrets = {kind: vault.put(key_id, kind) for kind, key_id in ids.items()}
    given = uuid4()
    assert vault.put(given, KeyClass.EXTRACT, bytes(32)) == bytes(32)
    again = unlock(folder)
    assert {kind: again.get(key_id, kind) for kind, key_id in ids.items()} == secrets
    assert again.get(given, KeyClass.EXTRACT) == bytes(32)
    assert again.ids() == {key_id: kind for kind, key_id in ids.items()} | {given: KeyClass.EXTRACT}
    assert len(set(secrets.values())) == len(KeyClass)
    assert {len(secret) for secret in secrets.values()} == {32}


def test_refuses_what_makes_no_sense(folder: Path, vault: Vault) -> None:
    key_id = uuid4()
    secret = vault.put(key_id, KeyClass.NAMES)
    with pytest.raises(KeyExists):
        vault.put(key_id, KeyClass.RECORDING)
    with pytest.raises(ValueError, match="32 bytes"):
        vault.put(uuid4(), KeyClass.NAMES, b"short")
    with pytest.raises(KeyGone, match="the recording key"):
        vault.get(key_id, KeyClass.RECORDING)
    with pytest.raises(KeyGone):
        vault.get(uuid4(), KeyClass.NAMES)
    with pytest.raises(VaultExists):
        Vault.create(folder, PASSPHRASE)
    assert vault.get(key_id, KeyClass.NAMES) == secret


def test_a_wrong_passphrase_opens_nothing(folder: Path, vault: Vault) -> None:
    for wrong in (b"", b"A passphrase", PASSPHRASE + b"\n"):
        with pytest.raises(WrongPassphrase):
            Vault.unlock(folder, wrong)
    assert unlock(folder).epoch == 1


def test_no_vault(tmp_path: Path) -> None:
    with pytest.raises(NoVault):
        unlock(tmp_path)


def test_the_passphrase_alone_opens_nothing(folder: Path, vault: Vault) -> None:
    fill(vault, 1)
    Anchor(folder / "anchor").erase(0)
    for use in (lambda: unlock(folder), vault.ids):
        with pytest.raises(AnchorLost):
            use()


def test_an_unfinished_creation_can_be_repeated(folder: Path) -> None:
    folder.mkdir()
    Anchor.create(folder / "anchor").write(0, 1, os.urandom(32))
    assert Vault.create(folder, PASSPHRASE, work=LIGHT).epoch == 1


def test_the_default_work_is_that_of_rfc_9106(folder: Path) -> None:
    Vault.create(folder, PASSPHRASE)
    _, work = keyring.parse_work((folder / "vault-1").read_bytes())
    assert work == Work(memory=64 * 1024, iterations=3, lanes=4)
    assert unlock(folder).epoch == 1


def test_files_are_the_owners_alone(folder: Path, vault: Vault) -> None:
    fill(vault, 1)
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.name: path.stat().st_mode & 0o777 for path in folder.iterdir()} == {
        "anchor": 0o600,
        "lock": 0o600,
        "vault-1": 0o600,
    }


def test_every_changed_byte_of_the_file_is_seen(folder: Path, vault: Vault) -> None:
    fill(vault, 1)
    path = folder / "vault-1"
    whole = path.read_bytes()
    for at in range(len(whole)):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        with pytest.raises((WrongPassphrase, VaultDamaged)):
            unlock(folder)
    path.write_bytes(whole)
    assert len(unlock(folder).ids()) == 1


@pytest.mark.parametrize("damage", [b"", b"x" * 50, b"x" * 500])
def test_a_cut_or_foreign_file_is_refused(folder: Path, vault: Vault, damage: bytes) -> None:
    (folder / "vault-1").write_bytes(damage)
    with pytest.raises(VaultDamaged):
        unlock(folder)
    (folder / "vault-1").unlink()
    with pytest.raises(VaultDamaged):
        unlock(folder)


def test_a_file_without_its_last_keys_is_refused(folder: Path, vault: Vault) -> None:
    fill(vault, 3)
    whole = (folder / "vault-1").read_bytes()
    (folder / "vault-1").write_bytes(whole[: -77 - 32] + whole[-32:])
    with pytest.raises(VaultDamaged):
        unlock(folder)


def test_records_cannot_be_exchanged(vault: Vault) -> None:
    first, second = fill(vault, 2)
    root, records = vault._opened.root, vault._opened.ring.records
    assert keyring.unseal(root, first, records[first]) == vault.get(first, KeyClass.RECORDING)
    for key_id, record in [(second, records[first]), (first, replace(records[first], kind=KeyClass.EXTRACT))]:
        with pytest.raises(VaultDamaged):
            keyring.unseal(root, key_id, record)


def test_a_rotation_destroys_its_victims_and_nothing_else(folder: Path, vault: Vault) -> None:
    keys = fill(vault, 10)
    victims = set(list(keys)[:3])
    with vault.prepare(victims) as rotation:
        assert (rotation.epoch_before, rotation.epoch, set(rotation.victims)) == (1, 2, victims)
        assert opened(vault, keys) == opened(unlock(folder), keys) == keys.keys()
        rotation.commit()
    for after in (vault, unlock(folder)):
        assert opened(after, keys) == keys.keys() - victims
        assert after.epoch == 2
        assert after.ids().keys() == keys.keys() - victims
    assert sorted(path.name for path in folder.iterdir()) == ["anchor", "lock", "vault-2"]
    with pytest.raises(ValueError, match="over"):
        rotation.commit()
    rotation.abandon()


def test_many_rotations(folder: Path, vault: Vault) -> None:
    keys = fill(vault, 8)
    left = dict(keys)
    for epoch in range(2, 8):
        victim = next(iter(left))
        del left[victim]
        with vault.prepare([victim]) as rotation:
            rotation.commit()
        assert vault.epoch == epoch
        assert opened(unlock(folder), keys) == left.keys()


def test_destroying_may_be_repeated(vault: Vault) -> None:
    keys = fill(vault, 2)
    for expected in ({next(iter(keys))}, set()):
        with vault.prepare([next(iter(keys))]) as rotation:
            assert rotation.victims == expected
            rotation.commit()
    assert len(opened(vault, keys)) == 1


@pytest.mark.parametrize("leave", ["abandon", "with", "exception"])
def test_an_abandoned_rotation_changes_nothing(folder: Path, vault: Vault, leave: str) -> None:
    keys = fill(vault, 3)
    before = (folder / "vault-1").read_bytes()
    if leave == "abandon":
        vault.prepare(keys).abandon()
    elif leave == "with":
        with vault.prepare(keys):
            pass
    else:
        with pytest.raises(ConnectionError), vault.prepare(keys):
            raise ConnectionError
    assert (folder / "vault-1").read_bytes() == before
    assert sorted(path.name for path in folder.iterdir()) == ["anchor", "lock", "vault-1"]
    assert len(Anchor(folder / "anchor").slots()) == 1
    assert opened(vault, keys) == opened(unlock(folder), keys) == keys.keys()
    assert vault.epoch == 1
    vault.put(uuid4(), KeyClass.NAMES)


def _attack(folder: Path, old_file: bytes, victims: set[UUID], anchors: list[bytes]) -> set[UUID]:
    """Everything a thief with the passphrase, an old vault file and some anchor files can open of the victims."""
    found = set()
    for data in anchors:
        (folder / "stolen").write_bytes(data)
        for slot in Anchor(folder / "stolen").slots():
            for epoch in (1, 2):
                stretched = keyring.stretch(PASSPHRASE, *keyring.parse_work(old_file))
                root = keyring.derive(slot.secret(), stretched, epoch)
                try:
                    ring = keyring.parse(old_file, root)
                except WrongPassphrase:
                    continue
                found |= {key_id for key_id, record in ring.records.items() if keyring.unseal(root, key_id, record)}
    return found & victims


def test_an_old_vault_file_does_not_open_after_the_destruction(tmp_path: Path, folder: Path, vault: Vault) -> None:
    keys = fill(vault, 6)
    victims = set(list(keys)[:4])
    old_file, old_anchor = (folder / "vault-1").read_bytes(), (folder / "anchor").read_bytes()
    with vault.prepare(victims) as rotation:
        rotation.commit()
    new_anchor = (folder / "anchor").read_bytes()
    assert _attack(tmp_path, old_file, victims, [new_anchor]) == set()
    # The control: had the old anchor survived, the same attack would open every victim.
    assert _attack(tmp_path, old_file, victims, [old_anchor]) == victims


def test_a_replayed_vault_file_does_not_come_back(folder: Path, vault: Vault) -> None:
    keys = fill(vault, 3)
    old = (folder / "vault-1").read_bytes()
    with vault.prepare(keys) as rotation:
        rotation.commit()
    (folder / "vault-1").write_bytes(old)
    assert opened(unlock(folder), keys) == set()
    assert not (folder / "vault-1").exists()
    (folder / "vault-2").write_bytes(old)
    with pytest.raises(WrongPassphrase):
        unlock(folder)


def test_what_was_never_erased_still_opens(folder: Path, vault: Vault) -> None:
    """The control for the destruction tests: they look with an eye that sees."""
    keys = fill(vault, 3)
    shutil.copytree(folder, folder.with_name("copy"))
    with vault.prepare(keys) as rotation:
        rotation.commit()
    assert opened(unlock(folder.with_name("copy")), keys) == keys.keys()


@pytest.mark.parametrize(
    "spoil",
    [
        lambda ring: replace(ring, records=dict(list(ring.records.items())[1:])),
        lambda ring: replace(ring, records=dict(zip(ring.records, reversed(list(ring.records.values())), strict=True))),
        lambda ring: replace(
            ring, records={key_id: replace(record, sealed=bytes(48)) for key_id, record in ring.records.items()}
        ),
    ],
    ids=["a key is missing", "keys are exchanged", "keys are broken"],
)
def test_nothing_is_destroyed_when_the_new_vault_is_not_right(
    folder: Path, vault: Vault, monkeypatch: pytest.MonkeyPatch, spoil: Callable[[keyring.Keyring], keyring.Keyring]
) -> None:
    keys = fill(vault, 4)
    encode = keyring.encode
    with monkeypatch.context() as patch:
        patch.setattr(keyring, "encode", lambda ring, root: encode(spoil(ring), root))
        with pytest.raises((NotPrepared, VaultDamaged)):
            vault.prepare(list(keys)[:1])
    assert opened(vault, keys) == opened(unlock(folder), keys) == keys.keys()
    with vault.prepare(list(keys)[:1]) as rotation:
        rotation.commit()
    assert len(opened(vault, keys)) == 3


def test_an_erasing_that_fails_can_be_repeated_or_given_up(
    folder: Path, vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = fill(vault, 2)
    for finish in ("abandon", "commit"):
        rotation = vault.prepare(list(keys)[:1])
        with monkeypatch.context() as patch:
            patch.setattr(os, "pwritev", lambda handle, buffers, at: 0)
            with pytest.raises(NotErased):
                rotation.commit()
        assert len(opened(vault, keys)) == 2
        getattr(rotation, finish)()
    assert len(opened(unlock(folder), keys)) == 1


def test_giving_up_after_a_partial_erasing_finishes_it(
    folder: Path, vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = fill(vault, 2)
    write = os.pwritev

    def torn(handle: int, buffers: list[Any], at: int) -> int:
        return write(handle, [memoryview(buffers[0])[:8192]], at)

    rotation = vault.prepare(list(keys)[:1])
    with monkeypatch.context() as patch:
        patch.setattr(os, "pwritev", torn)
        with pytest.raises(NotErased):
            rotation.commit()
    rotation.abandon()
    assert len(opened(vault, keys)) == len(opened(unlock(folder), keys)) == 1
    assert sorted(path.name for path in folder.iterdir()) == ["anchor", "lock", "vault-2"]


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


def test_nothing_secret_shows(folder: Path, vault: Vault) -> None:
    keys = fill(vault, 2)
    opened_now = vault._opened
    shown = repr([vault, opened_now, opened_now.root, opened_now.ring, Anchor(folder / "anchor").slots()])
    secrets = [*keys.values(), opened_now.stretched, opened_now.root.records, opened_now.root.seal, PASSPHRASE]
    on_disk = b"".join(path.read_bytes() for path in folder.iterdir())
    for secret in secrets:
        assert repr(secret)[2:-1] not in shown
        assert secret not in on_disk
    # The control: ids are there, in both.
    assert next(iter(keys)).bytes in on_disk
    assert "epoch 1 with 2 keys" in shown
