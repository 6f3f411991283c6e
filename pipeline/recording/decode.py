"""A recording becomes sound: checked by decoding it, then decoded packet by packet to 16 kHz.

A damaged packet costs that packet and nothing more. What could not be decoded becomes silence that is marked as damaged, so
that every later time still holds; the timestamps of the container say how long it must be.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, Final

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.packet import Packet
from numpy.typing import NDArray

from storage.errors import BadInput

RATE: Final = 16_000
JITTER: Final = 0.1  # seconds; below it, a jump of the clock is no loss, unless a packet was bad
GAP: Final = 0.005
LEAP: Final = 3600.0
READ_ERRORS: Final = 200  # in a row, after which the rest is given up as damaged
FIRST_PACKETS: Final = 50

# Containers that only hold sound or film. Without this list FFmpeg also opens playlists, which name other files and addresses.
CONTAINERS: Final = (
    "mov,mp4,m4a,3gp,matroska,webm,mp3,wav,w64,flac,ogg,aac,aiff,au,amr,amrnb,amrwb,asf,caf,avi,mpeg,mpegts,ac3,wv"
)
# Streams without a clock: their times are counted, so lost bytes are lost time
UNCLOCKED: Final = frozenset({"mp3", "aac"})


class EmptyFile(BadInput):
    """recording: the file is empty; copy it from the recorder again"""


class NotAudio(BadInput):
    """recording: this is not an audio or video file that can be read; save it as M4A, MP3, WAV or FLAC and try again"""


class NoSound(BadInput):
    """recording: this video has no sound; choose the file that holds the sound"""


class Unfinished(BadInput):
    """recording: the file ends before its index was written, so nothing in it can be found; copy it from the recorder again, \
or let the recorder or its maker's software repair it first"""


@dataclass(frozen=True, kw_only=True, slots=True)
class AudioFacts:
    """What a recording says about itself; `duration` in seconds, None where the file does not declare it."""

    container: str
    codec: str
    channels: int
    sample_rate: int
    duration: float | None


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Block:
    """A stretch of sound: int16 samples of shape (channels, n) at 16 kHz, from `start` seconds; silence where damaged."""

    start: float
    samples: NDArray[np.int16]
    damaged: bool = False

    @property
    def end(self) -> float:
        return self.start + int(self.samples.shape[1]) / RATE


def probe(source: BinaryIO) -> AudioFacts:
    """What the recording in a seekable binary file is, decided by decoding its first sound.

    Raises EmptyFile, NotAudio, NoSound or Unfinished.
    """
    with _opened(source) as container:
        stream = _sound(container)
        for number, packet in enumerate(_packets(container, stream)):
            if _frames(packet) and stream.channels and stream.sample_rate:
                return AudioFacts(
                    container=container.format.name,
                    codec=stream.codec_context.name,
                    channels=stream.channels,
                    sample_rate=stream.sample_rate,
                    duration=_declared(source, container, stream),
                )
            if number >= FIRST_PACKETS:
                break
    raise NotAudio()


def decode(source: BinaryIO) -> Iterator[Block]:
    """The sound of a recording as consecutive blocks of about a second, one or two channels, without a gap between them.

    More than two channels are averaged in pairs: the first, third, … become the left, the others the right. Raises what
    `probe` raises.
    """
    with _opened(source) as container:
        stream = _sound(container)
        clock = _Clock(_declared(source, container, stream))
        lost = _Lost(container.format.name in UNCLOCKED)
        for packet in _packets(container, stream):
            frames = _frames(packet)
            lost.account(packet, frames)
            if frames is None:
                clock.broken = True
            for frame in frames or ():
                yield from clock.add(frame, lost.seconds)
        yield from clock.finish()
    if clock.channels == 0:
        raise NotAudio()


def _opened(source: BinaryIO) -> InputContainer:
    size = source.seek(0, 2)
    source.seek(0)
    if size == 0:
        raise EmptyFile()
    try:
        return av.open(source, mode="r", metadata_errors="ignore", options={"format_whitelist": CONTAINERS})
    except av.FFmpegError:
        source.seek(0)
        # the first box of an MP4 names its kind; its index comes last when a recorder is stopped properly
        unfinished = source.read(12)[4:8] == b"ftyp"
        raise (Unfinished() if unfinished else NotAudio()) from None


def _sound(container: InputContainer) -> AudioStream:
    if not container.streams.audio:
        raise NoSound() if container.streams.video else NotAudio()
    return container.streams.audio[0]


def _declared(source: BinaryIO, container: InputContainer, stream: AudioStream) -> float | None:
    """Duration of the sound in seconds as written in the file; None where FFmpeg would guess it, or only knows the picture's."""
    name = container.format.name
    if name == "aac" or (name == "mp3" and not _has_mp3_header(source)):
        return None
    if stream.duration is not None and stream.time_base is not None:
        seconds = float(stream.duration * stream.time_base)
    elif container.duration is not None and not container.streams.video:
        seconds = float(container.duration / av.time_base)
    else:
        return None
    if name == "wav":  # FFmpeg shortens the duration to what is there; the header knows how much there should be
        return seconds * max(1.0, _promised(source))
    return seconds


def _promised(source: BinaryIO) -> float:
    """Size of a WAV by its header, as a multiple of its real size; 1 where the header was never completed."""
    position = source.tell()
    size = source.seek(0, 2)
    source.seek(4)
    written = int.from_bytes(source.read(4), "little") + 8
    source.seek(position)
    return written / size if written < 0x7FFF_FFFF else 1.0


def _has_mp3_header(source: BinaryIO) -> bool:
    position = source.tell()
    source.seek(0)
    tag = source.read(10)
    size = 0
    if tag[:3] == b"ID3":  # four bytes of seven bits each (id3.org, id3v2.4.0-structure, 3.1)
        size = 10 + sum((byte & 0x7F) << shift for byte, shift in zip(tag[6:10], (21, 14, 7, 0), strict=False))
    source.seek(size)
    head = source.read(4096)
    source.seek(position)
    return any(mark in head for mark in (b"Xing", b"Info", b"VBRI"))


def _packets(container: InputContainer, stream: AudioStream) -> "Iterator[Packet[AudioStream]]":
    """All packets, reading on after an error: the library's own iterator ends at the first."""
    packets = container.demux(stream)
    errors = 0
    while errors < READ_ERRORS:
        try:
            yield next(packets)
            errors = 0
        except StopIteration:
            return
        except av.FFmpegError:
            errors += 1
            packets = container.demux(stream)


def _frames(packet: "Packet[AudioStream]") -> list[AudioFrame] | None:
    """The sound in a packet, which may hold none; None when it is damaged."""
    try:
        return [frame for frame in packet.decode() if frame.samples]
    except av.FFmpegError:
        return None


class _Lost:
    """How much later than its own count an unclocked stream really is, from the bytes that gave no sound."""

    def __init__(self, unclocked: bool) -> None:
        self.seconds = 0.0
        self._unclocked = unclocked
        self._good_bytes = 0
        self._good_seconds = 0.0

    def account(self, packet: "Packet[AudioStream]", frames: list[AudioFrame] | None) -> None:
        if not self._unclocked or not packet.size:
            return
        if frames:
            self._good_bytes += packet.size
            self._good_seconds += sum(frame.samples / frame.sample_rate for frame in frames)
        elif frames is None and self._good_bytes:
            counted = float((packet.duration or 0) * packet.time_base)
            self.seconds += max(0.0, packet.size * self._good_seconds / self._good_bytes - counted)


class _Clock:
    """Lays frames on the time line of the recording and fills what is missing."""

    def __init__(self, declared: float | None) -> None:
        self.channels = 0
        self.broken = False  # something before the next frame could not be decoded
        self._declared = declared
        self._position = 0  # samples given out
        self._origin: float | None = None
        self._fed = 0.0  # seconds of sound put in, the resampler holds some back
        self._resampler: AudioResampler | None = None
        self._form: tuple[str, str, int] | None = None

    def add(self, frame: AudioFrame, late: float) -> Iterator[Block]:
        if self.channels == 0:
            self.channels = min(2, frame.layout.nb_channels)
        if frame.pts is None or frame.time_base is None:
            self.broken = True
        else:
            time = float(frame.pts * frame.time_base) + late
            if self._origin is None:
                # sound may begin later than the picture; only when its beginning is damaged is that a loss
                self._origin = min(time, 0.0) if self.broken else time
            yield from self._skip_to(time - self._origin)
            self.broken = False
        form = (frame.format.name, frame.layout.name, frame.sample_rate)
        if form != self._form:
            yield from self._flush()
            self._form = form
            self._resampler = AudioResampler(format="s16p", layout=frame.layout, rate=RATE, frame_size=RATE)
        assert self._resampler is not None
        self._fed += frame.samples / frame.sample_rate
        frame.pts = None
        for out in self._resampler.resample(frame):
            yield self._block(out)

    def finish(self) -> Iterator[Block]:
        yield from self._flush()
        if self._declared is not None and self.channels and self._declared - self._fed > JITTER:
            yield from self._silence(self._declared)

    def _skip_to(self, time: float) -> Iterator[Block]:
        """A jump ahead is a loss; one beyond the declared end, or of more than an hour, is a damaged clock and not believed."""
        latest = self._fed + LEAP if self._declared is None else self._declared + 1
        if time - self._fed > (GAP if self.broken else JITTER) and time <= latest:
            yield from self._flush()
            yield from self._silence(time)

    def _silence(self, until: float) -> Iterator[Block]:
        missing = round(until * RATE) - self._position
        while missing > 0:
            size = min(missing, 60 * RATE)
            missing -= size
            yield self._place(np.zeros((self.channels, size), dtype=np.int16), damaged=True)
        self._fed = self._position / RATE

    def _flush(self) -> Iterator[Block]:
        if self._resampler is not None:
            for out in self._resampler.resample(None):
                yield self._block(out)
        self._resampler = self._form = None

    def _block(self, frame: AudioFrame) -> Block:
        return self._place(_fold(np.asarray(frame.to_ndarray(), dtype=np.int16), self.channels))

    def _place(self, samples: NDArray[np.int16], damaged: bool = False) -> Block:
        block = Block(start=self._position / RATE, samples=samples, damaged=damaged)
        self._position += samples.shape[1]
        return block


def _fold(samples: NDArray[np.int16], channels: int) -> NDArray[np.int16]:
    if samples.shape[0] == channels:
        return samples
    if samples.shape[0] == 1:
        return np.repeat(samples, channels, axis=0)
    groups = [samples[first::channels] for first in range(channels)]
    return np.stack([group.mean(axis=0).round().astype(np.int16) for group in groups])
