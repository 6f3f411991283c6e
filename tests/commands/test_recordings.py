"""Recordings, models, languages and glossaries, as a person asks for them."""

import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import update

from pipeline.transcription.chosen import NoModel
from pipeline.transcription.cores import cores
from storage.models import Conversation, State
from tests import story
from tests.commands.asking import ask, done, refused, run
from tests.pipeline import media
from tests.story import FIRST, PLANNED, REVIEW, Stage, Story


@pytest.fixture
def told(tmp_path: Path) -> Story:
    return story.at(Stage.PLANNED, tmp_path)


def test_a_recording_with_the_name_of_something_else_is_a_recording(told: Story, tmp_path: Path) -> None:
    (tmp_path / "minutes.pdf").write_bytes(media.encoded(media.person("woman"), "opus"))
    found = ask(told, f"upload {tmp_path}/minutes.pdf --conversation {FIRST}")
    assert found["seconds"] == pytest.approx(media.person("woman").shape[1] / 16000, abs=0.2)
    assert ask(told, "status")["at work"] == [
        {
            "conversation": FIRST,
            "seconds done": 0.0,
            "seconds": found["seconds"],
            "seconds left": None,
            "trouble": "",
            "given up": False,
        }
    ]
    (tmp_path / "interview.wav").write_bytes(b"%PDF-1.7\n" + b"minutes of a meeting\n" * 500)
    code, message = refused(told, f"upload {tmp_path}/interview.wav --conversation {PLANNED}")
    assert code == 4 and "not an audio or video file" in message


def test_what_was_given_up_is_said_and_is_no_part_of_the_work(told: Story, tmp_path: Path) -> None:
    for name, reference in (("woman", FIRST), ("man", PLANNED)):
        (tmp_path / name).write_bytes(media.encoded(media.person(name), "opus"))
        done(told, f"upload {tmp_path / name} --conversation {reference}")
    runs = update(Conversation).where(Conversation.reference == FIRST).values(runs=3, trouble="the decoder crashed")
    story.change(told.home, runs)
    shown = f"{FIRST}: 0 of 3 s transcribed; the decoder crashed; given up: candour work --retry {FIRST}\n"
    assert shown in done(told, "status")
    worked = run(told, "work --once")
    assert worked.stdout == f"Transcribed {PLANNED}.\n"
    assert "Transcribing: 100 %" in worked.stderr


def test_what_was_destroyed_is_said_also_where_no_model_is_there(tmp_path: Path) -> None:
    told = story.at(Stage.SIGNED, tmp_path)
    shutil.rmtree(told.home.models)
    worked = run(told, "work --once")
    assert worked.exit_code == NoModel.exit_code
    assert worked.stdout == "Destroyed; certificate D-0001.\n"
    assert worked.stderr == f"candour: {NoModel()}\n"


def test_language(told: Story) -> None:
    assert ask(told, f"conversation show {FIRST}")["language"] == "en"
    assert "cy" in done(told, f"conversation language {FIRST} cy")
    assert ask(told, f"conversation show {FIRST}")["language"] == "cy"
    made = ask(told, f'conversation add --review {REVIEW} --participant "Head teacher 1" --language detect')
    assert ask(told, f"conversation show {made['conversation']}")["language"] == "detect"
    before = len(ask(told, "conversation list"))
    code, message = refused(
        told, f'conversation add --review {REVIEW} --participant "Head teacher 1" --language klingon'
    )
    assert code == 4 and "use a code such as en or cy" in message
    assert len(ask(told, "conversation list")) == before, "a refused plan leaves nothing"


def test_the_glossary_from_the_first_term_to_the_corrected_transcript(tmp_path: Path) -> None:
    told = story.at(Stage.TRANSCRIBED, tmp_path)
    assert "empty" in done(told, f"glossary list {REVIEW}")
    assert ask(told, f"glossary add {REVIEW} Marlow MASH") == {"terms": 2, "told": 2}
    done(told, f"glossary add {REVIEW} -", typed="Okafor\n\nEastmere House\n")
    assert [(row["term"], row["told"]) for row in ask(told, f"glossary list {REVIEW}")] == [
        ("Marlow", "yes"), ("MASH", "yes"), ("Okafor", "yes"), ("Eastmere House", "yes"),
    ]  # fmt: skip
    assert "3 terms" in done(told, f"glossary remove {REVIEW} 2")
    (one,) = ask(told, f"glossary suggest {FIRST}")
    assert one == {"number": 1, "written": "Marlowe", "perhaps": "Marlow", "times": 3, "turns": "1, 2, 3"}
    assert refused(told, f"glossary replace {FIRST} --numbers 2")[0] == 5
    assert ask(told, f"glossary replace {FIRST} --all") == {"replaced": 3}
    assert {turn["text"] for turn in ask(told, f"transcript show {FIRST}")} == {"We told Marlow about it twice."}
    assert {turn["text"] for turn in ask(told, f"transcript show {FIRST} --machine")} == {story.SAID}
    assert "Nothing" in done(told, f"glossary suggest {FIRST}")


def test_a_glossary_that_is_too_long_is_told_and_never_a_crash(told: Story) -> None:
    names = "\n".join(f"Larkfield{number}" for number in range(300))
    assert "do not fit" in done(told, f"glossary add {REVIEW} -", typed=names)
    rows = ask(told, f"glossary list {REVIEW}")
    assert {row["told"] for row in rows} == {"yes", "no"}
    assert refused(told, f"glossary remove {REVIEW} 301")[0] == 5
    assert refused(told, f"glossary list {REVIEW}", person="dora")[0] == 3


def test_which_models_there_are_and_which_suits_this_machine(told: Story) -> None:
    assert [row["model"] for row in ask(told, "model list")] == ["scripted"]
    every = ask(told, "model list --all")
    assert every["suited"] in {choice["name"] for choice in every["choices"]}
    assert every["machine"]["cores"] == cores()
    said = done(told, "model list --all")
    assert "suits this machine" in said and "knows the words and voices of the demo and nothing else" in said
    (told.home.models / "scripted" / "manifest.json").write_text("{")
    assert done(told, "model list") == "The manifest of scripted cannot be read: candour model verify scripted\n"


# The system ends a process that asks it for a socket, whoever asks in it: Python sees nothing of what its libraries do. Numbers
# as in linux/filter.h, linux/seccomp.h and asm/unistd.h; what a process starts inherits the rule.
NO_SOCKETS = """
import ctypes, platform, struct, sys
LOAD, IF_EQUAL, RETURN = 0x20, 0x15, 0x06
SOCKET = {"x86_64": 41, "aarch64": 198}[platform.machine()]
ALLOWED, KILLED = 0x7FFF0000, 0x80000000
steps = (LOAD, 0, 0, 0), (IF_EQUAL, 0, 1, SOCKET), (RETURN, 0, 0, KILLED), (RETURN, 0, 0, ALLOWED)
libc = ctypes.CDLL(None)
held = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *step) for step in steps))
class Program(ctypes.Structure):
    _fields_ = [("count", ctypes.c_ushort), ("steps", ctypes.c_void_p)]
program = Program(len(steps), ctypes.addressof(held))
if libc.prctl(38, 1, 0, 0, 0) or libc.prctl(22, 2, ctypes.byref(program)):  # no new privileges; the rule
    sys.exit(78)
if sys.argv[1] == "control":
    libc.socket(2, 1, 0)
    sys.exit(0)
from cli import main
sys.argv[0] = "candour"
main()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the rule is one of Linux")
def test_a_recording_is_transcribed_without_a_socket_and_nothing_is_kept_elsewhere(told: Story, tmp_path: Path) -> None:
    """No library looks to a network, or keeps a record of its use beside the home."""
    (tmp_path / "talk").write_bytes(story.recording("woman"))
    person = tmp_path / "person"
    person.mkdir()
    environment = told.environment() | {"HOME": str(person)}
    for name in ("ORT_DISABLE_TELEMETRY", "HF_HUB_OFFLINE", "XDG_CACHE_HOME"):
        environment.pop(name, None)

    def run(*words: str) -> int:
        return subprocess.run(
            [sys.executable, "-c", NO_SOCKETS, *words], env=environment, capture_output=True
        ).returncode

    assert run("upload", str(tmp_path / "talk"), "--conversation", FIRST) == 0
    assert run("work", "--once") == 0
    assert list(person.rglob("*")) == []
    assert told.conversation().state is State.TRANSCRIBED
    assert run("control") == -signal.SIGSYS
