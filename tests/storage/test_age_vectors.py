"""The 143 official vectors (tests/vectors/age) through the sequential and the seekable reader."""

import hashlib
import io
import os

import pytest
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from storage import age
from storage.age import header
from tests.storage.age_testkit import NAMES, ArmorError, Vector, dearmor, load

EXPECTED_COUNT = 143


def _sequential(file: bytes, vector: Vector, released: bytearray) -> None:
    for chunk in age.read(io.BytesIO(file), vector.identities):
        released += chunk


def _seekable(file: bytes, vector: Vector, released: bytearray) -> None:
    with age.Reader(io.BytesIO(file), vector.identities) as reader:
        while chunk := reader.read(4096):
            released += chunk


def _outcome(vector: Vector, read: object, released: bytearray) -> str:
    assert callable(read)
    try:
        read(dearmor(vector.file) if vector.armored else vector.file, vector, released)
    except ArmorError:
        return "armor failure"
    except age.NoMatch:
        return "no match"
    except age.HeaderMacError:
        return "HMAC failure"
    except age.HeaderError:
        return "header failure"
    except age.PayloadError:
        return "payload failure"
    return "success"


def test_every_vector_is_here() -> None:
    assert len(NAMES) == EXPECTED_COUNT


@pytest.mark.parametrize("name", NAMES)
def test_sequential_reader(name: str) -> None:
    vector, released = load(name), bytearray()
    assert _outcome(vector, _sequential, released) == vector.expect
    if vector.payload is not None:
        assert hashlib.sha256(released).hexdigest() == vector.payload
    else:
        assert not released


@pytest.mark.parametrize("name", NAMES)
def test_seekable_reader(name: str) -> None:
    vector, released = load(name), bytearray()
    assert _outcome(vector, _seekable, released) == vector.expect
    if vector.expect == "success":
        assert hashlib.sha256(released).hexdigest() == vector.payload


_PARSED = [
    name for name in NAMES if not (v := load(name)).armored and v.expect not in {"header failure", "HMAC failure"}
]


@pytest.mark.parametrize("name", _PARSED)
def test_header_round_trips(name: str) -> None:
    vector = load(name)
    parsed = header.parse(vector.file)
    again = header.encode(vector.file_key, parsed.stanzas)
    # The MAC of a "no match" vector is made with its own file key too, so the whole header must come out the same.
    assert again == vector.file[: parsed.length]


@pytest.mark.parametrize("name", [name for name in _PARSED if load(name).expect == "success"])
def test_payload_round_trips(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    vector = load(name)
    start = header.parse(vector.file).length
    nonce = vector.file[start : start + 16]
    plain = b"".join(age.read(io.BytesIO(vector.file), vector.identities))
    randoms = [nonce, vector.file_key]
    with monkeypatch.context() as patch:
        patch.setattr(os, "urandom", lambda length: randoms.pop())
        sink = io.BytesIO()
        writer = age.Writer(sink, [_KnownStanza()])
    writer.write(plain)
    writer.close()
    assert sink.getvalue()[header.parse(sink.getvalue()).length :] == vector.file[start:]


class _KnownStanza:
    kind = "test"

    def wrap(self, file_key: bytes) -> header.Stanza:
        return header.Stanza(kind=self.kind, args=(), body=b"")


def test_the_payload_key_is_the_specified_one() -> None:
    vector = load("x25519")
    start = header.parse(vector.file).length
    nonce, sealed = vector.file[start : start + 16], vector.file[start + 16 :]
    key = HKDF(algorithm=SHA256(), length=32, salt=nonce, info=b"payload").derive(vector.file_key)
    plain = ChaCha20Poly1305(key).decrypt(bytes(11) + b"\x01", sealed, None)
    assert hashlib.sha256(plain).hexdigest() == vector.payload
