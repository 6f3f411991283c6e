"""A rotation: its victims are gone from everything that was ever on the disk, and nothing else is."""

import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from storage import keyring
from storage.anchor import Anchor
from storage.vault import (
    KeyClass,
    NotErased,
    NotPrepared,
    Vault,
    VaultDamaged,
    WrongPassphrase,
)
from tests.storage.vaults import LIGHT, PASSPHRASE, fill, opened, unlock


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "vault"


@pytest.fixture
def vault(folder: Path) -> Vault:
    return Vault.create(folder, PASSPHRASE, work=LIGHT)


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
