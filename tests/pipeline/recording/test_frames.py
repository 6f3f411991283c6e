"""Streams without a container, cut into their frames."""

import io

import numpy as np
import pytest

from pipeline.recording.frames import Frame, frames
from tests.pipeline.media import encoded, hum

WIDE = 61  # bytes of a frame of 23.85 kbit/s


def cut(data: bytes, container: str) -> list[Frame]:
    found = frames(io.BytesIO(data), container)
    assert found is not None
    return list(found)


def wide(count: int) -> bytes:
    """AMR-WB as a telephone writes it, of noise."""
    noise = np.random.default_rng(5)
    return b"#!AMR-WB\n" + b"".join(b"\x44" + noise.bytes(WIDE - 1) for _ in range(count))


@pytest.mark.parametrize("form", ["aac", "amr"])
def test_the_frames_are_the_whole_stream(form: str) -> None:
    data = encoded(hum(4.0), form)
    found = cut(data, form)
    head = 6 if form == "amr" else 0
    assert b"".join(frame.data for frame in found) == data[head:]
    assert found[-1].data == b""
    assert found[-1].time == pytest.approx(4.0, abs=0.15)
    times = [frame.time for frame in found]
    assert np.diff(times) == pytest.approx(times[1], abs=1e-9)


def test_wide_band_frames_have_sizes_of_their_own() -> None:
    found = cut(wide(50), "amr")
    assert len(found) == 51
    assert found[-1].time == pytest.approx(1.0)


def test_after_damage_the_frames_are_found_again_at_their_time() -> None:
    data = bytearray(wide(500))
    first = 9 + 200 * WIDE + 7
    data[first : first + 20 * WIDE] = np.random.default_rng(6).bytes(20 * WIDE)
    found = cut(bytes(data), "amr")
    whole = {frame.data: frame.time for frame in cut(wide(500), "amr")}
    late = [(frame.time, whole[frame.data]) for frame in found if frame.data in whole]
    assert len(late) > 470
    assert max(abs(here - there) for here, there in late) < 0.1


def test_a_tag_before_the_first_frame_is_no_loss() -> None:
    tag = b"ID3\x04\0\0\0\0\x02\0" + bytes(256)
    found = cut(tag + encoded(hum(1.0), "aac"), "aac")
    assert found[0].time == 0


def test_what_is_missing_at_the_end_or_all_of_it_ends_there() -> None:
    data = encoded(hum(2.0), "aac")
    assert [frame.data for frame in cut(bytes(3000), "aac")] == [b""]
    assert cut(data + bytes(2000), "aac")[-1].time > cut(data, "aac")[-1].time + 0.1
    assert cut(data[:-50], "aac")[-1].data == b""


def test_other_streams_are_not_cut_here() -> None:
    assert frames(io.BytesIO(encoded(hum(1.0), "mp3")), "mp3") is None
