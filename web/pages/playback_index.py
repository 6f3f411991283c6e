"""The playback copy with an index in front, so that a player can jump to any second of it at once.

The copy is written strictly forward, in fragments, and has no index: to find the last minute a browser reads all of it, and
keeps it in memory. What is served has the same sound behind a head that lists every frame (ISO/IEC 14496-12, `moov`), made in
memory when a copy is first asked for; the fragments become one `mdat`.
"""

import io
import struct
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import BinaryIO, Final

from storage.errors import NotVerified

MOVIE_SCALE: Final = 1000
# What the encoder puts before the first sample, which a player must leave out again.
PRIMING: Final = 1024
_MEDIA: Final = (b"trak", b"mdia", b"minf", b"stbl")
_HEADER: Final = struct.Struct(">I4s")
_FTYP: Final = b"M4A \x00\x00\x02\x00M4A mp42isom"

Frames = Sequence[int]


class NotAPlaybackCopy(NotVerified):
    """playback: the sealed playback copy is not what was written; transcribe the recording again, or restore a backup"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Layout:
    """What is served: `head`, then the copy from its byte `start` on; `size` bytes in all."""

    head: bytes = field(repr=False)
    start: int
    size: int

    def read(self, copy: BinaryIO, first: int, last: int) -> bytes:
        """The served bytes from `first` up to, not including, `last`."""
        ahead = self.head[first:last]
        behind = max(first, len(self.head))
        if last <= behind:
            return ahead
        copy.seek(self.start + behind - len(self.head))
        return ahead + copy.read(last - behind)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Fragment:
    """One fragment: where its sound begins in the copy, and size and length of each frame."""

    start: int
    sizes: Frames
    lengths: Frames


def lay_out(copy: BinaryIO) -> Layout:
    """The layout of a playback copy, of which every fragment's head is read once.

    Raises:
        NotAPlaybackCopy.
    """
    try:
        return _laid_out(copy)
    except (struct.error, KeyError, IndexError, ValueError):
        raise NotAPlaybackCopy from None


def _laid_out(copy: BinaryIO) -> Layout:
    movie, start, found = b"", 0, []
    for kind, at, length in _outer(copy):
        if kind in {b"moov", b"moof"}:
            copy.seek(at + _HEADER.size)
            body = copy.read(length - _HEADER.size)
            if kind == b"moov":
                movie, start = body, at + length
            else:
                found.append(_fragment(body, at))
    size = copy.seek(0, io.SEEK_END)
    # The head says where the sound is, and its own length decides that: make it once to learn the length.
    width = len(_head(movie, found, size - start, start))
    head = _head(movie, found, size - start, start - width)
    return Layout(head=head, start=start, size=len(head) + size - start)


def _outer(copy: BinaryIO) -> Iterator[tuple[bytes, int, int]]:
    """The outermost boxes: kind, place, length."""
    at, end = 0, copy.seek(0, io.SEEK_END)
    while at < end:
        copy.seek(at)
        length, kind = _HEADER.unpack(copy.read(_HEADER.size))
        if not _HEADER.size <= length <= end - at:
            raise NotAPlaybackCopy
        yield kind, at, length
        at += length


def _inner(body: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The boxes in a body: kind, and body of each."""
    at = 0
    while at < len(body):
        length, kind = _HEADER.unpack_from(body, at)
        if length < _HEADER.size:
            raise NotAPlaybackCopy
        yield kind, body[at + _HEADER.size : at + length]
        at += length


def _find(body: bytes, *path: bytes) -> bytes:
    """The body of the first box at a path. Raises KeyError."""
    for kind, inner in _inner(body):
        if kind == path[0]:
            return _find(inner, *path[1:]) if path[1:] else inner
    raise KeyError(path[0])


def _fragment(body: bytes, at: int) -> _Fragment:
    """A `moof`: track fragment header (8.8.7) with the defaults, and track run (8.8.8) with what differs."""
    header, run = _find(body, b"traf", b"tfhd"), _find(body, b"traf", b"trun")
    (flags,) = struct.unpack_from(">I", header)
    defaults = dict(
        zip(_present(flags, {0x01: 2, 0x02: 1, 0x08: 1, 0x10: 1, 0x20: 1}), _words(header[8:]), strict=True)
    )
    flags, count = struct.unpack_from(">II", run)
    ahead = _words(run[8 : 8 + 4 * len(_present(flags, {0x01: 1, 0x04: 1}))])
    columns = _present(flags, {0x100: 1, 0x200: 1, 0x400: 1, 0x800: 1})
    table = _words(run[8 + 4 * len(ahead) :])
    if len(table) != count * len(columns):
        raise NotAPlaybackCopy
    lengths, sizes = (
        table[columns.index(flag) :: len(columns)] if flag in columns else (defaults[default],) * count
        for flag, default in ((0x100, 0x08), (0x200, 0x10))
    )
    return _Fragment(start=at + ahead[0], sizes=sizes, lengths=lengths)


def _present(flags: int, widths: dict[int, int]) -> list[int]:
    """The fields that the flags say are there, in order, a field of two words twice."""
    return [flag for flag, width in widths.items() if flags & flag for _ in range(width)]


def _words(data: bytes) -> Frames:
    return struct.unpack(f">{len(data) // 4}I", data)


def _head(movie: bytes, found: list[_Fragment], sound: int, shift: int) -> bytes:
    """`ftyp`, `moov` with the sample tables, and the header of the `mdat` around `sound` bytes. `shift` is how far the sound
    lies ahead of where it is in the copy.
    """
    lengths = [length for one in found for length in one.lengths]
    sizes = [size for one in found for size in one.sizes]
    heard = sum(lengths) - PRIMING
    rate = struct.unpack_from(">I", _find(movie, b"trak", b"mdia", b"mdhd"), 12)[0]
    shown = heard * MOVIE_SCALE // rate
    table = _box(
        b"stbl",
        _box(b"stsd", _find(movie, *_MEDIA, b"stsd")),
        _table(b"stts", _runs(lengths, first=False)),
        _table(b"stsc", _runs([len(one.sizes) for one in found], first=True)),
        _box(b"stsz", struct.pack(f">3I{len(sizes)}I", 0, 0, len(sizes), *sizes)),
        _table(b"stco", [(one.start - shift,) for one in found]),
    )
    media = _find(movie, b"trak", b"mdia")
    information = _find(media, b"minf")
    track = _box(
        b"trak",
        _box(b"tkhd", _with_word(_find(movie, b"trak", b"tkhd"), 20, shown)),
        _box(b"edts", _box(b"elst", struct.pack(">IIIiI", 0, 1, shown, PRIMING, 0x10000))),
        _box(
            b"mdia",
            _box(b"mdhd", _with_word(_find(media, b"mdhd"), 16, heard + PRIMING)),
            _box(b"hdlr", _find(media, b"hdlr")),
            _box(
                b"minf",
                _box(b"smhd", _find(information, b"smhd")),
                _box(b"dinf", _find(information, b"dinf")),
                table,
            ),
        ),
    )
    whole = _box(b"moov", _box(b"mvhd", _with_word(_find(movie, b"mvhd"), 16, shown)), track)
    return _box(b"ftyp", _FTYP) + whole + struct.pack(">I4sQ", 1, b"mdat", 16 + sound)


def _box(kind: bytes, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return _HEADER.pack(_HEADER.size + len(body), kind) + body


def _table(kind: bytes, rows: list[tuple[int, ...]]) -> bytes:
    flat = [word for row in rows for word in row]
    return _box(kind, struct.pack(f">II{len(flat)}I", 0, len(rows), *flat))


def _runs(values: Iterable[int], *, first: bool) -> list[tuple[int, ...]]:
    """Equal neighbours as one row: (how many, value) for `stts`, or (number of the first, value, 1) for `stsc`."""
    runs: list[list[int]] = []
    for number, value in enumerate(values, 1):
        if runs and runs[-1][2] == value:
            runs[-1][1] += 1
        else:
            runs.append([number, 1, value])
    return [(number, value, 1) if first else (count, value) for number, count, value in runs]


def _with_word(body: bytes, at: int, value: int) -> bytes:
    """A body of version 0 with another 32-bit value at a place."""
    return body[:at] + struct.pack(">I", value) + body[at + 4 :]
