"""Signing keys: only the person's own password signs, and a signature fits one message and one key."""

import struct

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from access.passwords import BadPassword
from access.signing import SigningKeyDamaged, WrongPassword, create, open_key, verify
from storage.keyring import Work

LIGHT = Work(memory=64, iterations=1, lanes=1)
PASSWORD = "grey heron lake"


def test_a_signature_fits_its_message_and_its_key() -> None:
    sealed, public = create(PASSWORD, LIGHT)
    _, other = create(PASSWORD, LIGHT)
    signature = open_key(sealed, PASSWORD).sign(b"order 1")
    Ed25519PublicKey.from_public_bytes(public).verify(signature, b"order 1")
    assert verify(public, signature, b"order 1")
    assert not verify(public, signature, b"order 2")
    assert not verify(other, signature, b"order 1")
    assert not verify(public, signature[:-1], b"order 1")
    assert not verify(b"short", signature, b"order 1")


def test_another_password_signs_nothing() -> None:
    sealed, _ = create(PASSWORD, LIGHT)
    with pytest.raises(WrongPassword) as refusal:
        open_key(sealed, "grey heron lakes").sign(b"order 1")
    assert "heron" not in str(refusal.value)
    assert refusal.value.exit_code == 7


def test_a_short_password_makes_no_key() -> None:
    with pytest.raises(BadPassword):
        create("short", LIGHT)


def test_every_changed_byte_is_noticed() -> None:
    sealed, _ = create(PASSWORD, LIGHT)
    assert open_key(sealed, PASSWORD).sign(b"order 1")
    for at in range(len(sealed)):
        changed = bytearray(sealed)
        changed[at] ^= 1
        with pytest.raises((WrongPassword, SigningKeyDamaged)):
            open_key(bytes(changed), PASSWORD).sign(b"order 1")


@pytest.mark.parametrize("data", [b"", b"\x01" * 92])
def test_other_bytes_are_no_signing_key(data: bytes) -> None:
    with pytest.raises(SigningKeyDamaged):
        open_key(data, PASSWORD).sign(b"order 1")


@pytest.mark.parametrize(
    ("memory", "iterations", "lanes"), [(2**32 - 1, 1, 1), (64, 2**32 - 1, 1), (64, 1, 2**32 - 1), (64, 0, 1)]
)
def test_a_forged_price_is_refused_before_it_is_paid(memory: int, iterations: int, lanes: int) -> None:
    sealed, _ = create(PASSWORD, LIGHT)
    forged = sealed[:17] + struct.pack(">III", memory, iterations, lanes) + sealed[29:]
    with pytest.raises(SigningKeyDamaged):
        open_key(forged, PASSWORD).sign(b"order 1")


def test_neither_password_nor_public_key_stands_in_the_sealed_key() -> None:
    sealed, public = create(PASSWORD, LIGHT)
    assert PASSWORD.encode() not in sealed
    assert public not in sealed
    assert sealed != create(PASSWORD, LIGHT)[0]
