"""The copy that a person listens to, and its waveform."""

import io

import numpy as np
import pytest

from pipeline.recording.decode import probe
from pipeline.recording.peaks import Peaks
from pipeline.recording.playback import Playback
from pipeline.recording.sound import PEAKS_PER_SECOND, RATE
from tests.pipeline.media import hum, person, shift, sound


class Sink:
    """A target that can only be written to, as a sealing writer is."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []

    def write(self, data: bytes) -> int:
        self.parts.append(bytes(data))
        return len(data)


@pytest.mark.parametrize("channels", [1, 2])
def test_the_copy_is_written_forward_while_sound_comes_in(channels: int) -> None:
    original = np.repeat(hum(20.0, loudness=0.05), channels, axis=0)
    sink = Sink()
    playback = Playback(sink, channels)  # type: ignore[arg-type]
    for start in range(0, original.shape[1], 7_777):
        playback.add(original[:, start : start + 7_777])
    assert sum(map(len, sink.parts)) > 50_000, "nothing is held back until the end"
    playback.close()
    data = b"".join(sink.parts)
    facts = probe(io.BytesIO(data))
    assert (facts.codec, facts.channels, facts.sample_rate) == ("aac", channels, RATE)
    assert len(data) / 20.0 < 8_500  # bytes a second, 48 kbit/s and the frame around it
    copy = sound(data)
    assert copy.shape[1] / RATE == pytest.approx(20.0, abs=0.2)
    assert abs(shift(original, copy, 15.0)) < 0.1


def test_the_target_stays_open() -> None:
    target = io.BytesIO()
    playback = Playback(target, 1)
    playback.add(person("man"))
    playback.close()
    assert not target.closed
    assert probe(target).codec == "aac"


def test_peaks_are_lowest_and_highest_of_each_fiftieth_of_a_second() -> None:
    samples = np.zeros((2, RATE), np.int16)
    samples[0, 0], samples[0, 1] = -32768, 32767
    samples[1, 330] = 256
    points = np.frombuffer(_peaks(samples, 100), np.int8).reshape(-1, 2, 2)
    assert points.shape[0] == PEAKS_PER_SECOND
    assert points[0].tolist() == [[-128, 127], [0, 0]]
    assert points[1].tolist() == [[0, 0], [0, 1]]
    assert not points[2:].any()


def test_peaks_do_not_depend_on_the_blocks_and_keep_the_rest() -> None:
    samples = hum(1.01)
    assert _peaks(samples, 999) == _peaks(samples, samples.shape[1])
    assert len(_peaks(samples, 999)) == 51 * 2
    assert Peaks().close() == b""


def _peaks(samples: np.ndarray[tuple[int, ...], np.dtype[np.int16]], size: int) -> bytes:
    peaks = Peaks()
    for start in range(0, samples.shape[1], size):
        peaks.add(samples[:, start : start + size])
    return peaks.close()
