"""What a person hears is what was recorded, and it reaches a player only."""

import io
import os
import subprocess
import sys
import wave
from pathlib import Path

import numpy as np
import pytest

from access import directory
from access.roles import Role
from configs import read
from demo.walk import SAMPLE
from pipeline import reviews
from pipeline.codes.codebook import parse
from pipeline.recording import intake
from pipeline.recording.decode import decode
from pipeline.recording.listening import sound
from pipeline.recording.looking import NothingThere
from pipeline.recording.sound import RATE
from pipeline.transcripts.transcript import Span
from storage.home import Home
from storage.keyring import Work

CANDOUR = Path(sys.executable).with_name("candour")
PASSPHRASE = b"a passphrase for tests"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    folder = tmp_path_factory.mktemp("listening")
    made = Home.create(
        folder / "home", PASSPHRASE, origin="test.example/log", work=Work(memory=64, iterations=1, lanes=1)
    )
    ana = directory.add_first(made, "ana", "a long password", [Role.REVIEWER])
    schedule = read("retention/learning-together.toml")
    reviews.create_review(
        made, ana, "LT-1", schedule=schedule, codebook=parse(read("codebooks/learning-together.toml"))
    )
    reviews.add_participant(made, ana, "LT-1", "Teacher 1", "School")
    reviews.plan_conversation(made, ana, "LT-1", "Teacher 1", interviewer="Lead", on=None)
    with (SAMPLE / "conversation-2.m4a").open("rb") as source:
        intake.receive(made, ana, "C-001", source)
    (folder / "passphrase").write_bytes(PASSPHRASE)
    return made


def test_a_stretch_is_the_same_sound_as_in_the_recording(home: Home) -> None:
    stretch = sound(home, directory.find(home, "ana"), "C-001", Span(start=3.0, end=5.5))
    with wave.open(io.BytesIO(stretch)) as heard:
        rate, samples = heard.getframerate(), np.frombuffer(heard.readframes(heard.getnframes()), "<i2")
    with (SAMPLE / "conversation-2.m4a").open("rb") as source:
        whole = np.concatenate([block.samples for block in decode(source)], axis=1)[0]
    assert rate == RATE
    assert np.array_equal(samples, whole[3 * RATE : round(5.5 * RATE)])
    assert np.abs(samples.astype(int)).max() > 1000


def test_nothing_is_heard_beyond_the_end(home: Home) -> None:
    with pytest.raises(NothingThere):
        sound(home, directory.find(home, "ana"), "C-001", Span(start=9000, end=9001))


def listen(home: Home, target: int) -> subprocess.CompletedProcess[bytes]:
    environment = os.environ | {
        "CANDOUR_HOME": str(home.folder),
        "CANDOUR_PASSPHRASE_FILE": str(home.folder.parent / "passphrase"),
    }
    words = [str(CANDOUR), "transcript", "listen", "C-001", "--from", "3", "--to", "4"]
    return subprocess.run(words, env=environment, stdout=target, stderr=subprocess.PIPE)


def test_sound_goes_through_a_pipe_and_never_to_a_file(home: Home, tmp_path: Path) -> None:
    assert listen(home, subprocess.PIPE).stdout[:4] == b"RIFF"
    file = tmp_path / "sound.wav"
    with file.open("wb") as target:
        refused = listen(home, target.fileno())
    assert refused.returncode == 3
    assert b"| aplay" in refused.stderr
    assert file.read_bytes() == b""
