"""Whether the first megabyte of a file is enough to see that it is no recording.

Some files have much before their first sound: a cover picture, or the index of a film. Of these it can be told early only where
what should follow is not there. A file whose index comes last, as recorders write it, is judged when all of it has come.

Boxes: ISO/IEC 14496-12, 4.2. Tags: id3.org, id3v2.4.0-structure, 3.1. FLAC: RFC 9639, 8.1.
"""

from collections.abc import Iterator
from typing import Final

ENOUGH: Final = 1 << 16  # bytes after a tag, in which there is sound if there is any


def tells(head: bytes) -> bool:
    """Whether a file that begins like this has shown its first sound by now, if it has any."""
    if head[4:8] != b"ftyp":
        return _after_blocks(head, _after_tags(head)) + ENOUGH <= len(head)
    for kind, whole in _boxes(head):
        if not kind.isascii() or not kind.decode().isprintable():
            return True
        if kind == b"moov" and whole:
            # a film without sound; where there is sound, the first of it may still be far away
            return b"soun" not in head
    return False


def _after_tags(head: bytes) -> int:
    """Where the tags end: the size of each is four bytes of seven bits."""
    place = 0
    while head[place : place + 3] == b"ID3" and len(head) >= place + 10:
        size = head[place + 6 : place + 10]
        place += 10 + sum((byte & 0x7F) << shift for byte, shift in zip(size, (21, 14, 7, 0), strict=True))
    return place


def _after_blocks(head: bytes, place: int) -> int:
    """Where the metadata of FLAC end, if there are any: the first bit of the last of them is set."""
    if head[place : place + 4] != b"fLaC":
        return place
    place, last = place + 4, False
    while not last and place + 4 <= len(head):
        last = bool(head[place] & 0x80)
        place += 4 + int.from_bytes(head[place + 1 : place + 4])
    return place


def _boxes(head: bytes) -> Iterator[tuple[bytes, bool]]:
    """The kinds of the outermost boxes that begin here, and whether all of each is here."""
    place = 0
    while place + 16 <= len(head):
        size, kind = int.from_bytes(head[place : place + 4]), head[place + 4 : place + 8]
        if size == 1:
            size = int.from_bytes(head[place + 8 : place + 16])
        yield kind, 8 <= size <= len(head) - place
        if size < 8:  # the last box, up to the end of the file
            return
        place += size
