"""A recording becomes sound, whatever state it is in."""

import io
from pathlib import Path

import av
import numpy as np
import pytest
from faster_whisper.audio import decode_audio

from pipeline.recording.decode import decode, measure, probe
from pipeline.recording.sound import RATE, Block, EmptyFile, NoSound, NotAudio, NothingRecorded, Protected, Unfinished
from tests.pipeline import media
from tests.pipeline.media import FORMS, damaged, encoded, film, hum, shift, sound


def blocks(data: bytes) -> list[Block]:
    return list(decode(io.BytesIO(data)))


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("channels", [1, 2])
def test_facts_and_sound_of_every_form(form: str, channels: int) -> None:
    if FORMS[form][1] == "libopencore_amrnb":
        channels = 1  # that is all AMR has
    original = np.repeat(hum(6.0), channels, axis=0)
    data = encoded(original, form)
    facts = probe(io.BytesIO(data))
    assert (facts.channels, facts.sample_rate) == (channels, FORMS[form][2])
    seconds = facts.duration if facts.duration is not None else measure(io.BytesIO(data))
    assert seconds == pytest.approx(6.0, abs=0.2)
    heard = sound(data)
    assert heard.dtype == np.int16
    assert heard.shape[0] == channels
    assert heard.shape[1] / RATE == pytest.approx(6.0, abs=0.2)
    assert not any(block.damaged for block in blocks(data))
    assert abs(shift(original, heard, 3.0, 1.0)) <= 0.1


def test_times_of_blocks_follow_each_other() -> None:
    position = 0.0
    for block in blocks(damaged(encoded(hum(20.0), "mp3"))):
        assert block.start == pytest.approx(position, abs=1e-9)
        position = block.end
    assert position == pytest.approx(20.0, abs=0.2)


DAMAGEABLE = (
    "m4a",
    "aac",
    "mp3",
    "opus",
    "webm",
    "flac",
    "wma",
    "amr",
    "ac3",
    "eac3",
    "tta",
    "wv",
    "ts",
    "3gp",
    "avi",
    "mp3 in wav",
)


@pytest.mark.parametrize("form", DAMAGEABLE)
def test_damage_costs_what_is_damaged_and_later_times_hold(form: str) -> None:
    original = hum(40.0)
    whole = encoded(original, form)
    heard = blocks(damaged(whole))
    joined = np.concatenate([block.samples for block in heard], axis=1)
    lost = [block for block in heard if block.damaged]
    assert lost
    assert 0 < sum(block.end - block.start for block in lost) < 6
    assert all(block.start > 14 and block.end < 26 for block in lost)
    assert joined.shape[1] / RATE == pytest.approx(40.0, abs=0.2)
    undamaged = sound(whole)
    for time in (8.0, 30.0):
        assert abs(shift(original, joined, time)) <= 0.2
        assert abs(shift(original, joined, time) - shift(original, undamaged, time)) <= 0.05


def test_reading_goes_on_after_an_error_of_the_container() -> None:
    original = hum(40.0)
    heard = sound(damaged(encoded(original, "flac in ogg"), size=40_000))
    assert heard.shape[1] / RATE == pytest.approx(40.0, abs=0.2)
    assert abs(shift(original, heard, 33.0)) <= 0.2


def test_a_damaged_beginning_is_a_loss_too() -> None:
    original = hum(20.0)
    data = encoded(original, "m4a")
    heard = blocks(damaged(data, at=data.index(b"mdat") + 4))
    assert heard[0].damaged
    assert abs(shift(original, np.concatenate([block.samples for block in heard], axis=1), 10.0)) <= 0.2


def test_the_decoder_of_the_library_closes_the_gap_in_opus_so_that_later_times_are_wrong() -> None:
    """The control for a form whose packets stand on their own: nothing says that two seconds are gone."""
    original = hum(40.0)
    theirs = decode_audio(io.BytesIO(damaged(encoded(original, "opus"))))
    assert theirs.shape[0] / RATE < 39
    assert shift(original, np.round(theirs * 32767).astype(np.int16)[None, :], 30.0) < -0.5


@pytest.mark.parametrize("form", ["m4a", "mp3"])
def test_the_decoder_of_the_library_loses_the_second_half(form: str) -> None:
    """The control: the same damage, decoded by the library's own function."""
    data = damaged(encoded(hum(60.0), form))
    assert decode_audio(io.BytesIO(data)).shape[0] / RATE < 35
    assert sound(data).shape[1] / RATE > 59


@pytest.mark.parametrize("form", ["webm", "flac", "mp3", "wav"])
def test_what_a_cut_file_promised_is_marked_as_damaged(form: str) -> None:
    data = encoded(hum(20.0), form)
    heard = blocks(data[: len(data) // 2])
    assert heard[-1].damaged
    assert heard[-1].end == pytest.approx(20.0, abs=0.2)
    assert sum(block.end - block.start for block in heard if block.damaged) == pytest.approx(10.0, abs=1.5)


def test_a_live_wav_header_promises_nothing() -> None:
    data = bytearray(encoded(hum(2.0), "wav"))
    data[4:8] = b"\xff\xff\xff\xff"
    assert not any(block.damaged for block in blocks(bytes(data)))


def test_other_sample_rates_keep_their_time() -> None:
    rate = 44_100
    slow = hum(10.0)
    fast = np.repeat(slow, 3, axis=1)  # 48 kHz by repetition
    assert abs(shift(slow, sound(encoded(fast, "wav", rate=48_000)), 5.0)) < 0.01
    assert sound(encoded(hum(5.0, rate=rate), "m4a", rate=rate)).shape[1] / RATE == pytest.approx(5.0, abs=0.05)


@pytest.mark.parametrize("channels", [2, 3, 4, 5, 6, 8, 16])
def test_any_number_of_channels_becomes_two(channels: int) -> None:
    heard = sound(media.many(channels))
    numbers = np.arange(1, channels + 1)
    assert heard.shape == (2, RATE)
    assert heard[:, 500].tolist() == [round(100 * numbers[first::2].mean()) for first in (0, 1)]


def test_a_rate_far_beyond_hearing_keeps_its_time() -> None:
    assert sound(media.many(1, rate=192_000)).shape[1] / RATE == pytest.approx(1.0, abs=0.01)


def test_what_is_protected_or_never_began_is_refused_with_its_own_reason() -> None:
    clear = media.encoded(hum(3.0), "m4a")
    shop = clear.replace(b"mp4a", b"drms")
    for data, error in (
        (media.protected(hum(3.0)), Protected),
        (shop, Protected),
        (media.many(2)[:44], NothingRecorded),
    ):
        with pytest.raises(error):
            probe(io.BytesIO(data))
    assert probe(io.BytesIO(clear)).codec == "aac"


def test_what_is_no_recording_is_refused_with_a_reason() -> None:
    text = b"Interviewer: Thank you for coming.\n" * 50
    m4a = encoded(hum(5.0), "m4a")
    for data, error in (
        (b"", EmptyFile),
        (text, NotAudio),
        (bytes(5000), NotAudio),
        (np.random.default_rng(0).bytes(5000), NotAudio),
        (film(None), NoSound),
        (_image(), NotAudio),
        (m4a[: len(m4a) // 2], Unfinished),
        (_of_an_unknown_codec(), NotAudio),
    ):
        with pytest.raises(error):
            probe(io.BytesIO(data))
        with pytest.raises(error):
            blocks(data)


def test_a_playlist_does_not_open_other_files(tmp_path: Path) -> None:
    """FFmpeg follows playlists to other files; the control shows that it would."""
    (tmp_path / "other.wav").write_bytes(encoded(hum(1.0), "wav"))
    playlist = f"ffconcat version 1.0\nfile '{tmp_path}/other.wav'\n".encode()
    with av.open(io.BytesIO(playlist), options={"safe": "0"}) as container:
        assert container.streams.audio
    with pytest.raises(NotAudio):
        probe(io.BytesIO(playlist))


def test_an_error_of_the_source_is_not_swallowed() -> None:
    class Broken(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            if self.tell() > 60_000:
                raise PermissionError("sealed with another key")
            return super().read(size)

    with pytest.raises(PermissionError):
        list(decode(Broken(encoded(hum(20.0), "wav"))))


@pytest.mark.parametrize("form", ["mp4", "matroska", "mpegts", "mov", "asf"])
def test_a_film_whose_sound_is_shorter_than_its_picture_is_not_damaged(form: str) -> None:
    data = film(hum(3.0), form)
    heard = blocks(data)
    assert not any(block.damaged for block in heard)
    assert heard[-1].end == pytest.approx(3.0, abs=0.1)


def _of_an_unknown_codec() -> bytes:
    wav = bytearray(encoded(hum(5.0), "wav"))
    wav[20:22] = b"\x34\x12"
    return bytes(wav)


def _image() -> bytes:
    target = io.BytesIO()
    with av.open(target, "w", format="image2pipe") as container:
        stream = container.add_stream("png", rate=1)
        stream.width = stream.height = 64
        stream.pix_fmt = "rgb24"
        container.mux(stream.encode(av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), format="rgb24")))
        container.mux(stream.encode(None))
    return target.getvalue()


def test_lossless_sound_comes_through_unchanged() -> None:
    assert np.array_equal(sound(encoded(hum(1.0), "flac")), hum(1.0))
