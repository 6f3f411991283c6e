"""The vault: it keeps keys, opens with anchor and passphrase only, and sees every change of its file."""

import os
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest

from storage import keyring
from storage.anchor import Anchor
from storage.vault import (
    AnchorLost,
    KeyClass,
    KeyExists,
    KeyGone,
    NoVault,
    Vault,
    VaultDamaged,
    VaultExists,
    Work,
    WrongPassphrase,
)
from tests.storage.vaults import LIGHT, PASSPHRASE, fill, unlock


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "vault"


@pytest.fixture
def vault(folder: Path) -> Vault:
    return Vault.create(folder, PASSPHRASE, work=LIGHT)


def test_keeps_keys(folder: Path, vault: Vault) -> None:
    assert (vault.epoch, vault.ids()) == (1, {})
    ids = {kind: uuid4() for kind in KeyClass}
    secrets = {kind: vault.put(key_id, kind) for kind, key_id in ids.items()}
    again = unlock(folder)
    assert {kind: again.get(key_id, kind) for kind, key_id in ids.items()} == secrets
    assert again.ids() == {key_id: kind for kind, key_id in ids.items()}
    assert len(set(secrets.values())) == len(KeyClass)
    assert {len(secret) for secret in secrets.values()} == {32}


def test_refuses_what_makes_no_sense(folder: Path, vault: Vault) -> None:
    key_id = uuid4()
    secret = vault.put(key_id, KeyClass.NAMES)
    with pytest.raises(KeyExists):
        vault.put(key_id, KeyClass.RECORDING)
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
