"""Secrets: bytes like any others, which overwrite themselves and do not show."""

import ctypes
import os
import sys

import pytest

from storage.secret import Secret

HEAD = bytes.__basicsize__ - 1


def content(address: int, length: int = 32) -> bytes:
    return ctypes.string_at(address + HEAD, length)


def test_it_is_the_bytes_that_it_was_made_of() -> None:
    secret = Secret(b"x" * 32)
    assert secret == b"x" * 32 and hash(secret) == hash(b"x" * 32)
    assert secret[:4] == b"xxxx"
    assert "x" not in repr(secret) + str(secret) + f"{secret}"


@pytest.mark.skipif(sys.implementation.name != "cpython", reason="only CPython lets one reach it")
def test_what_it_was_made_of_is_overwritten_and_so_is_itself() -> None:
    fresh = os.urandom(32)
    expected = bytes(bytearray(fresh))
    secret = Secret.of(fresh)
    assert secret == expected
    assert content(id(fresh)) == bytes(32)
    address = id(secret)
    assert content(address) == expected, "the look sees a secret that is held"
    del secret
    # The first bytes of a freed block serve the interpreter; the rest is as it was left.
    assert expected[8:] not in ctypes.string_at(address, HEAD + 32)


def test_nothing_shared_is_overwritten() -> None:
    assert Secret.of(b"") == b"" and Secret.of(bytes([7])) == b"\x07"
    assert bytes([7]) == b"\x07"
