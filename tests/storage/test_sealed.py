import io
import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storage import age
from storage.sealed import NotSealedHere, keyed_digest, open_value, seal_value, slot

KEY, OTHER = bytes(range(32)), bytes(32)
PLACE = "doubt.sealed:1"


@settings(max_examples=50)
@given(st.binary(max_size=1000), st.text(max_size=50))
def test_opens_in_its_place(plain: bytes, place: str) -> None:
    sealed = seal_value(KEY, place, plain)
    assert open_value(KEY, place, sealed) == plain
    assert len(sealed) == len(plain) + 28


def test_opens_in_no_other_place_and_with_no_other_key() -> None:
    sealed = seal_value(KEY, PLACE, b"words")
    assert open_value(KEY, PLACE, sealed) == b"words"
    for key, place in [(OTHER, PLACE), (KEY, "doubt.sealed:2"), (KEY, ""), (KEY, "extract.sealed:1")]:
        with pytest.raises(NotSealedHere):
            open_value(key, place, sealed)


def test_every_changed_or_missing_byte_is_seen() -> None:
    sealed = seal_value(KEY, PLACE, b"words")
    for at in range(len(sealed)):
        for damaged in (sealed[:at] + bytes([sealed[at] ^ 1]) + sealed[at + 1 :], sealed[:at]):
            with pytest.raises(NotSealedHere):
                open_value(KEY, PLACE, damaged)
    with pytest.raises(NotSealedHere):
        open_value(KEY, PLACE, sealed + b"\0")


def test_the_same_words_look_different_each_time() -> None:
    assert len({seal_value(KEY, PLACE, b"words") for _ in range(100)}) == 100


def test_a_digest_needs_the_key() -> None:
    digest = os.urandom(32)
    assert keyed_digest(KEY, digest) == keyed_digest(KEY, digest)
    assert len({keyed_digest(KEY, digest), keyed_digest(OTHER, digest), keyed_digest(KEY, bytes(32)), digest}) == 4


@pytest.mark.parametrize("key", [b"", bytes(31), bytes(33)])
def test_keys_have_32_bytes(key: bytes) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        seal_value(key, PLACE, b"x")


def test_a_slot_is_a_post_quantum_identity_of_the_key() -> None:
    sink = io.BytesIO()
    with age.Writer(sink, [slot(KEY).recipient()]) as sealed:
        sealed.write(b"words")
    assert age.recipients_of(sink.getvalue()) == ("mlkem768x25519",)
    assert b"".join(age.read(io.BytesIO(sink.getvalue()), [slot(KEY)])) == b"words"
    with pytest.raises(age.NoMatch):
        list(age.read(io.BytesIO(sink.getvalue()), [slot(OTHER)]))


def test_the_format_is_pinned() -> None:
    """Values in databases must open for ever: a nonce of 12 bytes, AES-256-GCM, subkeys by HKDF-SHA-256."""
    kept = bytes.fromhex("c0aab3e45b885d822e30487dfa0f96e5306e947d913ba371e466d1ebfc7fcc13")
    assert open_value(KEY, PLACE, kept) == b"kept"
    assert keyed_digest(KEY, OTHER).hex() == "9c9447d2981746a585d11cabe011743d06877d259df38a2f4f7642efa1f0e318"
