"""Decoding in a child process: what it may not do, and what becomes of a recording when it dies."""

import io
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, cast

import numpy as np
import pytest

from pipeline.recording import confined
from pipeline.recording.confined import DecoderStopped, Limits
from pipeline.recording.confined_sound import decode
from pipeline.recording.decode import decode as decode_here
from pipeline.recording.peaks import Peaks
from pipeline.recording.sound import PEAKS_PER_SECOND, RATE, Block, EmptyFile, NoSound, NotAudio, Unfinished
from tests.pipeline import media
from tests.pipeline.media import Samples, encoded, hum, shift

MP3 = encoded(hum(6.0), "mp3")
PACKET = 50
# A child that does the real work, with something else when it decodes its fiftieth packet
AT_PACKET = """
import os, signal, time
from pipeline.recording import child, decode
say, frames, begun = child._say, decode._frames, []
def told(message):
    say(message)
    begun.extend([1] * (message == b"p"))
def decoded(packet, stream=None):
    if len(begun) == {packet} + 1:
        {act}
    return frames(packet, stream)
child._say, decode._frames = told, decoded
child.main()
"""


def acting(monkeypatch: pytest.MonkeyPatch, act: str) -> None:
    monkeypatch.setattr(confined, "PROGRAM", ("-c", AT_PACKET.format(packet=PACKET, act=act)))


def decoded(data: bytes, limits: Limits = confined.LIMITS) -> list[Block]:
    return list(decode(io.BytesIO(data), limits))


def joined(blocks: list[Block]) -> Samples:
    return np.concatenate([block.samples for block in blocks], axis=1)


def children() -> list[int]:
    """Decoders that run for this process."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            if parent == os.getpid() and b"pipeline.recording" in (folder / "cmdline").read_bytes():
                found.append(int(folder.name))
        except (OSError, ValueError):
            continue
    return found


class Source(io.BytesIO):
    """A recording that does something the first time it is read."""

    def __init__(self, data: bytes, act: Callable[[], None]) -> None:
        super().__init__(data)
        self._act: Callable[[], None] | None = act

    def read(self, size: int | None = -1, /) -> bytes:
        if self._act is not None:
            act, self._act = self._act, None
            act()
        return super().read(size)


@pytest.mark.parametrize("form", ["m4a", "opus"])
def test_the_same_sound_as_without_a_child(form: str) -> None:
    data = media.damaged(encoded(np.repeat(hum(20.0), 2, axis=0), form))
    here, there = list(decode_here(io.BytesIO(data))), decoded(data)
    assert np.array_equal(joined(here), joined(there))
    assert [(one.start, one.damaged) for one in here] == [(one.start, one.damaged) for one in there]
    assert any(one.damaged for one in there)


def test_the_same_waveform_as_of_the_sound_also_after_a_death() -> None:
    data = encoded(np.repeat(hum(20.0), 2, axis=0), "m4a")
    expected = Peaks()
    for block in decode_here(io.BytesIO(data)):
        expected.add(block.samples)
    waveform = expected.close()
    assert len(waveform) > 20 * PEAKS_PER_SECOND * 4
    killed: list[int] = []

    def kill() -> None:
        killed.extend(children())
        os.kill(killed[0], signal.SIGKILL)

    assert confined.peaks(io.BytesIO(data)) == confined.peaks(Source(data, kill)) == waveform
    assert len(killed) == 1
    with pytest.raises(NotAudio):
        confined.peaks(io.BytesIO(b"Thank you for coming.\n" * 100))


def test_what_is_refused_is_refused_with_the_same_reason() -> None:
    m4a = encoded(hum(2.0), "m4a")
    for data, error in (
        (b"", EmptyFile),
        (b"Thank you for coming.\n" * 100, NotAudio),
        (m4a[: len(m4a) // 2], Unfinished),
        (media.film(None), NoSound),
    ):
        with pytest.raises(error):
            confined.probe(io.BytesIO(data))
    with pytest.raises(NotAudio):
        decoded(b"Thank you for coming.\n" * 100)
    assert children() == []


def test_facts_and_length() -> None:
    facts = confined.probe(io.BytesIO(MP3))
    assert (facts.codec, facts.channels, facts.sample_rate) == ("mp3float", 1, RATE)
    assert facts.duration == pytest.approx(6.0, abs=0.1)
    assert confined.measure(io.BytesIO(MP3)) == pytest.approx(6.0, abs=0.1)


CONFINED = """
import os, socket, sys
from pipeline.recording import child
if sys.argv[1] == "confined":
    child._confine(64 << 20, 60)
for act in (lambda: os.open("/dev/null", os.O_RDONLY), lambda: os.pipe(), socket.socket, lambda: bytearray(1 << 28)):
    try:
        act()
        print("done", end=" ")
    except (OSError, MemoryError) as error:
        print(type(error).__name__, end=" ")
"""


def test_it_can_open_nothing_and_has_little_memory() -> None:
    def said(how: str) -> list[str]:
        return subprocess.run([sys.executable, "-c", CONFINED, how], capture_output=True, text=True).stdout.split()

    assert said("confined") == ["OSError"] * 3 + ["MemoryError"]
    assert said("free") == ["done"] * 4, "the control"


def test_it_is_given_pipes_and_nothing_else(tmp_path: Path) -> None:
    seen: list[tuple[set[str], bytes]] = []

    def look() -> None:
        (pid,) = children()
        process = Path(f"/proc/{pid}")
        handles = {str(handle.readlink()).partition(":")[0] for handle in (process / "fd").iterdir()}
        seen.append((handles, (process / "environ").read_bytes()))

    with (tmp_path / "open").open("w") as file:
        os.set_inheritable(file.fileno(), True)
        os.environ["CANDOUR_PASSPHRASE_FILE"] = "/somewhere"
        try:
            list(decode(Source(MP3, look)))
        finally:
            del os.environ["CANDOUR_PASSPHRASE_FILE"]
    ((handles, environment),) = seen
    assert handles == {"pipe", "/dev/null"}
    assert b"CANDOUR" not in environment


def test_killed_once_it_changes_nothing() -> None:
    data = encoded(hum(40.0), "wav")
    killed: list[int] = []

    def kill() -> None:
        killed.extend(children())
        os.kill(killed[0], signal.SIGKILL)

    blocks = list(decode(Source(data, kill)))
    assert len(killed) == 1
    assert np.array_equal(joined(blocks), hum(40.0))
    assert not any(block.damaged for block in blocks)


@pytest.mark.parametrize(
    ("act", "limits"),
    [
        ("os.kill(os.getpid(), signal.SIGSEGV)", Limits()),
        ("time.sleep(60)", Limits(stall=6)),
        ("bytearray(1 << 31)", Limits()),
    ],
)
def test_a_packet_that_is_the_death_of_it_costs_that_packet(
    act: str, limits: Limits, monkeypatch: pytest.MonkeyPatch
) -> None:
    acting(monkeypatch, act)
    blocks = decoded(MP3, limits)
    lost = [block for block in blocks if block.damaged]
    assert 0 < sum(block.end - block.start for block in lost) < 0.2
    assert joined(blocks).shape[1] == joined(list(decode_here(io.BytesIO(MP3)))).shape[1]
    assert abs(shift(hum(6.0), joined(blocks), 3.0, 0.5)) < 0.02
    assert children() == []


def test_what_dies_at_every_packet_is_given_up_with_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(confined, "PROGRAM", ("-c", AT_PACKET.format(packet="0 or True", act="os.abort()")))
    monkeypatch.setattr(confined, "STARTS", 3)
    with pytest.raises(DecoderStopped, match="crashed"):
        decoded(MP3)
    acting(monkeypatch, "while True: pass")
    with pytest.raises(DecoderStopped, match="more time"):
        decoded(MP3, Limits(seconds=1))
    assert children() == []


@pytest.mark.parametrize(
    "said",
    [
        b"hello",
        b"s\x03\x00\x00\x00\x01",
        b"s\x01\xff\xff\xff\xff",
        b"r" + b"\xff" * 12,
        b"f\x00\x00\x00\x02[]",
        b"w\xff\xff\xff\xff",
        b"",
    ],
)
def test_a_child_that_talks_nonsense_is_not_believed(said: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(confined, "PROGRAM", ("-c", f"import os; os.write(1, {said!r})"))
    with pytest.raises(DecoderStopped):
        decoded(MP3)
    with pytest.raises(DecoderStopped):
        confined.probe(io.BytesIO(MP3))
    with pytest.raises(DecoderStopped):
        confined.peaks(io.BytesIO(MP3))


def test_a_picture_of_any_size_takes_no_more_memory_than_it_may() -> None:
    """A tag may promise a picture of any size, and FFmpeg makes room for it."""
    size = 80 << 20

    def peak(limits: Limits) -> int:
        source = Pictured(size, MP3)
        assert confined.probe(cast("BinaryIO", source), limits).codec == "mp3float"
        return source.peak

    assert peak(Limits(memory=64 << 20)) < size
    assert peak(Limits()) > size, "the control"


class Pictured(io.RawIOBase):
    """A recording behind a picture of zeros; notes the most memory that the child had in use when it comes to the sound."""

    def __init__(self, size: int, recording: bytes) -> None:
        super().__init__()
        self.peak = 0
        self._head = b"ID3\x04\0\0" + seven(10 + size) + b"APIC" + seven(size) + b"\0\0" + b"\0image/png\0\x03\0"
        self._whole, self._tail, self._position = 20 + size, recording, 0

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        end = self._whole + len(self._tail)
        self._position = offset + {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: end}[whence]
        return self._position

    def read(self, size: int = -1, /) -> bytes:
        start, self._position = self._position, self._position + size
        if start < self._whole:
            return self._head[start : start + size].ljust(min(size, self._whole - start), b"\0")
        for pid in children():
            status = Path(f"/proc/{pid}/status").read_text()
            self.peak = int(status.partition("VmHWM:")[2].split()[0]) * 1024
        return self._tail[start - self._whole : start - self._whole + size]


def seven(number: int) -> bytes:
    """A number as ID3 writes it, in four bytes of seven bits."""
    return bytes(number >> shift & 0x7F for shift in (21, 14, 7, 0))


def test_an_error_of_the_source_ends_it() -> None:
    def fail() -> None:
        raise PermissionError("sealed with another key")

    with pytest.raises(PermissionError):
        list(decode(Source(MP3, fail)))
    assert children() == []


def test_who_stops_listening_leaves_no_child_behind() -> None:
    sound = decode(io.BytesIO(MP3))
    next(sound)
    assert len(children()) == 1
    del sound
    assert children() == []
