"""Sound in memory: windows cut in silence, loudness, and whether two channels are two microphones.

Samples are int16 of shape (channels, n) at 16 kHz throughout; times are seconds from the start of the recording.
"""

import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipeline.recording.sound import RATE, Block
from pipeline.transcripts.transcript import Span

with warnings.catch_warnings():
    # on import pydub complains about a missing ffmpeg, which it must never use here: it leaves recordings in temporary files
    warnings.simplefilter("ignore")
    from pydub import AudioSegment
    from pydub.silence import detect_silence

Samples = NDArray[np.int16]

CUT_SEARCH: Final = 0.2  # share of the limit, before its end, in which the longest silence is looked for
# seconds of the first window at most, since nothing can be heard while it is made ready; each that follows may be twice as long,
# so that it is ready when the one before is heard
FIRST: Final = 60.0
PAUSE: Final = 200  # milliseconds
QUIET: Final = -45.0  # dBFS; voice detection starts to lose quieter speech
TARGET: Final = -23.0  # dBFS
HEADROOM: Final = -1.0  # dBFS
NOTHING: Final = -90.0  # dBFS; at and below it there is only rounding noise
STANDS_OUT: Final = 15.0  # dB by which somebody who speaks is louder than the room
FRAME: Final = RATE // 10
SPOKEN: Final = (
    18  # dB below the loudest speech, down to which a channel has speech; the quieter person must be within it
)


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Window:
    """A piece of the recording that is transcribed in one go; `damaged` in seconds of the recording."""

    index: int
    start: float
    samples: Samples
    damaged: tuple[Span, ...]
    final: bool

    @property
    def end(self) -> float:
        return self.start + int(self.samples.shape[1]) / RATE


def windows(blocks: Iterable[Block], limit: float = 300.0) -> Iterator[Window]:
    """Consecutive windows of at most `limit` seconds (FIRST for the first, then twice as many each), cut in the longest silence
    of the last fifth of that.

    Holds one window and one block at a time. The same recording always gives the same windows, so that work can go on where it
    stopped.
    """
    most = round(min(limit, FIRST) * RATE)
    index, start = 0, 0
    held: list[Samples] = []
    damage: list[Span] = []
    for block in blocks:
        held.append(block.samples)
        if block.damaged:
            damage.append(Span(start=block.start, end=block.end))
        while sum(part.shape[1] for part in held) > most:
            joined = np.concatenate(held, axis=1)
            cut = _cut(joined[:, :most])
            yield _window(index, start, joined[:, :cut], damage, final=False)
            most = min(2 * most, round(limit * RATE))
            index, start, held = index + 1, start + cut, [joined[:, cut:]]
            damage = [span for span in damage if span.end > start / RATE]
    if held:
        yield _window(index, start, np.concatenate(held, axis=1), damage, final=True)


def _window(index: int, start: int, samples: Samples, damage: list[Span], *, final: bool) -> Window:
    begin, end = start / RATE, (start + samples.shape[1]) / RATE
    inside = [Span(start=max(span.start, begin), end=min(span.end, end)) for span in damage if span.start < end]
    return Window(index=index, start=begin, samples=samples.copy(), damaged=_joined(inside), final=final)


def _joined(spans: list[Span]) -> tuple[Span, ...]:
    """Spans in order of time, with those that touch made one."""
    whole: list[Span] = []
    for span in spans:
        if whole and span.start <= whole[-1].end:
            whole[-1] = Span(start=whole[-1].start, end=max(span.end, whole[-1].end))
        else:
            whole.append(span)
    return tuple(whole)


def _cut(samples: Samples) -> int:
    """Where to cut, in samples: the middle of the longest silence near the end, else the quietest tenth of a second."""
    first = round(int(samples.shape[1]) * (1 - CUT_SEARCH))
    tail = samples[:, first:]
    loudness = _levels(tail).max(axis=0)
    quietest, quiet, loud = np.percentile(loudness, (1, 10, 90))
    # where somebody speaks nearly all the time, a tenth of it is speech too
    threshold = float(min(quiet + 6, (quietest + loud) / 2))
    pauses = detect_silence(segment(tail), min_silence_len=PAUSE, silence_thresh=threshold, seek_step=20)
    if pauses:
        begin, end = max(pauses, key=lambda pause: pause[1] - pause[0])
        return first + int(begin + end) * RATE // 2000
    return first + int(loudness.argmin()) * FRAME + FRAME // 2


def segment(samples: Samples) -> AudioSegment:
    """The samples as a pydub segment, from raw PCM already in memory."""
    return AudioSegment(
        data=np.ascontiguousarray(samples.T).tobytes(), sample_width=2, frame_rate=RATE, channels=samples.shape[0]
    )


def _samples(sound: AudioSegment) -> Samples:
    return np.frombuffer(sound.raw_data, dtype=np.int16).reshape(-1, sound.channels).T


def _levels(samples: Samples) -> NDArray[np.float64]:
    """RMS level of each tenth of a second and channel in dBFS, shape (channels, frames); -120 for digital silence."""
    count = max(1, samples.shape[1] // FRAME)
    frames = samples[:, : count * FRAME].reshape(samples.shape[0], count, -1)
    # exact, and without a copy of a window in numbers four times as long
    squares = np.einsum("cfn,cfn->cf", frames, frames, dtype=np.float64)
    power = squares / frames.shape[2] / 32768**2
    return np.asarray(10 * np.log10(np.maximum(power, 1e-12)))


def speech_level(samples: Samples) -> float:
    """How loud the speech is in dBFS RMS: the mean power of the louder fifth of all tenths of a second, in the louder channel."""
    levels = np.sort(_levels(samples), axis=1)
    loud = levels[:, -max(1, levels.shape[1] // 5) :]
    return float((10 * np.log10(np.mean(10 ** (loud / 10), axis=1))).max())


def raise_quiet(samples: Samples, below: float = QUIET) -> Samples:
    """The same sound, made louder when its speech is so quiet that voice detection would miss it: below so many dBFS.

    All channels get the same gain, so that the difference between them still tells who speaks. A single loud click does not
    stand in the way: it is clipped.
    """
    level = speech_level(samples)
    if not NOTHING < level < below:
        return samples
    peak = float(np.percentile(np.abs(samples.astype(np.int32)), 99.9))
    room = HEADROOM - 20 * np.log10(max(peak, 1.0) / 32768)
    return _samples(segment(samples).apply_gain(max(0.0, min(TARGET - level, room))))


def stands_out(samples: Samples) -> bool:
    """Whether there is more than the steady noise of a room: somebody far away, perhaps."""
    return speech_level(samples) - float(np.percentile(_levels(samples).max(axis=0), 10)) >= STANDS_OUT


def channel_levels(samples: Samples) -> NDArray[np.float64]:
    """What `balance` needs of a stretch of two-channel sound: levels in dBFS, shape (2, tenths of a second).

    Stretches can be joined along the second axis, so that a whole recording can be judged without holding it.
    """
    return _levels(samples)


def balance(levels: NDArray[np.float64]) -> float | None:
    """How much louder the first microphone is set than the second, in dB; None when there are no two microphones.

    With two people and two microphones the difference between the channels moves between two values, and each channel has
    speech and pauses of its own. Bleed only brings the two values closer: at -3 dB they are still 6 dB apart.
    """
    quiet, loud = np.percentile(levels, (5, 95), axis=1)
    difference = (levels[0] - levels[1])[(levels > loud[:, None] - SPOKEN).any(axis=0)]
    if (loud - quiet).min() < 10 or difference.size < 10:
        return None
    low, high = (float(value) for value in np.percentile(difference, (5, 95)))
    return (low + high) / 2 if high - low >= 3 else None
