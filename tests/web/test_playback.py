"""The playback copy as it is served: in ranges, from memory, and not a moment longer than the recording lives."""

import io
import threading
import time
from http.client import IncompleteRead

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.recording import levels
from pipeline.recording.playback import Playback
from pipeline.reviews import ConversationGone
from retention import destroy, orders, withdrawal
from tests import story
from tests.pipeline import media
from tests.story import FIRST, Stage
from tests.web.sites import Site
from web.pages import playback, playback_index

SOUND = f"/conversations/{FIRST}/playback"
WAVEFORM = f"/conversations/{FIRST}/waveform"


@pytest.fixture
def stage() -> Stage:
    return Stage.TRANSCRIBED


def copy_of(samples: media.Samples) -> io.BytesIO:
    target = io.BytesIO()
    written = Playback(target, samples.shape[0])
    # in windows of no round length, as they come from transcribing
    for start in range(0, samples.shape[1], 37_123):
        written.add(samples[:, start : start + 37_123])
    written.close()
    return target


def served(copy: io.BytesIO) -> bytes:
    layout = playback_index.lay_out(copy)
    return layout.read(copy, 0, layout.size)


@pytest.mark.parametrize("channels", [1, 2])
def test_what_is_served_is_the_recording_second_for_second(channels: int) -> None:
    original = np.repeat(media.hum(21), channels, axis=0)
    decoded = media.sound(served(copy_of(original)))
    assert decoded.shape[0] == channels
    for second in (3.0, 10.0, 16.0):
        assert abs(media.shift(original, decoded, second)) < 0.005


def test_what_is_served_can_be_read_in_any_pieces() -> None:
    copy = copy_of(media.hum(5))
    layout, whole = playback_index.lay_out(copy), served(copy)
    assert len(whole) == layout.size
    for size in (1, 700, 4_099, layout.size):
        parts = [layout.read(copy, at, min(layout.size, at + size)) for at in range(0, layout.size, size)]
        assert b"".join(parts) == whole


def test_what_is_not_a_playback_copy_is_named() -> None:
    good = copy_of(media.hum(3)).getvalue()
    for bad in (b"", b"abc", good[:-9], good[:500], good.replace(b"traf", b"fart"), bytes(100)):
        with pytest.raises(playback_index.NotAPlaybackCopy):
            playback_index.lay_out(io.BytesIO(bad))


@given(first=st.integers(0, 1 << 40), length=st.integers(1, 1 << 40), size=st.integers(1, 1 << 40))
@settings(max_examples=200)
def test_a_range_is_never_more_than_a_mebibyte_and_never_more_than_there_is(first: int, length: int, size: int) -> None:
    for header in (f"bytes={first}-{first + length - 1}", f"bytes={first}-", f"bytes=-{length}"):
        found = playback.asked_for(header, size)
        if found is not None:
            assert 0 <= found[0] < found[1] <= min(size, found[0] + (1 << 20))
    assert playback.asked_for(f"bytes={size}-", size) is None


def test_what_asks_for_everything_or_nothing_gets_nothing(site: Site) -> None:
    for header in ("", "bytes", "bytes=", "bytes=-", "bytes=a-b", "bytes=0-1,5-6", "bytes=5-2", "bytes=999-", "x=0-1"):
        assert playback.asked_for(header, 999) is None
    answer = site.client("ana").get(SOUND)
    assert (answer.status, answer.body) == (416, b"")
    assert answer.headers["content-range"].startswith("bytes */")


def test_a_reviewer_gets_the_range_and_nothing_is_to_be_kept(site: Site) -> None:
    client = site.client("ana")
    answer = client.get(SOUND, Range="bytes=0-", **{"Sec-Fetch-Dest": "audio"})
    assert answer.status == 206
    assert answer.headers["content-type"] == "audio/mp4"
    assert answer.headers["cache-control"] == "no-store"
    size = int(answer.headers["content-range"].rpartition("/")[2])
    assert len(answer.body) == min(size, 1 << 20)
    assert client.get(SOUND, Range="bytes=100-199").body == answer.body[100:200]
    assert client.get(SOUND, Range="bytes=-50").body == answer.body[-50:]
    want, have = media.sound(story.recording("woman", "man", "woman")), media.sound(answer.body)
    assert [abs(media.shift(want, have, at)) < 0.005 for at in (5.0, 11.0)] == [True, True]


def test_the_recording_is_not_offered_to_be_saved(site: Site) -> None:
    client = site.client("ana")
    assert client.get(SOUND, Range="bytes=0-", **{"Sec-Fetch-Dest": "document"}).status == 409
    assert client.get(SOUND, Range="bytes=0-", **{"Sec-Fetch-Dest": "video"}).status == 409


def test_what_has_no_playback_copy_is_not_found(site: Site) -> None:
    client = site.client("ana")
    for conversation in (story.OTHER, story.PLANNED, "C-999"):
        for what in ("playback", "waveform"):
            assert client.get(f"/conversations/{conversation}/{what}", Range="bytes=0-").status == 404


def test_nobody_listens_who_may_not(site: Site) -> None:
    for path in (SOUND, WAVEFORM):
        assert site.client().get(path, Range="bytes=0-").status == 303
        for name in ("ben", "dora"):
            assert site.client(name).get(path, Range="bytes=0-").status == 403


def test_the_waveform_is_that_of_the_recording(site: Site) -> None:
    peaks = np.frombuffer(site.client("ana").get(WAVEFORM).body, np.int8).reshape(-1, 2)
    assert 100 < len(peaks) <= playback.POINTS
    assert peaks[:, 1].max() > 10
    assert (peaks[:, 0] <= peaks[:, 1]).all()


def test_a_shrunk_waveform_keeps_every_peak() -> None:
    table = np.zeros((100_001, 2, 2), np.int8)
    table[77_777, 1] = (-90, 101)
    small = np.frombuffer(levels.shrunk(table.tobytes(), 2, 1200), np.int8).reshape(-1, 2, 2)
    assert len(small) == 1200
    assert (small[:, 0] == 0).all()
    assert small[:, 1, 0].min() == -90 and small[:, 1, 1].max() == 101


def test_after_destruction_it_is_gone_at_once(site: Site) -> None:
    client = site.client("ana")
    assert client.get(SOUND, Range="bytes=0-9").status == 206
    withdrawal.withdraw(site.home, site.story.ben, story.password("ben"), FIRST)
    assert client.get(SOUND, Range="bytes=0-9").status == 410
    assert client.get(WAVEFORM).status == 410


def test_a_reader_on_its_way_is_stopped(site: Site) -> None:
    on_its_way = playback.pieces(site.home, FIRST, 0, 200_000)
    assert len(next(on_its_way)) == playback.PIECE
    withdrawal.withdraw(site.home, site.story.ben, story.password("ben"), FIRST)
    with pytest.raises(ConversationGone):
        next(on_its_way)


def test_a_playing_tab_gets_at_most_a_mebibyte_more(site: Site) -> None:
    """A tab that asks for the next range as soon as it has one, all through a withdrawal and its destruction."""
    client, had, statuses = site.client("ana"), list[tuple[float, int]](), list[int]()
    playing = threading.Event()

    def play() -> None:
        while not statuses or statuses[-1] == 206:
            try:
                answer = client.get(SOUND, Range="bytes=0-")
                status, size = answer.status, len(answer.body) if answer.status == 206 else 0
            except IncompleteRead as broken_off:
                status, size = 206, len(broken_off.partial)
            statuses.append(status)
            had.append((time.monotonic(), size))
            playing.set()

    tab = threading.Thread(target=play)
    tab.start()
    assert playing.wait(60)
    order = withdrawal.withdraw(site.home, site.story.ana, story.password("ana"), FIRST).order
    closed = time.monotonic()
    orders.approve(site.home, site.story.ben, story.password("ben"), order)
    destroy.carry_out(site.home, order)
    tab.join()
    assert statuses[-1] == 410 and set(statuses[:-1]) == {206}
    assert sum(size for at, size in had if at > closed) <= 1 << 20
    assert sum(size for at, size in had if at <= closed) > 0, "the control: it had sound before"
