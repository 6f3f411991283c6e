"""What the first megabyte of a file tells."""

import numpy as np
import pytest

from pipeline.recording.arriving import FIRST_LOOK
from pipeline.recording.beginning import tells
from tests.pipeline import media

RUBBISH = np.random.default_rng(1).bytes(FIRST_LOOK)
FTYP = b"\0\0\0\x18ftypM4A \0\0\0\0M4A mp42"


def tag(size: int) -> bytes:
    sizes = bytes(size >> shift & 0x7F for shift in (21, 14, 7, 0))
    return b"ID3\x04\0\0" + sizes + bytes(size)


def box(kind: bytes, size: int, body: bytes = b"") -> bytes:
    return (size.to_bytes(4) + kind + body).ljust(min(size, FIRST_LOOK), b"\0")


def block(size: int, *, last: bool) -> bytes:
    return (0x86 if last else 6).to_bytes() + size.to_bytes(3) + bytes(size)


@pytest.mark.parametrize(
    ("head", "told"),
    {
        "text": (b"minutes of a meeting\n" * 60_000, True),
        "rubbish": (RUBBISH, True),
        "a short tag, then rubbish": (tag(2000) + RUBBISH, True),
        "two tags": (tag(2000) + tag(FIRST_LOOK), False),
        "a cover picture": (tag(FIRST_LOOK), False),
        "a cover picture that just ends": (tag(FIRST_LOOK - 100), False),
        "FLAC": (b"fLaC" + block(34, last=True) + RUBBISH, True),
        "FLAC with a cover picture": (b"fLaC" + block(34, last=False) + block(2 << 20, last=True), False),
        "a tag before FLAC with a cover picture": (tag(100) + b"fLaC" + block(2 << 20, last=True), False),
        "rubbish in MP4": (FTYP + RUBBISH, True),
        "an index at the end": (FTYP + box(b"free", 8) + box(b"mdat", 90 << 20), False),
        "a large index at the end": (FTYP + box(b"mdat", 1, (9 << 32).to_bytes(8)) + bytes(FIRST_LOOK), False),
        "a long index at the beginning": (FTYP + box(b"moov", 3 << 20), False),
        "an index without sound": (FTYP + box(b"moov", 4000, b"vide") + box(b"mdat", 90 << 20), True),
        "an index with sound": (FTYP + box(b"moov", 4000, b"vide soun") + box(b"mdat", 90 << 20), False),
    }.values(),
    ids=lambda value: "" if isinstance(value, bytes) else str(value),
)
def test_what_a_beginning_tells(head: bytes, told: bool) -> None:
    assert tells(head[:FIRST_LOOK]) is told


@pytest.mark.parametrize("form", ["mp3", "flac", "wav", "opus", "webm"])
def test_recordings_whose_sound_comes_first_are_judged_by_it(form: str) -> None:
    assert tells(media.encoded(media.hum(40), form)[:FIRST_LOOK])
