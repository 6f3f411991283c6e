"""Second opinions: the age command and pyrage open what we seal, and we open what they seal."""

import io
import os
import re
import shutil
import subprocess
from pathlib import Path

import pyrage
import pytest

from storage import age

SIZES = [0, 1, 65535, 65536, 65537, 131072, 1000001]
COMMAND = shutil.which("age")
needs_age = pytest.mark.skipif(COMMAND is None, reason="needs the age command (Debian: apt install age)")


def _version() -> tuple[int, ...]:
    if COMMAND is None:
        return ()
    shown = subprocess.run([COMMAND, "--version"], check=True, capture_output=True, text=True).stdout
    return tuple(int(part) for part in re.findall(r"\d+", shown)[:3])


# age before 1.3 does not know mlkem768x25519. Both directions were also checked against age-encryption 0.3.1 (JavaScript).
KNOWN_TO_COMMAND = [age.X25519Identity, age.HybridIdentity] if _version() >= (1, 3) else [age.X25519Identity]


def _seal(plain: bytes, recipient: age.Recipient) -> bytes:
    sink = io.BytesIO()
    with age.Writer(sink, [recipient]) as sealed:
        sealed.write(plain)
    return sink.getvalue()


def _open(file: bytes, identity: age.Identity) -> bytes:
    with age.Reader(io.BytesIO(file), [identity]) as reader:
        plain = reader.read()
    assert plain == b"".join(age.read(io.BytesIO(file), [identity]))
    return plain


@pytest.mark.parametrize("size", SIZES)
def test_pyrage(size: int) -> None:
    plain, identity = os.urandom(size), age.X25519Identity.generate()
    theirs = pyrage.x25519.Identity.from_str(str(identity))
    assert str(theirs.to_public()) == str(identity.recipient())
    assert pyrage.decrypt(_seal(plain, identity.recipient()), [theirs]) == plain
    assert _open(pyrage.encrypt(plain, [theirs.to_public()]), identity) == plain


def test_pyrage_opens_a_passphrase_file() -> None:
    sealed = _seal(b"words", age.ScryptRecipient(b"a passphrase", 10))
    assert pyrage.passphrase.decrypt(sealed, "a passphrase") == b"words"


def _command(arguments: list[str], data: bytes) -> bytes:
    assert COMMAND is not None
    return subprocess.run([COMMAND, *arguments], input=data, check=True, capture_output=True).stdout


@needs_age
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("kind", KNOWN_TO_COMMAND)
def test_age_command(tmp_path: Path, kind: type[age.X25519Identity | age.HybridIdentity], size: int) -> None:
    identity, plain, key = kind.generate(), os.urandom(size), tmp_path / "key.txt"
    key.write_text(f"{identity}\n")
    assert _command(["--decrypt", "--identity", str(key)], _seal(plain, identity.recipient())) == plain
    assert _open(_command(["--recipient", str(identity.recipient())], plain), identity) == plain
