"""Recordings made in memory, and two people reading."""

import io
import wave
from functools import cache
from pathlib import Path

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from numpy.typing import NDArray

from pipeline.recording.decode import decode
from pipeline.recording.sound import RATE

Samples = NDArray[np.int16]

MEDIA = Path(__file__).parent.parent / "media"
# What recorders, telephones and meeting programs write: the container, the codec, and the rate it runs at
FORMS = {
    "m4a": ("ipod", "aac", 16_000),
    "aac": ("adts", "aac", 16_000),
    "mp3": ("mp3", "libmp3lame", 16_000),
    "opus": ("ogg", "libopus", 48_000),
    "webm": ("webm", "libopus", 48_000),
    "flac": ("flac", "flac", 16_000),
    "wav": ("wav", "pcm_s16le", 16_000),
    "wma": ("asf", "wmav2", 16_000),
    "amr": ("amr", "libopencore_amrnb", 8_000),
    "3gp": ("3gp", "libopencore_amrnb", 8_000),
    "alac": ("ipod", "alac", 16_000),
    "aiff": ("aiff", "pcm_s16be", 16_000),
    "ac3": ("ac3", "ac3", 32_000),
    "eac3": ("eac3", "eac3", 32_000),
    "tta": ("tta", "tta", 16_000),
    "wv": ("wv", "wavpack", 16_000),
    "flv": ("flv", "aac", 16_000),
    "mka": ("matroska", "pcm_s24le", 16_000),
    "ts": ("mpegts", "aac", 16_000),
    "avi": ("avi", "libmp3lame", 16_000),
    "mp3 in wav": ("wav", "libmp3lame", 16_000),
    "flac in ogg": ("ogg", "flac", 16_000),
}


@cache
def person(name: str) -> Samples:
    """One person reading a sentence, `woman` or `man`, shape (1, n)."""
    return sound((MEDIA / f"{name}.flac").read_bytes())


def sound(data: bytes) -> Samples:
    """Everything in a recording, shape (channels, n)."""
    return np.concatenate([block.samples for block in decode(io.BytesIO(data))], axis=1)


def encoded(samples: Samples, form: str, rate: int = RATE, layout: str | None = None) -> bytes:
    """Samples of shape (channels, n) as the bytes of a recording."""
    container_name, codec, stream_rate = FORMS[form]
    target = io.BytesIO()
    with av.open(target, "w", format=container_name) as container:
        stream_rate = rate if stream_rate == RATE else stream_rate
        stream = container.add_stream(
            codec, rate=stream_rate, layout=layout or ("mono", "stereo")[samples.shape[0] - 1]
        )
        assert isinstance(stream, AudioStream)
        if codec == "wmav2":  # which has no rate of its own
            stream.bit_rate = 64_000
        frame = AudioFrame.from_ndarray(np.ascontiguousarray(samples), format="s16p", layout=stream.layout)
        frame.sample_rate, frame.pts = rate, 0
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return target.getvalue()


def many(channels: int, rate: int = RATE) -> bytes:
    """A second of WAV with so many channels, of which each holds nothing but its number times 100."""
    target = io.BytesIO()
    with wave.open(target, "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(np.tile(np.arange(1, channels + 1, dtype="<i2") * 100, rate).tobytes())
    return target.getvalue()


def protected(samples: Samples) -> bytes:
    """Samples of shape (1, n) as an encrypted MP4."""
    key, kid = "76a6c65c5ea762046bd749a2e632ccbb", "a7e61c373e219033c21091fa607bf3b8"
    options = {"encryption_scheme": "cenc-aes-ctr", "encryption_key": key, "encryption_kid": kid}
    target = io.BytesIO()
    with av.open(target, "w", format="mp4", options=options) as container:
        stream = container.add_stream("aac", rate=RATE, layout="mono")
        frame = AudioFrame.from_ndarray(samples, format="s16p", layout="mono")
        frame.sample_rate, frame.pts = RATE, 0
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return target.getvalue()


def film(samples: Samples | None, form: str = "mp4") -> bytes:
    """Eight seconds of picture, with or without sound that begins a second late."""
    target = io.BytesIO()
    with av.open(target, "w", format=form) as container:
        stream = container.add_stream("mpeg4", rate=10)
        sound_stream = container.add_stream("aac", rate=RATE, layout="mono") if samples is not None else None
        stream.width = stream.height = 64
        if sound_stream is not None and samples is not None:
            sounding = AudioFrame.from_ndarray(samples, format="s16p", layout="mono")
            sounding.sample_rate, sounding.pts = RATE, RATE
            container.mux(sound_stream.encode(sounding))
            container.mux(sound_stream.encode(None))
        for number in range(80):
            frame = av.VideoFrame.from_ndarray(np.full((64, 64, 3), number * 3, np.uint8), format="rgb24")
            frame.pts = number
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return target.getvalue()


def damaged(data: bytes, size: int = 2000, at: int | None = None) -> bytes:
    """The same recording with some bytes gone bad, in its middle where nothing else is said."""
    start = len(data) // 2 if at is None else at
    return data[:start] + np.random.default_rng(1).bytes(size) + data[start + size :]


def hum(seconds: float, rate: int = RATE, loudness: float = 0.1) -> Samples:
    """Noise that is never the same twice, so that any shift of it can be found again; shape (1, n)."""
    noise = np.random.default_rng(2).normal(0, loudness * 32767, (1, round(seconds * rate)))
    return np.clip(noise, -32768, 32767).astype(np.int16)


def silence(seconds: float, channels: int = 1) -> Samples:
    """Nearly nothing: the noise of a quiet room."""
    noise = np.random.default_rng(3).normal(0, 6, (channels, round(seconds * RATE)))
    return noise.astype(np.int16)


def shift(original: Samples, decoded: Samples, at: float, length: float = 3.0) -> float:
    """By how many seconds `decoded` is late against `original` around a time, by correlation, within two seconds."""
    start, size, reach = round(at * RATE), round(length * RATE), 2 * RATE
    want = original[0, start : start + size].astype(np.float64)
    have = decoded[0, start - reach : start + size + reach].astype(np.float64)
    width = 1 << (have.size + want.size).bit_length()
    match = np.fft.irfft(np.fft.rfft(have, width) * np.conj(np.fft.rfft(want, width)), width)
    return (int(match[: 2 * reach + 1].argmax()) - reach) / RATE


def two_microphones(
    turns: int = 6, bleed: float = -12.0, overlap: float = 0.3
) -> tuple[Samples, list[tuple[int, float, float]]]:
    """A conversation on two channels, and who speaks from when to when: the woman on the first, the man on the second.

    `bleed` says in dB how loud each is in the other's microphone; every other turn begins before the last has ended.
    """
    people = [person(name)[0].astype(np.float64) for name in ("woman", "man")]
    people = [voice * 2000 / np.sqrt(np.mean(voice**2)) for voice in people]
    length = sum(people[turn % 2].size + RATE for turn in range(turns)) + RATE
    clean = np.zeros((2, length))
    truth: list[tuple[int, float, float]] = []
    position = RATE // 2
    for turn in range(turns):
        who = turn % 2
        clean[who, position : position + people[who].size] += people[who]
        truth.append((who, position / RATE, (position + people[who].size) / RATE))
        position += people[who].size + (round(-overlap * RATE) if turn % 2 else RATE // 2)
    mixed = clean + 10 ** (bleed / 20) * clean[::-1] + np.random.default_rng(4).normal(0, 8, clean.shape)
    end = round((truth[-1][2] + 0.5) * RATE)
    return np.clip(mixed[:, :end], -32768, 32767).astype(np.int16), truth
