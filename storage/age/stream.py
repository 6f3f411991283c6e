"""The payload of an age file: ChaCha20-Poly1305 in chunks of 64 KiB (c2sp.org/age, "Payload"), written, read and sought."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, BinaryIO, Protocol, Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from storage.age import header
from storage.age.recipients import FILE_KEY, Identity, Recipient, unwrap, wrap
from storage.errors import NotVerified

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

CHUNK = 64 * 1024
_SEALED = CHUNK + 16
_NONCE = 16

Bytes = bytes | bytearray | memoryview


class PayloadError(NotVerified):
    """sealed file: {reason}; it is not what was sealed, take it again from its source"""


class Sink(Protocol):
    """Anything that takes bytes and says how many it took."""

    def write(self, data: Bytes, /) -> int: ...


class Writer:
    """Seals what is written to it. Leaving `with` by an exception writes no final chunk: the file stays unreadable."""

    def __init__(self, sink: Sink, recipients: Sequence[Recipient]) -> None:
        """Writes the header.

        Raises:
            MixedRecipients: see `recipients.wrap`.
        """
        file_key, nonce = os.urandom(FILE_KEY), os.urandom(_NONCE)
        self._sink = sink
        self._cipher = _payload_cipher(file_key, nonce)
        self._held = bytearray()
        self._count = 0
        self._closed = False
        _write_all(sink, header.encode(file_key, wrap(file_key, recipients)) + nonce)

    def write(self, data: Bytes) -> int:
        """Seals `data`; up to one chunk waits in memory because only the end of the file tells which chunk is the last."""
        if self._closed:
            raise ValueError("the sealed file is complete")
        view = memoryview(data).cast("B")
        if len(self._held) + len(view) <= CHUNK:
            self._held += view
            return len(view)
        at = CHUNK - len(self._held)
        self._held += view[:at]
        self._seal(self._held)
        while len(view) - at > CHUNK:
            self._seal(view[at : at + CHUNK])
            at += CHUNK
        self._held = bytearray(view[at:])
        return len(view)

    def close(self) -> None:
        """Writes the final chunk; the sink stays open."""
        if not self._closed:
            self._closed = True
            self._seal(self._held, final=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if kind is None:
            self.close()
        self._closed = True

    def _seal(self, chunk: Bytes, *, final: bool = False) -> None:
        _write_all(self._sink, self._cipher.encrypt(_chunk_nonce(self._count, final), chunk, None))
        self._count += 1


def read(source: BinaryIO, identities: Sequence[Identity]) -> Iterator[bytes]:
    """The plaintext in order, each chunk after its tag was verified. All of it is whole only when the iterator ends.

    Raises:
        HeaderError, NoMatch: before the first chunk.
        PayloadError: at the place of the damage.
    """
    head = _exactly(source, header.MAX_HEADER + _NONCE)
    cipher, start = _open(head, identities)
    for count, (sealed, last) in enumerate(_chunks(source, head[start:])):
        plain = _decrypt(cipher, count, sealed, final=last)
        if plain is None:
            # A chunk that opens as the other kind is real: hand it out, then say that the file was cut or added to.
            plain = _decrypt(cipher, count, sealed, final=not last)
            if plain is None or len(sealed) < _SEALED:
                raise PayloadError(reason="a part of it was changed or cut")
            yield plain
            raise PayloadError(reason="its end is missing" if last else "something was added after its end")
        if not plain and count:
            raise PayloadError(reason="its last part is empty")
        yield plain


class Reader(io.RawIOBase):
    """The plaintext as a seekable file. Takes over `source`, and closes it."""

    def __init__(self, source: BinaryIO, identities: Sequence[Identity]) -> None:
        """Verifies header and last chunk, so that a cut file is refused before it gives a byte.

        Raises:
            HeaderError, NoMatch, PayloadError
        """
        super().__init__()
        self._source = source
        self._position = 0
        try:
            source.seek(0)
            self._cipher, self._start = _open(_exactly(source, header.MAX_HEADER + _NONCE), identities)
            length = source.seek(0, os.SEEK_END) - self._start
            self._last = max(length - 1, 0) // _SEALED
            self.size = length - 16 * (self._last + 1)
            self._cached = (self._last, self._decrypt(self._last))
            if self._last and not self._cached[1]:
                raise PayloadError(reason="its last part is empty")
        except BaseException:
            self.close()
            raise

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self.size}[whence]
        if base + offset < 0:
            raise ValueError("a position before the start")
        self._position = base + offset
        return self._position

    def readinto(self, buffer: WriteableBuffer) -> int:
        """Fills `buffer` as far as the file goes.

        Raises:
            PayloadError: a chunk in this range was changed.
        """
        target = memoryview(buffer).cast("B")
        filled = 0
        while filled < len(target) and self._position < self.size:
            index, offset = divmod(self._position, CHUNK)
            if self._cached[0] != index:
                self._cached = (index, self._decrypt(index))
            piece = memoryview(self._cached[1])[offset : offset + len(target) - filled]
            target[filled : filled + len(piece)] = piece
            filled += len(piece)
            self._position += len(piece)
        return filled

    def readall(self) -> bytes:
        return self.read(max(self.size - self._position, 0)) or b""

    def close(self) -> None:
        if not self.closed:
            self._source.close()
        super().close()

    def _decrypt(self, index: int) -> bytes:
        self._source.seek(self._start + index * _SEALED)
        plain = _decrypt(self._cipher, index, _exactly(self._source, _SEALED), final=index == self._last)
        if plain is None:
            raise PayloadError(reason="a part of it was changed or cut")
        return plain


def rewrap(head: bytes, identities: Sequence[Identity], recipients: Sequence[Recipient]) -> tuple[bytes, int]:
    """A new header for the same payload, and where in the old file the payload begins: new header + old[start:].

    `head` holds at least the old header. Nothing is re-encrypted, and copies under the old header are *not* revoked.
    """
    old = header.parse(head)
    file_key = unwrap(old, identities)
    return header.encode(file_key, wrap(file_key, recipients)), old.length


def recipients_of(head: bytes) -> tuple[str, ...]:
    """The kinds of recipients of a file that begins with `head`: "mlkem768x25519", "X25519", "scrypt" or others.

    Raises:
        HeaderError
    """
    return tuple(stanza.kind for stanza in header.parse(head).stanzas)


def _open(head: bytes, identities: Sequence[Identity]) -> tuple[ChaCha20Poly1305, int]:
    parsed = header.parse(head)
    file_key = unwrap(parsed, identities)
    start = parsed.length + _NONCE
    if len(head) < start:
        raise header.HeaderError(reason="it ends before the payload")
    return _payload_cipher(file_key, head[parsed.length : start]), start


def _payload_cipher(file_key: bytes, nonce: bytes) -> ChaCha20Poly1305:
    return ChaCha20Poly1305(HKDF(algorithm=SHA256(), length=32, salt=nonce, info=b"payload").derive(file_key))


def _chunk_nonce(count: int, final: bool) -> bytes:
    return count.to_bytes(11, "big") + (b"\x01" if final else b"\x00")


def _decrypt(cipher: ChaCha20Poly1305, count: int, sealed: bytes, *, final: bool) -> bytes | None:
    try:
        return cipher.decrypt(_chunk_nonce(count, final), sealed, None)
    except InvalidTag:
        return None


def _chunks(source: BinaryIO, held: bytes) -> Iterator[tuple[bytes, bool]]:
    """Sealed chunks, each with whether the source ends there."""
    held += _exactly(source, _SEALED - len(held))
    while following := _exactly(source, _SEALED):
        yield held, False
        held = following
    yield held, True


def _exactly(source: BinaryIO, length: int) -> bytes:
    """`length` bytes, fewer only at the end: an unbuffered file may give less than was asked."""
    data = source.read(length)
    while len(data) < length and (more := source.read(length - len(data))):
        data += more
    return data


def _write_all(sink: Sink, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[sink.write(view) :]
