"""Decoding in a child process. A recording is made by devices and people we do not know, and FFmpeg reads it in C.

The child gets neither key nor file: it asks for the bytes it needs, chunk by chunk, and gives back sound. Whatever becomes of
it, the recording stays as it is. A child that dies is started again; what killed it twice is passed over as damaged.
"""

import json
import os
import select
import signal
import struct
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, BinaryIO, Final, TypeVar

from pipeline.recording.sound import (
    RATE,
    AudioFacts,
    EmptyFile,
    NoSound,
    NotAudio,
    NothingRecorded,
    Protected,
    Unfinished,
)
from storage.errors import BadInput

Taken = TypeVar("Taken")

PROGRAM: Final = ("-m", "pipeline.recording.child")
STARTS: Final = 8
MOST_ASKED: Final = 1 << 20
MOST_SAMPLES: Final = 120 * RATE
MOST_FACTS: Final = 1 << 12
MOST_PEAKS: Final = 1 << 26

_REFUSALS: Final = {
    kind.__name__: kind for kind in (EmptyFile, NotAudio, NoSound, NothingRecorded, Protected, Unfinished)
}


class DecoderStopped(BadInput):
    """recording: it could not be decoded: the decoder {how}. Nothing of the recording was lost. Save it as WAV or FLAC with the \
recorder's own software and upload that"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """What a child may use: bytes of memory on top of its libraries, seconds of processor, seconds without a sign of life."""

    memory: int = 512 << 20
    seconds: int = 1800
    stall: float = 120.0


LIMITS: Final = Limits()


@dataclass(frozen=True, kw_only=True, slots=True)
class Stretch:
    """Sound as a child says it: `count` samples of each channel, int16, little-endian, one channel after another; silence, and
    no data, where it is damaged.
    """

    channels: int
    count: int
    data: bytes
    damaged: bool


class _Died(Exception):
    """The child is no more; `packet` is the number of the one it was at, -1 before the first."""

    def __init__(self, how: str, packet: int, *, hopeless: bool = False) -> None:
        super().__init__(how)
        self.how, self.packet, self.hopeless = how, packet, hopeless


def probe(source: BinaryIO, limits: Limits = LIMITS) -> AudioFacts:
    """What the recording in a seekable binary file is, decided by decoding its first sound.

    Raises:
        EmptyFile, NotAudio, NoSound, NothingRecorded, Protected, Unfinished, DecoderStopped.
    """
    facts = _facts(source, "probe", limits)
    try:
        return AudioFacts(
            container=str(facts["container"]),
            codec=str(facts["codec"]),
            channels=int(facts["channels"]),
            sample_rate=int(facts["sample_rate"]),
            duration=None if facts["duration"] is None else float(facts["duration"]),
        )
    except (KeyError, TypeError, ValueError):
        raise NotAudio from None


def measure(source: BinaryIO, limits: Limits = LIMITS) -> float:
    """Seconds of sound in a recording that does not declare them. Raises what `probe` raises."""
    return max(0.0, float(_facts(source, "measure", limits)["duration"]))


def peaks(source: BinaryIO, limits: Limits = LIMITS) -> bytes:
    """The waveform of a recording, as `peaks.Peaks` makes it of its sound. Raises what `probe` raises."""
    return b"".join(restarted(source, "peaks", limits, lambda child: child.waveform()))


def restarted(
    source: BinaryIO, do: str, limits: Limits, take: "Callable[[Child], Iterator[Taken]]"
) -> "Iterator[Taken]":
    """What is taken from a child, and from the next one when it dies; a packet that has killed two is damaged for the third.

    Raises:
        DecoderStopped, and what `probe` raises.
    """
    skip = set[int]()
    last: int | None = None
    for _ in range(STARTS):
        try:
            with _child(source, do, limits, skip) as child:
                yield from take(child)
            return
        except _Died as death:
            how = death.how
            # once may be chance, such as a machine short of memory; twice is the packet
            again = death.packet == last
            if death.hopeless or (again and death.packet < 0):
                break
            if again:
                skip.add(death.packet)
            last = death.packet
    raise DecoderStopped(how=how)


def _facts(source: BinaryIO, do: str, limits: Limits) -> dict[str, Any]:
    for _ in range(2):
        try:
            with _child(source, do, limits) as child:
                return child.facts()
        except _Died as death:
            how = death.how
            if death.hopeless:
                break
    raise DecoderStopped(how=how)


@contextmanager
def _child(source: BinaryIO, do: str, limits: Limits, skip: set[int] | None = None) -> "Iterator[Child]":
    # a program of its own, not a fork: a fork would hold every key that is in memory here
    process = subprocess.Popen(  # noqa: S603
        [sys.executable, "-I", *PROGRAM],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        # without a home of its own it would ask the name service of the machine for one
        env={"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "HOME": "/"},
        cwd="/",
        bufsize=0,
    )
    try:
        child = Child(process, source, limits)
        child.begin(do, sorted(skip or ()))
        yield child
    finally:
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()


class Child:
    """A running child: answers what it asks, and takes what it says with distrust."""

    def __init__(self, process: "subprocess.Popen[bytes]", source: BinaryIO, limits: Limits) -> None:
        assert process.stdin is not None and process.stdout is not None
        self._process, self._source, self._limits = process, source, limits
        self._to, self._from = process.stdin.fileno(), process.stdout.fileno()
        self._ready = select.poll()
        self._ready.register(self._from, select.POLLIN)
        self._held = bytearray()
        self._packets = 0

    def begin(self, do: str, skip: list[int]) -> None:
        size = self._source.seek(0, os.SEEK_END)
        job = {"do": do, "size": size, "skip": skip, "memory": self._limits.memory, "seconds": self._limits.seconds}
        body = json.dumps(job).encode()
        self._send(struct.pack(">I", len(body)) + body)

    def facts(self) -> dict[str, Any]:
        for kind in self._messages():
            if kind == b"f":
                (size,) = self._numbers(">I", MOST_FACTS)
                found = json.loads(self._taken(size))
                if isinstance(found, dict):
                    return found
            break
        raise self._died("said what makes no sense")

    def waveform(self) -> Iterator[bytes]:
        """The waveform, which is said last and in one go."""
        for kind in self._messages():
            if kind != b"w":
                raise self._died("said what makes no sense")
            (size,) = self._numbers(">I", MOST_PEAKS)
            yield self._taken(size)

    def sound(self) -> Iterator[Stretch]:
        """The sound from its beginning, a stretch at a time."""
        for kind in self._messages():
            channels, count = self._numbers(">BI", MOST_SAMPLES) if kind in {b"s", b"x"} else (0, 0)
            if channels not in {1, 2}:
                raise self._died("said what makes no sense")
            data = self._taken(2 * channels * count) if kind == b"s" else b""
            yield Stretch(channels=channels, count=count, data=data, damaged=kind == b"x")

    def _messages(self) -> Iterator[bytes]:
        """The kinds of messages with a result; their bodies must be taken before the next."""
        while (kind := self._taken(1)) != b".":
            if kind == b"r":
                self._answer()
            elif kind == b"p":
                self._packets += 1
            elif kind == b"m":
                raise self._died("needs more memory than it may have")
            elif kind == b"e":
                name = self._taken(self._numbers(">B", 255)[0]).decode(errors="replace")
                raise _REFUSALS.get(name, NotAudio)
            else:
                yield kind

    def _answer(self) -> None:
        position, size = self._numbers(">QI", MOST_ASKED, first=1)
        self._source.seek(min(position, 1 << 62))
        data = self._source.read(size)
        self._send(struct.pack(">I", len(data)) + data)

    def _numbers(self, form: str, most: int, first: int = 0) -> tuple[int, ...]:
        """Numbers of a message; those from `first` on are sizes, and none may be above `most`."""
        numbers = struct.unpack(form, self._taken(struct.calcsize(form)))
        if any(number > most for number in numbers[first:]):
            raise self._died("said what makes no sense")
        return numbers

    def _taken(self, size: int) -> bytes:
        while len(self._held) < size:
            if not self._ready.poll(self._limits.stall * 1000):
                raise self._died("got stuck")
            data = os.read(self._from, 1 << 18)
            if not data:
                raise self._ended()
            self._held += data
        taken = bytes(self._held[:size])
        del self._held[:size]
        return taken

    def _send(self, data: bytes) -> None:
        view = memoryview(data)
        with suppress(BrokenPipeError):  # it died; reading from it tells how
            while view:
                view = view[os.write(self._to, view) :]

    def _died(self, how: str, *, hopeless: bool = False) -> _Died:
        return _Died(how, self._packets - 1, hopeless=hopeless)

    def _ended(self) -> _Died:
        if self._process.wait() == -signal.SIGXCPU:
            return self._died("takes more time than it may", hopeless=True)
        return self._died("crashed")
