"""The header of an age file: stanzas that each wrap the file key, and a MAC over them (c2sp.org/age, "Header")."""

import base64
import binascii
import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from storage.errors import BadInput

MAX_HEADER = 64 * 1024
MAX_STANZAS = 20
_COLUMNS = 64
_VERSION = b"age-encryption.org/v1"
_ARGUMENTS = re.compile(rb"-> ([!-~]+(?: [!-~]+)*)")
_BODY_LINE = re.compile(rb"[A-Za-z0-9+/]{0,64}")
_MAC_LINE = re.compile(rb"--- ([A-Za-z0-9+/]{43})")


class HeaderError(BadInput):
    """sealed file: its age header cannot be used ({reason}); it is damaged or no age file, take it again from its source"""


class HeaderMacError(HeaderError):
    """sealed file: its age header was changed after sealing; take the file again from its source"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Stanza:
    """One wrapped copy of the file key. `kind` is the first argument, `args` are the others."""

    kind: str
    args: tuple[str, ...]
    body: bytes = field(repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Header:
    """`signed` are the bytes under the MAC; `length` counts all bytes up to the payload."""

    stanzas: tuple[Stanza, ...]
    signed: bytes = field(repr=False)
    mac: bytes = field(repr=False)
    length: int

    def verify(self, file_key: bytes) -> None:
        """Raises HeaderMacError when the header is not the one that was sealed with this file key."""
        if not hmac.compare_digest(_mac(file_key, self.signed), self.mac):
            raise HeaderMacError


def parse(head: bytes) -> Header:
    """The header at the start of `head`, the first bytes of a file.

    Raises:
        HeaderError: not age v1, not in canonical form, above 64 KiB or above 20 stanzas.
    """
    line, at = _line(head, 0)
    if line != _VERSION:
        raise HeaderError(reason="it does not begin as age v1")
    stanzas: list[Stanza] = []
    while not head.startswith(b"---", at):
        if len(stanzas) == MAX_STANZAS:
            raise HeaderError(reason=f"more than {MAX_STANZAS} recipients")
        stanza, at = _stanza(head, at)
        stanzas.append(stanza)
    if not stanzas:
        raise HeaderError(reason="no recipient")
    if len(stanzas) > 1 and any(stanza.kind == "scrypt" for stanza in stanzas):
        raise HeaderError(reason="a passphrase must be the only recipient")
    signed = head[: at + 3]
    line, at = _line(head, at)
    if not (match := _MAC_LINE.fullmatch(line)):
        raise HeaderError(reason="its last line is malformed")
    return Header(stanzas=tuple(stanzas), signed=signed, mac=unbase64(match[1]), length=at)


def encode(file_key: bytes, stanzas: Sequence[Stanza]) -> bytes:
    """The header that hands `file_key` to the given stanzas."""
    lines = [_VERSION]
    for stanza in stanzas:
        lines.append(" ".join(("->", stanza.kind, *stanza.args)).encode())
        body = to_base64(stanza.body).encode()
        # A body ends with a line shorter than 64 columns, so an exact multiple is followed by an empty line.
        lines += [body[i : i + _COLUMNS] for i in range(0, len(body) + 1, _COLUMNS)]
    signed = b"\n".join([*lines, b"---"])
    return signed + b" " + to_base64(_mac(file_key, signed)).encode() + b"\n"


def to_base64(data: bytes) -> str:
    return base64.b64encode(data).rstrip(b"=").decode()


def unbase64(text: bytes) -> bytes:
    """Decodes base64 without padding; anything but the one canonical spelling is refused, as the specification asks.

    Raises:
        HeaderError: not canonical.
    """
    try:
        data = base64.b64decode(text + b"=" * (-len(text) % 4), validate=True)
    except binascii.Error:
        raise HeaderError(reason="malformed base64") from None
    if to_base64(data).encode() != text:
        raise HeaderError(reason="base64 that is not canonical")
    return data


def _line(head: bytes, at: int) -> tuple[bytes, int]:
    end = head.find(b"\n", at, MAX_HEADER)
    if end < 0:
        raise HeaderError(reason="it ends too early or is above 64 KiB")
    return head[at:end], end + 1


def _stanza(head: bytes, at: int) -> tuple[Stanza, int]:
    line, at = _line(head, at)
    if not (match := _ARGUMENTS.fullmatch(line)):
        raise HeaderError(reason="a recipient line is malformed")
    kind, *args = match[1].decode().split(" ")
    body = []
    while True:
        line, at = _line(head, at)
        if not _BODY_LINE.fullmatch(line):
            raise HeaderError(reason="a recipient body is malformed")
        body.append(line)
        if len(line) < _COLUMNS:
            return Stanza(kind=kind, args=tuple(args), body=unbase64(b"".join(body))), at


def _mac(file_key: bytes, signed: bytes) -> bytes:
    key = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"header").derive(file_key)
    return hmac.digest(key, signed, "sha256")
