"""The process in which a recording is decoded: no key, no file, no socket, little memory, and no more time than is given.

    python -I -m pipeline.recording.child

It is given a job on standard input and asks on standard output for the bytes it needs; `confined.py` answers. Its messages,
each a letter and what follows, big-endian:

r  position u64, size u32     give me these bytes; the answer is their number u32 and the bytes
p                             the next packet is about to be decoded
s  channels u8, count u32     sound: so many int16 samples of each channel follow, little-endian, one channel after another
x  channels u8, count u32     damaged: so many samples of silence
w  size u32                   the waveform follows, as `peaks.py` makes it
f  size u32                   facts about the recording follow, as JSON
m                             there was not enough memory
e  size u8                    the name of the error by which the recording is refused follows
.                             all is said
"""

import io
import json
import os
import resource
import struct
import sys
from dataclasses import asdict
from typing import BinaryIO, Final

# the library imports this where it meets subtitles, when nothing can be opened any more
import av.subtitles.stream  # noqa: F401

from pipeline.recording import decode
from pipeline.recording.peaks import Peaks
from storage.errors import BadInput

AHEAD: Final = 256 * 1024


class _Asked(io.RawIOBase):
    """The recording, which the parent holds, as a seekable file."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self._size = size
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._size}[whence]
        self._position = max(0, base + offset)
        return self._position

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
        _say(b"r" + struct.pack(">QI", self._position, min(len(buffer), AHEAD)))
        (size,) = struct.unpack(">I", _given(4))
        buffer[:size] = _given(size)
        self._position += size
        return int(size)


def main() -> None:
    (size,) = struct.unpack(">I", _given(4))
    job = json.loads(_given(size))
    _confine(job["memory"], job["seconds"])
    source: BinaryIO = io.BufferedReader(_Asked(job["size"]), AHEAD)  # type: ignore[type-var]
    try:
        if job["do"] == "decode":
            _decode(source, frozenset(job["skip"]))
        elif job["do"] == "peaks":
            _draw(source, frozenset(job["skip"]))
        elif job["do"] == "probe":
            _say_facts(asdict(decode.probe(source)))
        else:
            _say_facts({"duration": decode.measure(source)})
        _say(b".")
    except MemoryError:
        _say(b"m")
    except BadInput as error:
        name = type(error).__name__.encode()
        _say(b"e" + struct.pack(">B", len(name)) + name)


def _decode(source: BinaryIO, skip: frozenset[int]) -> None:
    for block in decode.decode(source, skip=skip, begun=lambda: _say(b"p")):
        channels, count = block.samples.shape
        _say((b"x" if block.damaged else b"s") + struct.pack(">BI", channels, count))
        if not block.damaged:
            _say(block.samples.astype("<i2").tobytes())


def _draw(source: BinaryIO, skip: frozenset[int]) -> None:
    peaks = Peaks()
    for block in decode.decode(source, skip=skip, begun=lambda: _say(b"p")):
        peaks.add(block.samples)
    body = peaks.close()
    _say(b"w" + struct.pack(">I", len(body)) + body)


def _say_facts(facts: dict[str, object]) -> None:
    body = json.dumps(facts).encode()
    _say(b"f" + struct.pack(">I", len(body)) + body)


def _confine(memory: int, seconds: int) -> None:
    """From here on nothing can be opened, written to a disk or dumped; what is open already, the pipes, stays."""
    space = _address_space() + memory
    resource.setrlimit(resource.RLIMIT_AS, (space, space))
    # at the first of both the kernel says why, at the second it only kills
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 5))
    for kind in (resource.RLIMIT_FSIZE, resource.RLIMIT_CORE, resource.RLIMIT_NOFILE):
        resource.setrlimit(kind, (0, 0))


def _address_space() -> int:
    """Bytes this process has mapped by now, libraries and all."""
    try:
        with open("/proc/self/statm", "rb") as file:  # noqa: PTH123
            return int(file.read().split()[0]) * resource.getpagesize()
    except FileNotFoundError:  # not Linux
        return 4 << 30


def _say(message: bytes) -> None:
    view = memoryview(message)
    while view:
        view = view[os.write(1, view) :]


def _given(size: int) -> bytes:
    parts = []
    while size:
        part = os.read(0, size)
        if not part:
            sys.exit()  # the parent is gone
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


if __name__ == "__main__":
    main()
