"""Passwords: verifiers that fit one password and hold none."""

import pytest

from access.passwords import WORK, BadPassword, hash_password, verify_password
from storage.keyring import Work

LIGHT = Work(memory=64, iterations=1, lanes=1)


def test_a_verifier_fits_its_password_alone() -> None:
    verifier = hash_password("grey heron lake", LIGHT)
    assert verify_password(verifier, "grey heron lake")
    assert not verify_password(verifier, "grey heron lakes")
    assert not verify_password(verifier, "")
    assert not verify_password(verifier, "x" * 5000)


def test_the_same_password_gives_another_verifier_each_time_and_is_not_in_it() -> None:
    first, second = hash_password("grey heron lake", LIGHT), hash_password("grey heron lake", LIGHT)
    assert first != second
    assert "heron" not in first
    assert first.startswith("$argon2id$v=19$m=64,t=1,p=1$")
    assert len(first) <= 200


def test_without_saying_so_the_full_price_is_paid() -> None:
    verifier = hash_password("grey heron lake")
    assert verifier.startswith(f"$argon2id$v=19$m={WORK.memory},t={WORK.iterations},p={WORK.lanes}$")
    assert WORK.memory >= 64 * 1024


def test_an_accent_typed_in_two_ways_is_one() -> None:
    assert verify_password(hash_password("caf\u00e9 au lait", LIGHT), "cafe\u0301 au lait")


@pytest.mark.parametrize("password", ["", "1234567", "x" * 1025])
def test_too_short_and_too_long_are_refused(password: str) -> None:
    with pytest.raises(BadPassword):
        hash_password(password, LIGHT)


@pytest.mark.parametrize("verifier", ["", "grey heron lake", "$argon2id$v=19$m=64,t=1,p=1$", "$2b$12$abcdefghijk"])
def test_what_is_no_verifier_fits_nothing(verifier: str) -> None:
    assert not verify_password(verifier, "grey heron lake")
