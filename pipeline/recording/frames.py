"""Streams without a container: frames one after another, each with a header that says how long it is.

FFmpeg steps over damage in such a stream without telling how much it left out, and loses its way in AMR for good. So these
streams are cut here; what lies between two good frames is a loss whose length its bytes tell.

ADTS: ISO/IEC 13818-7, 6.2. AMR and AMR-WB: RFC 4867, section 5; the sizes of their frames: 3GPP TS 26.101 and 26.201.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import BinaryIO, Final

HEAD: Final = 7  # bytes of the longest header
CHAIN: Final = 4  # good headers in a row by which a frame is found again
STEP: Final = 64 * 1024

_RATES: Final = (96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350)
_NARROW: Final = (13, 14, 16, 18, 20, 21, 27, 32, 6, None, None, None, None, None, None, 1)
_WIDE: Final = (18, 24, 33, 37, 41, 47, 51, 59, 61, 6, None, None, None, None, 1, 1)

Measure = Callable[[bytes], tuple[int, float] | None]


@dataclass(frozen=True, kw_only=True, slots=True)
class Frame:
    """A frame and when it sounds, in seconds from the start; the last of a stream has no data and says when it ends."""

    time: float
    data: bytes


def frames(source: BinaryIO, container: str) -> Iterator[Frame] | None:
    """The frames of a stream that FFmpeg takes for the given container, in order; None where that is not such a stream."""
    if container == "aac":
        return _frames(source, _after_tag(source), _adts)
    if container not in {"amr", "amrnb", "amrwb"}:
        return None
    source.seek(0)
    magic = source.read(9)
    if magic == b"#!AMR-WB\n" or container == "amrwb":
        return _frames(source, len(magic) if magic[:2] == b"#!" else 0, _amr(_WIDE))
    return _frames(source, 6 if magic[:2] == b"#!" else 0, _amr(_NARROW))


def _frames(source: BinaryIO, position: int, measure: Measure) -> Iterator[Frame]:
    end = source.seek(0, 2)
    time, good_bytes, good_seconds = 0.0, 0, 0.0
    while position < end:
        found = _next(source, position, end, measure)
        measured = None if found is None else measure(_at(source, found))
        if measured and not good_bytes:
            good_bytes, good_seconds = measured
        lost = (end if found is None else found) - position
        time += lost * good_seconds / max(1, good_bytes)
        if found is None or measured is None:
            break
        size, seconds = measured
        yield Frame(time=time, data=_at(source, found, size))
        time += seconds
        good_bytes, good_seconds = good_bytes + size, good_seconds + seconds
        position = found + size
    yield Frame(time=time, data=b"")


def _next(source: BinaryIO, position: int, end: int, measure: Measure) -> int | None:
    """Where the next whole frame begins: right here, or after damage where several follow each other."""
    measured = measure(_at(source, position))
    if measured and position + measured[0] <= end:
        return position
    for start in range(position, end, STEP):
        part = _at(source, start, STEP + HEAD)
        for place in range(min(STEP, end - start)):
            if measure(part[place : place + HEAD]) and _chained(source, start + place, end, measure):
                return start + place
    return None


def _chained(source: BinaryIO, position: int, end: int, measure: Measure) -> bool:
    for _ in range(CHAIN):
        measured = measure(_at(source, position))
        if measured is None:
            return False
        position += measured[0]
        if position >= end:
            return position == end
    return True


def _at(source: BinaryIO, position: int, size: int = HEAD) -> bytes:
    source.seek(position)
    return source.read(size)


def _after_tag(source: BinaryIO) -> int:
    """Where the sound begins behind an ID3 tag: its size is four bytes of seven bits (id3.org, id3v2.4.0-structure, 3.1)."""
    tag = _at(source, 0, 10)
    if tag[:3] != b"ID3" or len(tag) < 10:
        return 0
    return 10 + sum((byte & 0x7F) << shift for byte, shift in zip(tag[6:10], (21, 14, 7, 0), strict=True))


def _adts(head: bytes) -> tuple[int, float] | None:
    if len(head) < HEAD or head[0] != 0xFF or head[1] & 0xF6 != 0xF0:
        return None
    rate = head[2] >> 2 & 15
    size = (head[3] & 3) << 11 | head[4] << 3 | head[5] >> 5
    if rate >= len(_RATES) or size <= HEAD:
        return None
    return size, 1024 * ((head[6] & 3) + 1) / _RATES[rate]


def _amr(sizes: tuple[int | None, ...]) -> Measure:
    def measure(head: bytes) -> tuple[int, float] | None:
        # one bit of padding before the frame's type, and two after its quality
        if not head or head[0] & 0x83:
            return None
        size = sizes[head[0] >> 3]
        return None if size is None else (size, 0.02)

    return measure
