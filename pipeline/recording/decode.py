"""A recording becomes sound: checked by decoding it, then decoded packet by packet to 16 kHz.

A damaged packet costs that packet and nothing more. This reads media that anybody may have made, so it runs in a process of
its own (`confined.py`).
"""

from bisect import bisect_right
from collections.abc import Callable, Collection, Iterator
from typing import Any, BinaryIO, Final

import av
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.packet import Packet

from pipeline.recording.frames import Frame
from pipeline.recording.frames import frames as frames_of
from pipeline.recording.sound import (
    AudioFacts,
    Block,
    EmptyFile,
    NoSound,
    NotAudio,
    NothingRecorded,
    Protected,
    Unfinished,
)
from pipeline.recording.timeline import Timeline

READ_ERRORS: Final = 200  # in a row, after which the rest is given up as damaged
FIRST_PACKETS: Final = 50

# Containers that only hold sound or film. Without this list FFmpeg also opens playlists, which name other files and addresses.
CONTAINERS: Final = (
    "mov,mp4,m4a,3gp,matroska,webm,mp3,wav,w64,flac,ogg,aac,aiff,au,amr,amrnb,amrwb,asf,caf,avi,mpeg,mpegts,"
    "ac3,eac3,tta,wv,flv"
)
# How shops for music and books mark what they have encrypted
PROTECTED: Final = frozenset({"drms", "aavd"})
# Streams without a clock, also where they are packed into a WAV: their times are counted, so lost bytes are lost time
UNCLOCKED: Final = frozenset({"mp3", "ac3", "eac3"})
# Times are counted here too, but an index says where each part of the file belongs
INDEXED: Final = frozenset({"avi"})
# Whose packets have a checksum of their sound, which FFmpeg does not look at unless it is told to: damage would be noise
CHECKED: Final = frozenset({"wavpack", "tta"})
# Without a size in the file, FFmpeg only guesses how long these are
GUESSED: Final = frozenset({"aac", "ac3", "eac3", "amr", "amrnb", "amrwb"})


Begun = Callable[[], None]


def probe(source: BinaryIO) -> AudioFacts:
    """What the recording in a seekable binary file is, decided by decoding its first sound.

    Raises EmptyFile, NotAudio, NoSound, NothingRecorded, Protected or Unfinished.
    """
    with _opened(source) as container:
        stream = _sound(container)
        empty = True
        for number, packet in enumerate(_packets(container, stream)):
            empty &= not packet.size
            # what is encrypted may still decode, to noise
            if stream.codec_context.codec_tag in PROTECTED or packet.has_sidedata("encryption_info"):
                raise Protected
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
    raise NothingRecorded if empty else NotAudio


def measure(source: BinaryIO) -> float:
    """Seconds of sound in a recording that does not declare them, counted from its packets without decoding any."""
    with _opened(source) as container:
        stream = _sound(container)
        raw = frames_of(source, container.format.name)
        if raw is not None:
            return max(frame.time for frame in raw)
        ends = [
            float((packet.pts + (packet.duration or 0)) * packet.time_base)
            for packet in _packets(container, stream)
            if packet.pts is not None
        ]
        return max(ends, default=0.0) - max(0.0, float((stream.start_time or 0) * (stream.time_base or 0)))


def decode(source: BinaryIO, *, skip: Collection[int] = (), begun: Begun = lambda: None) -> Iterator[Block]:
    """The sound of a recording as consecutive blocks of about a second, one or two channels, without a gap between them.

    More than two channels are averaged in pairs: the first, third, … become the left, the others the right. `begun` is called
    before each packet is decoded; those whose number is in `skip` are taken for damaged. Raises what `probe` raises.
    """
    with _opened(source) as container:
        stream = _sound(container)
        # one thread for each core would cost memory that the child process does not have
        stream.codec_context.thread_count = 1
        if stream.codec_context.name in CHECKED:
            stream.codec_context.options = {"err_detect": "crccheck+explode"}
        line = Timeline(_declared(source, container, stream))
        raw = frames_of(source, container.format.name)
        if raw is None:
            yield from _of_packets(line, container, stream, skip, begun)
        else:
            yield from _of_frames(line, raw, stream, skip, begun)
    if line.channels == 0:
        raise NotAudio()


def _of_packets(
    line: Timeline, container: InputContainer, stream: AudioStream, skip: Collection[int], begun: Begun
) -> Iterator[Block]:
    lost = _Lost(container.format.name, stream)
    for number, packet in enumerate(_packets(container, stream)):
        begun()
        frames = None if number in skip else _frames(packet)
        lost.account(packet, frames)
        line.broken |= frames is None
        for frame in frames or ():
            time = None if frame.pts is None or frame.time_base is None else float(frame.pts * frame.time_base)
            yield from line.add(frame, None if time is None else time + lost.seconds)
    yield from line.finish()


def _of_frames(
    line: Timeline, raw: Iterator[Frame], stream: AudioStream, skip: Collection[int], begun: Begun
) -> Iterator[Block]:
    end = 0.0
    for number, one in enumerate(raw):
        begun()
        end = one.time
        frames = None if number in skip else _frames(Packet(one.data), stream)
        line.broken |= frames is None
        for frame in frames or ():
            yield from line.add(frame, one.time)
    yield from line.finish(end)


def _opened(source: BinaryIO) -> InputContainer:
    size = source.seek(0, 2)
    source.seek(0)
    if size == 0:
        raise EmptyFile()
    try:
        return av.open(source, mode="r", metadata_errors="ignore", options={"format_whitelist": CONTAINERS})
    except av.error.MemoryError:
        raise
    except av.FFmpegError:
        source.seek(0)
        # the first box of an MP4 names its kind; its index comes last when a recorder is stopped properly
        unfinished = source.read(12)[4:8] == b"ftyp"
        raise (Unfinished() if unfinished else NotAudio()) from None


def _sound(container: InputContainer) -> AudioStream:
    if not container.streams.audio:
        raise NoSound() if container.streams.video else NotAudio()
    for stream in container.streams.audio:
        # None where the library does not know the codec, whatever its types say
        codec: object = stream.codec_context
        if codec is not None:
            return stream
    raise NotAudio


def _declared(source: BinaryIO, container: InputContainer, stream: AudioStream) -> float | None:
    """Duration of the sound in seconds as written in the file; None where FFmpeg would guess it, or only knows the picture's."""
    name = container.format.name
    if name in GUESSED or (name == "mp3" and not _has_mp3_header(source)):
        return None
    if name == "asf" and container.streams.video:  # each stream is said to be as long as the longest
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


def _frames(packet: "Packet[Any]", stream: AudioStream | None = None) -> list[AudioFrame] | None:
    """The sound in a packet, which may hold none; None when it is damaged. `stream` is for a packet we cut ourselves."""
    try:
        decoded = packet.decode() if stream is None else stream.codec_context.decode(packet)
        return [frame for frame in decoded if isinstance(frame, AudioFrame) and frame.samples]
    except av.error.MemoryError:
        raise
    except av.FFmpegError:
        return None


class _Lost:
    """How much later than its own count a stream without a clock really is, from the bytes that gave no sound or from the index
    of the file."""

    def __init__(self, container: str, stream: AudioStream) -> None:
        self.seconds = 0.0
        inside = stream.codec_context.name.startswith(("mp2", "mp3"))
        self._unclocked = container in UNCLOCKED or (container == "wav" and inside)
        self._index = [(one.pos, one.timestamp) for one in stream.index_entries] if container in INDEXED else []
        self._good_bytes = 0
        self._good_seconds = 0.0

    def account(self, packet: "Packet[AudioStream]", frames: list[AudioFrame] | None) -> None:
        if self._index and packet.pos is not None and packet.pts is not None:
            place = bisect_right(self._index, packet.pos, key=lambda one: one[0]) - 1
            late = (self._index[max(0, place)][1] - packet.pts) * packet.time_base
            self.seconds = max(self.seconds, float(late))
        if not self._unclocked or not packet.size:
            return
        if frames:
            self._good_bytes += packet.size
            self._good_seconds += sum(frame.samples / frame.sample_rate for frame in frames)
        elif frames is None and self._good_bytes:
            counted = float((packet.duration or 0) * packet.time_base)
            self.seconds += max(0.0, packet.size * self._good_seconds / self._good_bytes - counted)
