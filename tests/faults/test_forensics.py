"""What a laboratory finds on a disk after a destruction: every sealed record, and no key that opens a victim's.

Two attackers know the passphrase. The first has all that is retained: the vault as it is and its anchor. The second also puts
together whatever is left of the old anchor; where the file system keeps that, the class is E0, and the certificate says so.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from retention.assurance import classify
from storage import durable, keyring
from storage.keyring import Root
from storage.vault import KeyClass, Vault
from tests.faults import image
from tests.faults.image import KINDS, Image
from tests.retention.test_assurance import BEST
from tests.storage.vaults import LIGHT, PASSPHRASE

NUMBER = 24
Keys = dict[UUID, bytes]


def destroy(vault: Vault, victims: Keys, folder: Path) -> None:
    with vault.prepare(victims.keys()) as rotation:
        rotation.commit()


def delete(vault: Vault, victims: Keys, folder: Path) -> None:
    """The mistake: the records are taken out of the file, and the root stays."""
    opened = vault._opened
    kept = {key_id: record for key_id, record in opened.ring.records.items() if key_id not in victims}
    data = keyring.encode(replace(opened.ring, records=kept), opened.root)
    durable.replace(folder / "vault" / "vault-1", data)


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """The raw bytes of the disk afterwards; the root that is retained, that of before, and the slot of its anchor."""

    raw: bytes
    victims: Keys
    survivors: Keys
    retained: Root
    old: Root
    slot: bytes

    def whole(self) -> bool:
        """Whether the anchor of before can be put together from what lies on the disk."""
        return image.pages_left(self.raw, self.slot) == len(self.slot) // image.PAGE


def after(folder: Path, kind: str, act: Callable[[Vault, Keys, Path], None]) -> Found:
    disk = Image(folder, KINDS[kind])
    with disk.mounted() as place:
        vault = Vault.create(place / "vault", PASSPHRASE, work=LIGHT)
        keys = {key_id: vault.put(key_id, KeyClass.RECORDING) for key_id in (uuid4() for _ in range(NUMBER))}
        victims = dict(list(keys.items())[::2])
    with disk.mounted() as place:
        vault = Vault.unlock(place / "vault", PASSPHRASE)
        data = (place / "vault" / "anchor").read_bytes()
        old, slot = vault._opened.root, data[: len(data) // 2]
        act(vault, victims, place)
    with disk.mounted() as place:
        again = Vault.unlock(place / "vault", PASSPHRASE)
        assert again.ids().keys() == keys.keys() - victims.keys()
        retained = again._opened.root
    survivors = {key: keys[key] for key in keys.keys() - victims.keys()}
    return Found(raw=disk.raw(), victims=victims, survivors=survivors, retained=retained, old=old, slot=slot)


def grade(kind: str) -> str:
    made = KINDS[kind]
    return classify(replace(BEST, filesystem=made.filesystem, mount_options=frozenset(made.options.split(","))))[0]


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_all_that_is_retained_opens_no_victim_and_every_survivor(kind: str, tmp_path: Path) -> None:
    found = after(tmp_path, kind, destroy)
    sealed = {key for key, _ in image.records(found.raw, found.victims)}
    assert sealed == found.victims.keys(), "their sealed records are still on the disk"
    assert image.recovered(found.raw, found.victims, {found.retained}) == set()
    assert image.recovered(found.raw, found.survivors, {found.retained}) == found.survivors.keys()
    if grade(kind) == "E1":
        assert image.pages_left(found.raw, found.slot) == 0, (
            "something of the old anchor lies on a disk that is called fit"
        )
    assert image.recovered(found.raw, found.victims, {found.old}) == found.victims.keys(), "the old root would do it"


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_without_a_new_root_every_victim_is_recovered(kind: str, tmp_path: Path) -> None:
    """The control: deleting is no destruction, on no file system, and the search sees an anchor that is there."""
    found = after(tmp_path, kind, delete)
    assert image.recovered(found.raw, found.victims, {found.retained}) == found.victims.keys()
    assert found.whole()


@pytest.mark.slow
def test_a_file_system_that_keeps_old_versions_keeps_the_anchor(tmp_path: Path) -> None:
    """Why btrfs is E0: the anchor was overwritten, read back, and is still there as a whole."""
    assert after(tmp_path, "btrfs", destroy).whole()


def test_where_nothing_but_the_class_protects_it_is_e0() -> None:
    assert {kind: grade(kind) for kind in KINDS} == {
        "ext4": "E1", "ext4, data=journal": "E0", "xfs": "E1", "btrfs": "E0",
    }  # fmt: skip
