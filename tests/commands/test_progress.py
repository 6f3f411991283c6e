"""What a person sees while a command works for long."""

import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios

import pytest

from commands.desk import _tenths
from commands.work import _left
from pipeline.transcription.progress import Progress

SHOW = """
from pathlib import Path
from commands.desk import Desk
desk = object.__new__(Desk)
desk.as_json = False
with desk.forecast("Transcribing", 200.0) as update:
    update(50.0, None)
    update(100.0, 301.0)
"""


def test_all_that_waits_is_thought_to_go_as_the_recording_that_is_heard_now() -> None:
    half = Progress(reference="C-001", done=50.0, total=100.0, left=20.0)
    assert _left(half, 50.0) == 20.0
    assert _left(half, 150.0) == 60.0
    assert _left(Progress(reference="C-001", done=50.0, total=100.0), 50.0) is None
    assert _left(Progress(reference="C-001", done=100.0, total=100.0, left=0.0), 0.0) == 0.0


def test_a_line_at_each_tenth_tells_what_was_foretold_and_nothing_where_nothing_was(
    capsys: pytest.CaptureFixture[str],
) -> None:
    update = _tenths("Transcribing", 100.0)
    for done, left in ((5.0, 900.0), (10.0, None), (19.0, 20.0), (35.0, 300.0), (100.0, 0.0)):
        update(done, left)
    assert capsys.readouterr().err.splitlines() == [
        "Transcribing: 10 %",
        "Transcribing: 30 %, about 5 min left",
        "Transcribing: 100 %",
    ]


def test_a_bar_on_a_terminal_tells_what_was_foretold() -> None:
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 100, 0, 0))
    subprocess.run([sys.executable, "-c", SHOW], stderr=theirs, check=True)
    os.close(theirs)
    shown = b""
    try:
        while part := os.read(ours, 4096):
            shown += part
    except OSError:
        pass
    os.close(ours)
    assert b"25%" in shown and b"50%  about 5 min left" in shown
    assert shown.count(b"left") == 1
