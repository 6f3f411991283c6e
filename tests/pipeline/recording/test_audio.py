"""Windows, loudness and channels."""

import ast
import tracemalloc
from collections.abc import Iterable, Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from pipeline.recording import audio
from pipeline.recording.audio import windows
from pipeline.recording.sound import RATE, Block
from pipeline.transcription import speech
from pipeline.transcripts.transcript import Span
from tests.pipeline.media import Samples, hum, person, silence, two_microphones

ROOT = Path(__file__).parents[2]
TO_DISK = ("from_file", "from_mp3", "from_ogg", "from_flv", "from_wav", "from_file_using_temporary_files", "export")


def blocks(samples: Samples, damaged: Iterable[tuple[float, float]] = ()) -> Iterator[Block]:
    """Samples in blocks of a second, some of them damaged."""
    for start in range(0, samples.shape[1], RATE):
        second = start / RATE
        bad = any(begin <= second < end for begin, end in damaged)
        yield Block(start=second, samples=samples[:, start : start + RATE], damaged=bad)


def talk(seconds: int, pauses: Iterable[float]) -> Samples:
    """Noise with a second of near silence from each of the given times on."""
    samples = hum(seconds)
    for pause in pauses:
        samples[:, round(pause * RATE) : round((pause + 1) * RATE)] = silence(1)
    return samples


def test_windows_are_the_whole_recording_in_order() -> None:
    samples = talk(70, (17, 36, 55))
    cut = list(windows(blocks(samples), limit=20))
    assert np.array_equal(np.concatenate([window.samples for window in cut], axis=1), samples)
    assert [window.index for window in cut] == list(range(len(cut)))
    assert [window.final for window in cut] == [False] * (len(cut) - 1) + [True]
    assert all(window.samples.shape[1] <= 20 * RATE for window in cut)
    for one, other in pairwise(cut):
        assert one.end == pytest.approx(other.start)


def test_the_first_window_is_short_so_that_hearing_begins_soon_and_the_next_are_twice_as_long() -> None:
    samples = talk(600, (50, 160, 340, 510))
    cut = list(windows(blocks(samples), limit=200))
    assert [window.end for window in cut] == pytest.approx([50.5, 160.5, 340.5, 510.5, 600], abs=0.2)
    assert np.array_equal(np.concatenate([window.samples for window in cut], axis=1), samples)


def test_a_window_ends_in_the_longest_silence_near_its_limit() -> None:
    samples = talk(30, (5, 17))
    samples[:, 18 * RATE + 8000 : 18 * RATE + 12000] = silence(0.25)  # a shorter one, nearer to the limit
    assert next(windows(blocks(samples), limit=20)).end == pytest.approx(17.5, abs=0.2)


def test_without_any_silence_a_window_still_ends() -> None:
    cut = list(windows(blocks(hum(50)), limit=20))
    assert sum(window.samples.shape[1] for window in cut) == 50 * RATE
    assert all(16 <= window.end - window.start <= 20 for window in cut[:-1])


def test_damage_is_reported_in_the_window_it_falls_into_and_split_at_its_edge() -> None:
    cut = list(windows(blocks(talk(60, (17,)), damaged=[(3, 5), (16, 20)]), limit=20))
    spans = [span for window in cut for span in window.damaged]
    assert sum(span.end - span.start for span in spans) == pytest.approx(6.0)
    assert cut[0].damaged[0] == Span(start=3.0, end=5.0)
    assert cut[0].damaged[-1].end == pytest.approx(cut[0].end)
    assert cut[1].damaged[0].start == pytest.approx(cut[1].start)


def test_memory_holds_one_window_and_not_the_recording() -> None:
    def endless(seconds: int) -> Iterator[Block]:
        for second in range(seconds):
            yield Block(start=float(second), samples=np.full((1, RATE), second % 7, np.int16))

    def peak(work: Iterable[object]) -> int:
        tracemalloc.start()
        for _ in work:
            pass
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    whole = 600 * RATE * 2
    assert peak(windows(endless(600), limit=30)) < whole / 2
    assert peak(windows(endless(600), limit=1000)) > whole  # the control: one window that holds everything


@pytest.mark.parametrize("level", [-57.0, -67.0, -77.0])
def test_quiet_speech_is_raised_until_voice_detection_finds_it(level: float) -> None:
    clip = person("woman")
    full = spoken(clip)
    quiet = np.round(clip * 10 ** ((level - audio.speech_level(clip)) / 20)).astype(np.int16)
    assert audio.speech_level(quiet) == pytest.approx(level, abs=0.5)
    assert spoken(audio.raise_quiet(quiet)) >= 0.95 * full
    if level < -60:
        assert spoken(quiet) < 0.7 * full  # the control: without it the speech is lost


def test_raising_leaves_other_sound_alone() -> None:
    loud = person("man")
    nothing = np.zeros((1, RATE), np.int16)
    assert audio.raise_quiet(loud) is loud
    assert audio.raise_quiet(nothing) is nothing
    assert audio.speech_level(nothing) == pytest.approx(-120)


def test_a_click_does_not_keep_speech_quiet() -> None:
    quiet = (person("woman") // 400).astype(np.int16)
    quiet[0, 1000:1004] = 30_000
    assert audio.speech_level(audio.raise_quiet(quiet)) > audio.QUIET


@pytest.mark.parametrize("bleed", [-40.0, -20.0, -12.0, -6.0, -3.0])
def test_two_microphones_are_recognised_through_bleed(bleed: float) -> None:
    assert audio.balance(audio.channel_levels(two_microphones(bleed=bleed)[0])) is not None


def test_one_sound_twice_and_a_dead_channel_are_not_two_microphones() -> None:
    mono = np.concatenate([person("woman"), silence(1), person("man"), silence(1)], axis=1)
    floor = silence(mono.shape[1] / RATE)[:, : mono.shape[1]]
    for second in (mono, mono // 2, floor, mono // 30 + floor):
        assert audio.balance(audio.channel_levels(np.concatenate([mono, second]))) is None


def test_balance_says_which_microphone_is_set_louder() -> None:
    samples, _ = two_microphones(bleed=-12)
    samples[1] //= 4
    found = audio.balance(audio.channel_levels(samples))
    assert found is not None
    assert found == pytest.approx(12, abs=2.5)


def test_pydub_never_reads_or_writes_a_file() -> None:
    """pydub spills to temporary files; the control is a module that would."""
    assert to_disk("from pydub import AudioSegment\nAudioSegment.from_file(x).export(y)") == ["from_file", "export"]
    modules = [
        path for path in ROOT.rglob("*.py") if not any(part.startswith(".") for part in path.relative_to(ROOT).parts)
    ]
    assert any("pydub" in path.read_text(encoding="utf-8") for path in modules)
    for path in modules:
        assert to_disk(path.read_text(encoding="utf-8")) == [], path.relative_to(ROOT)


def to_disk(source: str) -> list[str]:
    """Names of pydub's file functions that a module uses, in order, if it imports pydub at all."""
    tree = ast.parse(source)
    imported = [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
    names = [getattr(node, "module", None) or "" for node in imported] + [
        one.name for node in imported for one in node.names
    ]
    if not any(name.split(".")[0] == "pydub" for name in names):
        return []
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Attribute) and node.attr in TO_DISK]
    return [node.attr for node in sorted(calls, key=lambda node: (node.end_lineno or 0, node.end_col_offset or 0))]


def spoken(samples: Samples) -> float:
    return sum(span.end - span.start for span in speech.voices(speech.floats(samples)))
