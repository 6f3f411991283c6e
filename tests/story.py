"""One small review, brought as far as a test wants it: five people, three conversations, a model that says a script.

    told = story.at(Stage.CODED, tmp_path)

Each stage is made once in a run of the tests, from the one before, with the real vault, database and speech library; a test
gets a copy of its own.
"""

import atexit
import io
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, auto
from functools import cache
from pathlib import Path
from typing import BinaryIO, Final

import numpy as np
from sqlalchemy import Executable

from access import directory
from access.people import Person
from access.roles import Role
from configs import read
from pipeline import reviews
from pipeline.codes import extracting
from pipeline.codes.codebook import parse
from pipeline.export import exporting
from pipeline.export.model import Profile
from pipeline.pseudonyms import naming
from pipeline.pseudonyms.names import Kind
from pipeline.pseudonyms.naming import New
from pipeline.recording import intake
from pipeline.reviews import RegisterEntry
from pipeline.transcription.model_store import add
from pipeline.transcripts import conventions, reviewing
from pipeline.transcripts.transcript import Speaker
from retention import approvals
from retention.report import Finding
from retention.verify import verify_database
from storage import clock
from storage.blobs import BlobRef
from storage.clock import Evidence
from storage.home import Home
from storage.keyring import Work
from storage.log.entry import Entry
from storage.log.log import Event, entries
from storage.models import Conversation
from storage.vault import KeyClass
from tests import engines
from tests.pipeline import media
from worker import local

PASSPHRASE: Final = b"a passphrase for tests"
LIGHT: Final = Work(memory=64, iterations=1, lanes=1)
TEAM: Final = {
    "ana": (Role.REVIEWER, Role.OPERATOR),
    "ben": (Role.GOVERNANCE,),
    "cara": (Role.REVIEWER,),
    "dora": (Role.AUDITOR,),
    "eve": (Role.GOVERNANCE,),
}
REVIEW: Final = "LT-1"
POSITIONS: Final = ("Health visitor 1", "Head teacher 1", "Health visitor 2")
# The first is what the story follows, the second lives on beside it, the third is only planned.
FIRST, OTHER, PLANNED = "C-001", "C-002", "C-003"
SAID: Final = "We told Marlowe about it twice."
CORRECTED: Final = "Nobody came to the meeting."


class Stage(IntEnum):
    """How far the first conversation is."""

    PLANNED = auto()
    RECORDED = auto()
    TRANSCRIBED = auto()
    REVIEWED = auto()
    NAMED = auto()
    CODED = auto()
    EXPORTED = auto()
    SIGNED = auto()


@dataclass(frozen=True)
class Story:
    """A home and what tests ask of it."""

    home: Home

    def __getattr__(self, name: str) -> Person:
        """Someone of the team."""
        if name not in TEAM:
            raise AttributeError(name)
        return directory.find(self.home, name)

    def conversation(self, reference: str = FIRST) -> Conversation:
        with self.home.reading() as session:
            found = reviews.find_conversation(session, reference)
            # loaded now, to be looked at after the session has gone
            _ = found.recording, found.review, found.participant
            return found

    @contextmanager
    def playing(self, reference: str = FIRST) -> Iterator[BinaryIO]:
        """The plaintext of a recording, as it opens with what the vault holds, whatever the rows say. Raises KeyGone."""
        one = self.conversation(reference)
        assert one.recording is not None
        key = self.home.vault.get(one.recording_key, KeyClass.RECORDING)
        with intake.opened(self.home, BlobRef(one.recording.blob), key, reference) as plain:
            yield plain

    def stored(self, reference: str = FIRST) -> bytes:
        """All of it."""
        with self.playing(reference) as plain:
            return plain.read()

    def log(self) -> list[Entry]:
        with self.home.reading() as session:
            return [Entry.decode(body) for _, body in entries(session)]

    def events(self) -> list[str]:
        return [entry.event for entry in self.log()]

    def findings(self) -> tuple[Finding, ...]:
        """What an auditor finds in the log."""
        with self.home.reading() as session:
            return verify_database(session, self.home.signer.verifier_key).findings

    def environment(self, person: str = "ana") -> dict[str, str]:
        """What a person has set who runs commands here, for which the home is closed; writes the secrets that it names."""
        self.home.close()
        kept = {name: value for name, value in os.environ.items() if not name.startswith("CANDOUR_")}
        kept |= {"CANDOUR_HOME": str(self.home.folder), "CANDOUR_PERSON": person}
        for what, secret in (("PASSPHRASE", PASSPHRASE), ("PASSWORD", password(person).encode())):
            file = self.home.folder.parent / what.lower()
            file.write_bytes(secret)
            kept[f"CANDOUR_{what}_FILE"] = str(file)
        return kept

    def again(self) -> "Story":
        """The same home as another process opens it."""
        self.home.close()
        return opened(self.home.folder)


def password(name: str) -> str:
    return f"the password of {name}"


def opened(folder: Path, passphrase: bytes = PASSPHRASE) -> Story:
    home = Home.open(folder)
    home.unlock(passphrase)
    return Story(home)


def at(stage: Stage, folder: Path) -> Story:
    """A story of one's own in a new folder, as far as `stage`."""
    shutil.copytree(_made(stage), folder / "home")
    return opened(folder / "home")


def recording(*people: str) -> bytes:
    """The people one after another as WAV, with pauses that make each a turn."""
    pause = media.silence(2.6)
    parts = [part for name in people for part in (media.person(name), pause)]
    return media.encoded(np.concatenate(parts, axis=1), "wav")


def rows(home: Home, table: type) -> int:
    """How many rows a table has."""
    with home.reading() as session:
        return session.query(table).count()


def vouch(told: Story, moment: datetime) -> datetime:
    """Let the log vouch for a moment to come, as after somebody confirmed the date then; returns it."""
    with told.home.writing() as session:
        evidence = Evidence(time=moment, counter=clock.count())
        told.home.log_time(session, Event.CLOCK_CONFIRMED, actor="ben", evidence=evidence)
    return moment


def change(home: Home, statement: Executable) -> None:
    """Change rows behind the product's back."""
    with home.writing() as session:
        session.execute(statement)


@cache
def _shelf() -> Path:
    folder = tempfile.mkdtemp(prefix="candour-story-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Path(folder)


@cache
def _made(stage: Stage) -> Path:
    folder = _shelf() / stage.name
    if stage is Stage.PLANNED:
        story = Story(_planned(folder))
    else:
        shutil.copytree(_made(Stage(stage - 1)), folder)
        story = opened(folder)
        _STEPS[stage](story)
    story.home.close()
    return folder


def _planned(folder: Path) -> Home:
    home = Home.create(folder, PASSPHRASE, origin="test.example/log", work=LIGHT)
    ben = directory.add_first(home, "ben", password("ben"), TEAM["ben"], work=LIGHT)
    for name, roles in TEAM.items():
        if name != "ben":
            directory.add(home, ben, name, password(name), roles, work=LIGHT)
    ana = directory.find(home, "ana")
    codebook = parse(read("codebooks/learning-together.toml"))
    reviews.create_review(
        home,
        ana,
        REVIEW,
        schedule=read("retention/learning-together.toml"),
        codebook=codebook,
        conventions=conventions.to_row(conventions.parse(read("conventions/intelligent-verbatim.toml"))),
    )
    for position in POSITIONS:
        reviews.add_participant(home, ana, REVIEW, position, "Community health", RegisterEntry(name="A B", contact="x"))
        reviews.plan_conversation(home, ana, REVIEW, position, interviewer="Lead", on=None)
    model = engines.scripted(_shelf() / "model", engines.script(SAID, step=0.3))
    add(model, "scripted", home.models)
    return home


def _record(story: Story) -> None:
    intake.receive(story.home, story.ana, FIRST, io.BytesIO(recording("woman", "man", "woman")))


def _transcribe(story: Story) -> None:
    done = local.work_once(story.home)
    assert done.transcribed == [FIRST], done
    intake.receive(story.home, story.ana, OTHER, io.BytesIO(recording("man")))


def _review(story: Story) -> None:
    home, ana = story.home, story.ana
    reviewing.correct(home, ana, FIRST, [2], text=CORRECTED, speaker=Speaker.PARTICIPANT)
    reviewing.correct(home, ana, FIRST, [1, 3], text=None, speaker=Speaker.INTERVIEWER)
    reviewing.hear(home, ana, FIRST, [])
    reviewing.resolve(home, ana, FIRST, [])


def _name(story: Story) -> None:
    decide(story, New(replacement="Boy", kind=Kind.FAMILY))


def decide(story: Story, decision: naming.Decision, reference: str = FIRST) -> None:
    """The same decision about every open candidate."""
    for candidate in naming.open_candidates(story.home, story.ana, reference):
        naming.decide(story.home, story.ana, reference, candidate.handle, decision)


def _code(story: Story) -> None:
    extract(story, "told [Boy] about it", 1)
    extract(story, CORRECTED, 2)


def extract(story: Story, quote: str, turn: int | None = None) -> int:
    codes: Sequence[str] = [one.id for one in parse(read("codebooks/learning-together.toml")).codes if one.codable]
    number, _ = extracting.add(story.home, story.ana, FIRST, codes=(codes[0],), quote=quote, turn=turn, memo="")
    return number


def _export(story: Story) -> None:
    export(story, story.home.folder.parent / "export.csv")


def export(story: Story, path: Path, profile: Profile = Profile.INTERNAL, target: str = FIRST) -> exporting.Written:
    return exporting.write(story.home, story.ana, target, format="csv", profile=profile, path=path, overwrite=True)


def _sign(story: Story) -> None:
    for name in ("ana", "ben"):
        approvals.sign_off(story.home, directory.find(story.home, name), password(name), FIRST)


_STEPS: dict[Stage, Callable[[Story], None]] = {
    Stage.RECORDED: _record,
    Stage.TRANSCRIBED: _transcribe,
    Stage.REVIEWED: _review,
    Stage.NAMED: _name,
    Stage.CODED: _code,
    Stage.EXPORTED: _export,
    Stage.SIGNED: _sign,
}
