"""What the tests of the vault share: light work, a passphrase, and which keys still open."""

from pathlib import Path
from uuid import UUID, uuid4

from storage.vault import KeyClass, KeyGone, Vault, Work

LIGHT = Work(memory=64, iterations=1, lanes=1)
PASSPHRASE = b"a passphrase"


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
