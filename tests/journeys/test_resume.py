"""A worker that is killed, and one that was taken over: the draft is the same, and nothing is written by the dead."""

import shutil
import signal
import subprocess
import sys
from pathlib import Path
from uuid import uuid4

import pytest
from msgspec.structs import replace
from sqlalchemy import func, select, update

from access import directory
from access.roles import Role
from configs import read
from demo.walk import SAMPLE
from pipeline import contents, reviews, stages
from pipeline.codes.codebook import parse
from pipeline.recording import intake
from pipeline.transcription import transcribing
from pipeline.transcription.model_store import add
from pipeline.transcription.speech import Engine
from pipeline.transcription.transcribing import LeaseLost
from storage.home import Home
from storage.keyring import Work
from storage.models import Conversation, State, Window
from tests import engines
from tests.story import PASSPHRASE, Story

CANDOUR = Path(sys.executable).with_name("candour")
# The command, which dies when it has written its second window and not yet committed it.
MORTAL = """
import os, signal
from sqlalchemy import event
from cli import main
from storage.models import Window

left = [None]
event.listen(Window, "after_insert", lambda *_: left.pop() if left else os.kill(os.getpid(), signal.SIGKILL))
main()
"""


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home with a recorded conversation and a model that always hears the same sentence."""
    made = Home.create(
        tmp_path / "home", PASSPHRASE, origin="test.example/log", work=Work(memory=64, iterations=1, lanes=1)
    )
    ana = directory.add_first(made, "ana", "a long password", [Role.REVIEWER, Role.OPERATOR])
    schedule = read("retention/learning-together.toml")
    reviews.create_review(
        made, ana, "LT-1", schedule=schedule, codebook=parse(read("codebooks/learning-together.toml"))
    )
    reviews.add_participant(made, ana, "LT-1", "Teacher 1", "School")
    reviews.plan_conversation(made, ana, "LT-1", "Teacher 1", interviewer="Lead", on=None)
    add(engines.scripted(tmp_path / "model", engines.script("She did not say that to me.")), "scripted", made.models)
    with (SAMPLE / "conversation-2.m4a").open("rb") as source:
        intake.receive(made, ana, "C-001", source)
    return made


def environment(home: Home) -> dict[str, str]:
    return Story(home).environment() | {"CANDOUR_SPEECH__WINDOW_SECONDS": "20"}


def windows(home: Home) -> int:
    with home.reading() as session:
        return session.scalar(select(func.count()).select_from(Window)) or 0


def draft(home: Home) -> object:
    with home.reading() as session:
        conversation = session.scalars(select(Conversation)).one()
        assert conversation.state is State.TRANSCRIBED
        return contents.draft(home, conversation)


def test_kill_dash_nine_changes_nothing_in_the_result(home: Home, tmp_path: Path) -> None:
    undisturbed = tmp_path / "other"
    shutil.copytree(home.folder, undisturbed)
    worker = subprocess.run([sys.executable, "-c", MORTAL, "work", "--once"], env=environment(home), check=False)
    assert worker.returncode == -signal.SIGKILL
    left = windows(home)
    assert left == 1, "it died after the first window, in the midst of writing the second"
    subprocess.run([str(CANDOUR), "work", "--once"], env=environment(home), check=True)
    subprocess.run(
        [str(CANDOUR), "work", "--once"], env=environment(home) | {"CANDOUR_HOME": str(undisturbed)}, check=True
    )
    other = Home.open(undisturbed)
    other.unlock(PASSPHRASE)
    assert windows(home) == windows(other) > left
    assert draft(home) == draft(other)
    drafts = [path for path in home.folder.rglob("*") if path.name.endswith((".new", ".tmp", ".part"))]
    assert not drafts, "nothing half-written is left"


def test_a_run_that_was_taken_over_writes_nothing(home: Home) -> None:
    (work,) = _due(home)
    engine = Engine.load(home.models / "scripted", 1)

    def take_over(_: object) -> None:
        if windows(home) == 0:
            return
        with home.writing() as session:
            session.execute(update(Conversation).values(run_token=uuid4()))

    home.settings = replace(home.settings, speech=replace(home.settings.speech, window_seconds=20.0))
    with pytest.raises(LeaseLost):
        transcribing.advance(home, engine, work, report=take_over)
    assert windows(home) == 1, "the window before the take-over stays, nothing after it was written"


def test_a_quarantined_recording_is_not_begun(home: Home) -> None:
    (work,) = _due(home)
    with home.writing() as session:
        session.execute(update(Conversation).values(quarantined=True))
    assert _due(home) == []
    with pytest.raises(LeaseLost):
        transcribing.advance(home, Engine.load(home.models / "scripted", 1), work)


def _due(home: Home) -> list[stages.Work]:
    with home.reading() as session:
        return stages.due(session, 3)
