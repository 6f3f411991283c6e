"""Reads the official age vectors and their ASCII armor, which the product itself does not need."""

import base64
import binascii
import re
import zlib
from dataclasses import dataclass
from pathlib import Path

from storage import age

FOLDER = Path(__file__).parent.parent / "vectors" / "age"
NAMES = sorted(path.name for path in FOLDER.iterdir() if path.name != "README.md" and not path.name.startswith("."))
_BEGIN, _END = b"-----BEGIN AGE ENCRYPTED FILE-----", b"-----END AGE ENCRYPTED FILE-----"


class ArmorError(Exception):
    """not strict PEM"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Vector:
    """`payload` is the SHA-256 of all plaintext that may be released, also when an error follows."""

    expect: str
    payload: str | None
    file_key: bytes
    identities: tuple[age.Identity, ...]
    armored: bool
    file: bytes


def load(name: str) -> Vector:
    head, _, file = (FOLDER / name).read_bytes().partition(b"\n\n")
    fields: dict[str, list[str]] = {}
    for line in head.decode().splitlines():
        key, _, value = line.partition(": ")
        fields.setdefault(key, []).append(value)
    assert fields.keys() <= {
        "expect",
        "payload",
        "file key",
        "identity",
        "passphrase",
        "armored",
        "compressed",
        "comment",
    }
    identities: list[age.Identity] = [age.parse_identity(text) for text in fields.get("identity", [])]
    identities += [age.ScryptIdentity(text.encode()) for text in fields.get("passphrase", [])]
    return Vector(
        expect=fields["expect"][0],
        payload=fields.get("payload", [None])[0],
        file_key=bytes.fromhex(fields.get("file key", [""])[0]),
        identities=tuple(identities),
        armored="armored" in fields,
        file=zlib.decompress(file) if "compressed" in fields else file,
    )


def dearmor(text: bytes) -> bytes:
    """Strict PEM (RFC 7468, section 3) with white space allowed around it and LF or CRLF at line ends.

    Raises:
        ArmorError: anything else.
    """
    lines = re.split(rb"\r?\n", text.strip(b" \t\r\n"))
    if len(lines) < 2 or lines[0] != _BEGIN or lines[-1] != _END:
        raise ArmorError
    body = lines[1:-1]
    if any(len(line) != 64 for line in body[:-1]) or (body and not 1 <= len(body[-1]) <= 64):
        raise ArmorError
    joined = b"".join(body)
    try:
        data = base64.b64decode(joined, validate=True)
    except binascii.Error:
        raise ArmorError from None
    if base64.b64encode(data) != joined:
        raise ArmorError
    return data
