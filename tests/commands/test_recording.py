"""`candour record`: everything is real but the microphone, which is a script."""

import os
import pty
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from commands import microphones
from commands.microphones import MicrophoneGone, Samples
from commands.recording import level
from pipeline.recording import arriving
from pipeline.recording.intake import marks
from storage.models import Incident, State
from storage.vault import KeyClass
from tests import story
from tests.commands.asking import ask, done, refused
from tests.story import FIRST, OTHER, Stage, Story

RATE = 48_000
ROOT = Path(__file__).parents[2]


class Script:
    """A microphone that hears a tone in each channel, and then does something."""

    rate, channels = RATE, 2

    def __init__(self, blocks: int, then: object = None, pause: float = 0.0) -> None:
        self._blocks, self._then, self._pause = blocks, then, pause

    def blocks(self) -> Iterator[Samples]:
        time_ = np.arange(RATE // 10) / RATE
        block = np.stack([9_000 * np.sin(2 * np.pi * pitch * time_) for pitch in (440, 880)]).astype(np.int16)
        for _ in range(self._blocks):
            time.sleep(self._pause)
            yield block
        if isinstance(self._then, BaseException):
            raise self._then
        os.kill(os.getpid(), signal.SIGINT)
        yield block


def given(monkeypatch: pytest.MonkeyPatch, script: Script) -> None:
    def stand_in(number: int | None, channels: int | None) -> AbstractContextManager[Script]:
        return nullcontext(script)

    monkeypatch.setattr(microphones, "opened", stand_in)


@pytest.fixture
def told(tmp_path: Path) -> Iterator[Story]:
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    yield story.at(Stage.PLANNED, tmp_path)
    for number, handler in zip((signal.SIGINT, signal.SIGTERM), before, strict=True):
        signal.signal(number, handler)


def test_what_is_spoken_is_sealed_until_ctrl_c(told: Story, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    given(monkeypatch, Script(35))
    found = ask(told, f"record --conversation {FIRST} --agreed")
    assert found["seconds"] == pytest.approx(3.6, abs=0.05) and found["channels"] == 2
    one = told.conversation(FIRST)
    assert one.state is State.RECORDED and one.recording is not None and one.recording.original_gone is not None
    assert story.rows(told.home, Incident) == 0
    spoken = told.stored()
    piece = spoken[len(spoken) // 2 :][:64]
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and piece in path.read_bytes()]
    (tmp_path / "planted").write_bytes(spoken)
    assert [path for path in tmp_path.rglob("*") if path.is_file() and piece in path.read_bytes()], "the control"


def test_nobody_is_recorded_who_has_not_agreed(told: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    given(monkeypatch, Script(5))
    code, message = refused(told, f"record --conversation {FIRST}")
    assert code == 3 and "has not agreed" in message
    assert not list(told.home.blobs.survey())


class Library(ModuleType):
    """A stand-in for sounddevice: one microphone, which hears what is said once its stream was started."""

    class PortAudioError(Exception):
        pass

    def __init__(self, *, starts: bool = True) -> None:
        super().__init__("sounddevice")
        self.streams: list[Stream] = []
        self._starts = starts

    def query_devices(self, number: int | None, kind: str) -> dict[str, float]:
        assert (number, kind) == (None, "input")
        return {"default_samplerate": float(RATE), "max_input_channels": 1}

    def InputStream(self, *, channels: int, callback: Callable[..., None], **_: object) -> "Stream":
        if channels > 1:
            raise self.PortAudioError
        self.streams.append(Stream(callback, None if self._starts else self.PortAudioError()))
        return self.streams[-1]


class Stream:
    def __init__(self, callback: Callable[..., None], trouble: Exception | None) -> None:
        self._callback, self._trouble = callback, trouble
        self.listening = self.started = self.closed = False

    def start(self) -> None:
        if self._trouble is not None:
            raise self._trouble
        self.listening = self.started = True

    def close(self) -> None:
        self.listening, self.closed = False, True

    def __enter__(self) -> "Stream":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def say(self, level: int) -> None:
        if self.listening:
            self._callback(np.full((RATE // 10, 1), level, np.int16), RATE // 10, None, None)


def installed(monkeypatch: pytest.MonkeyPatch, library: Library) -> Library:
    monkeypatch.setitem(sys.modules, "sounddevice", library)
    return library


def test_what_is_said_before_it_is_listened_to_is_not_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    library = installed(monkeypatch, Library())
    with microphones.opened(None, None) as source:
        (stream,) = library.streams
        stream.say(1)
        blocks = source.blocks()
        stream.say(2)
        assert np.array_equal(next(blocks), np.full((1, RATE // 10), 2))
    assert stream.closed


def test_no_microphone_listens_to_one_who_has_not_agreed(told: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    library = installed(monkeypatch, Library())
    code, message = refused(told, f"record --conversation {FIRST}")
    assert code == 3 and "has not agreed" in message
    (stream,) = library.streams
    assert stream.closed and not stream.started


def test_a_microphone_that_does_not_start_leaves_nothing(told: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    library = installed(monkeypatch, Library(starts=False))
    code, message = refused(told, f"record --conversation {FIRST} --agreed")
    assert code == 5 and "another program holds it" in message
    assert library.streams[0].closed and arriving.known(told.home, FIRST) is None


def test_two_channels_of_a_microphone_with_one_are_refused_as_that(
    told: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed(monkeypatch, Library())
    code, message = refused(told, f"record --conversation {FIRST} --agreed --channels 2")
    assert code == 4 and "has one channel" in message


def test_a_microphone_that_goes_leaves_what_was_said_and_an_incident(
    told: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    given(monkeypatch, Script(20, MicrophoneGone()))
    code, message = refused(told, f"record --conversation {FIRST} --agreed")
    assert code == 9 and "is the recording" in message
    one = told.conversation(FIRST)
    assert one.recording is not None and one.recording.duration == pytest.approx(2, abs=0.05)
    assert story.rows(told.home, Incident) == 1 and told.log()[-1].detail["broken_off"] is True


def test_a_crash_leaves_what_was_said_sealed_to_be_kept_or_given_up(told: Story) -> None:
    child = """
import os, signal, sys
from contextlib import nullcontext
from commands import microphones
from tests.commands.test_recording import Script

class Crash(Script):
    def blocks(self):
        yield from [block for block, _ in zip(super().blocks(), range(40))]
        os.kill(os.getpid(), signal.SIGKILL)

microphones.opened = lambda *_: nullcontext(Crash(100))
from cli import main
main()
"""
    for reference in (FIRST, OTHER):
        crashed = subprocess.run(
            [sys.executable, "-c", child, "record", "--conversation", reference, "--agreed"],
            env=told.environment(),
            cwd=ROOT,
            check=False,
        )
        assert crashed.returncode == -signal.SIGKILL
    code, message = refused(told, f"record --conversation {FIRST} --agreed --keep --as nobody")
    assert code == 5 and "nobody" in message
    assert "one of --keep and --give-up" in refused(told, f"record --conversation {FIRST} --keep --give-up --yes")[1]
    kept = ask(told, f"record --conversation {FIRST} --keep")
    assert 3 <= kept["seconds"] <= 4
    assert story.rows(told.home, Incident) == 1
    assert "Add --yes" in refused(told, f"record --conversation {OTHER} --give-up")[1]
    assert arriving.known(told.home, OTHER) is not None
    assert "Nothing is left" in done(told, f"record --conversation {OTHER} --give-up --yes")
    assert arriving.known(told.home, OTHER) is None and len(list(told.home.blobs.survey())) == 1


def test_at_a_terminal_keys_pause_mark_and_end_and_a_meter_moves(told: Story) -> None:
    child = """
from contextlib import nullcontext
from commands import microphones
from tests.commands.test_recording import Script
microphones.opened = lambda *_: nullcontext(Script(10_000, pause=0.02))
from cli import main
main()
"""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", child, "record", "--conversation", FIRST],
        env=told.environment() | {"TERM": "dumb"},
        cwd=ROOT,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    shown = until(ours, "agrees")
    assert "the recording is destroyed" in shown
    os.write(ours, b"y\n")
    shown = until(ours, "0:00:01")
    assert "[#" in shown and "space pauses" in shown
    os.write(ours, b"m")
    until(ours, "1 marked")
    os.write(ours, b" ")
    until(ours, "paused")
    os.write(ours, b" ")
    until(ours, "0:00:04")
    os.write(ours, b"q")
    until(ours, "Sealed the recording")
    assert process.wait(timeout=60) == 0
    os.close(ours)
    one = told.conversation(FIRST)
    assert one.recording is not None
    key = told.home.vault.get(one.recording_key, KeyClass.RECORDING)
    (moment,) = marks(one.recording, key)
    assert 1 <= moment <= 4 <= one.recording.duration


def until(terminal: int, text: str) -> str:
    """Everything that is shown up to a text."""
    seen = b""
    while text.encode() not in seen:
        ready, _, _ = select.select([terminal], [], [], 60)
        assert ready, f"{text} did not come; there was {seen[-300:]!r}"
        seen += os.read(terminal, 4096)
    return seen.decode(errors="replace")


@pytest.mark.parametrize(
    ("failure", "says"), [(ImportError, "candour[record]"), (OSError, "apt install libportaudio2")]
)
def test_what_is_missing_is_said_with_what_brings_it(
    told: Story, monkeypatch: pytest.MonkeyPatch, failure: type[Exception], says: str
) -> None:
    class Missing:
        def find_spec(self, name: str, *_: object) -> None:
            if name == "sounddevice":
                raise failure

    monkeypatch.delitem(sys.modules, "sounddevice", raising=False)
    monkeypatch.setattr(sys, "meta_path", [Missing(), *sys.meta_path])
    for line in ("record --list", f"record --conversation {FIRST} --agreed"):
        code, message = refused(told, line)
        assert code == 9 and says in message
    assert arriving.known(told.home, FIRST) is None


def test_a_level_is_that_of_the_loudest_sample() -> None:
    assert level(np.zeros(10, np.int16)) == -60
    assert level(np.array([0, -32768, 5], np.int16)) == pytest.approx(0)
    assert level(np.array([328], np.int16)) == pytest.approx(-40, abs=0.1)
