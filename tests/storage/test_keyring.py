from uuid import UUID

import pytest

from storage import keyring
from storage.keyring import KeyClass, Keyring, VaultDamaged, Work, WrongPassphrase

LIGHT = Work(memory=64, iterations=1, lanes=1)
SALT, ANCHOR = bytes(16), bytes(range(32))
KEPT = bytes.fromhex(
    "636e6472766c7431000000000000000300000000000000000000000000000000000000400000000100000001000000043b04"
    "3c288a189769daddd7b1d2d2796a39c1e471a83b2bdfcd3b49bee9e509290000000000000000000000000000000101b8166d"
    "a56c4be221607aa0536cd945575e294a024d584435e02f7b3d2f673ebac5fd6fb90ea45cd6a6e7930f051cd6d55e25663a17"
    "257367b8bb6f67000000000000000000000000000000020296ff92d6500fdf34c1db829393d7b4d9d1eec8573c6ed1944aca"
    "fcac83f598faae8d10c82e1b2a15b006cb65354c0807b5faf48c9b7a51a8e3ec5cbb00000000000000000000000000000003"
    "0391d00a4bdc052434ba82af2393daed13e2b7c9b1f0d5ab106f7b8d57ba3fcb93d75a907ba900960e8874907ddd1d4a3bde"
    "dcc39642edc11fc12f2d3f0000000000000000000000000000000404dc0cdf739328420a7b20f6b70812ef2a10dda42c83fa"
    "d025382dee7c97452c189641701a85a3f2e03ec1da732396b60245993a20599780d7b9cd865a5a983302cf7e6b4ffab13efe"
    "ead283e7747709ef5a1a635766ff0dff2475ef2b"
)


def _root(epoch: int = 3) -> keyring.Root:
    return keyring.derive(ANCHOR, keyring.stretch(b"a passphrase", SALT, LIGHT), epoch)


def test_the_format_is_pinned() -> None:
    """Vaults must open for ever: this one was written by the first release."""
    ring = keyring.parse(KEPT, _root())
    assert (ring.epoch, ring.salt, ring.work) == (3, SALT, LIGHT)
    opened = {key_id: keyring.unseal(_root(), key_id, record) for key_id, record in ring.records.items()}
    assert opened == {UUID(int=n): bytes([n]) * 32 for n in range(1, 5)}
    assert [record.kind for record in ring.records.values()] == list(KeyClass)
    assert keyring.encode(ring, _root()) == KEPT


def test_each_epoch_and_anchor_has_its_own_root() -> None:
    other_anchor = keyring.derive(bytes(32), keyring.stretch(b"a passphrase", SALT, LIGHT), 3)
    for root in (_root(4), other_anchor):
        with pytest.raises(WrongPassphrase):
            keyring.parse(KEPT, root)


@pytest.mark.parametrize(
    "work",
    [
        Work(memory=(4 << 20) + 1, iterations=1, lanes=1),
        Work(memory=64, iterations=101, lanes=1),
        Work(memory=64, iterations=0, lanes=1),
        Work(memory=7, iterations=1, lanes=1),
        Work(memory=64, iterations=1, lanes=0),
    ],
)
def test_a_file_cannot_ask_for_absurd_work(work: Work) -> None:
    data = keyring.encode(Keyring(epoch=3, salt=SALT, work=work, records={}), _root())
    with pytest.raises(VaultDamaged):
        keyring.parse_work(data)


def test_a_file_of_another_epoch_is_refused_even_with_a_right_seal() -> None:
    root = _root()
    with pytest.raises(VaultDamaged):
        keyring.parse(keyring.encode(Keyring(epoch=4, salt=SALT, work=LIGHT, records={}), root), root)
