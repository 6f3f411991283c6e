"""Backups: whole, at one moment, verified, and nothing in them that opens anything or says anything."""

import json
import os
import sqlite3
from base64 import b64encode
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from access.roles import NotAllowed
from pipeline.export.model import Profile
from retention import backups, destroy
from storage import backup
from storage.anchor import Anchor
from storage.backup import BackupExists, NoPlace, RowsElsewhere, SealedFileDamaged
from storage.home import Home
from storage.log.log import Event
from storage.log.note import SigningKey
from storage.models import Recording
from tests import story
from tests.retention.safe import back_up
from tests.story import FIRST, OTHER, Stage, Story

SAID = ("Marlowe", "told [Boy] about it", story.CORRECTED)


@pytest.fixture
def told(tmp_path: Path) -> Iterator[Story]:
    """A home whose first conversation is signed off and whose second is recorded."""
    one = story.at(Stage.SIGNED, tmp_path)
    yield one
    one.home.close()


def found_in(folder: Path, needles: Iterable[bytes]) -> set[bytes]:
    """Which of these bytes lie anywhere in the files of a folder."""
    contents = [path.read_bytes() for path in folder.rglob("*") if path.is_file()]
    return {needle for needle in needles if any(needle in content for content in contents)}


def forms(secret: bytes) -> list[bytes]:
    """A secret as it may be written down."""
    return [secret, secret.hex().encode(), b64encode(secret).rstrip(b"=")]


def secrets_of(home: Home) -> list[bytes]:
    """Every key of the vault, the anchor's secret, the log's signing key."""
    keys = [home.vault.get(key, kind) for key, kind in home.vault.ids().items()]
    anchors = [slot.secret() for slot in Anchor(home.folder / "vault" / "anchor").slots()]
    return [*keys, *anchors]


def test_a_backup_holds_no_key(told: Story, tmp_path: Path) -> None:
    secrets = secrets_of(told.home)
    assert len(secrets) == 2 + 2 * 3 + 1
    needles = [form for secret in secrets for form in forms(secret)]
    signing = [told.home.signer.secret_text.encode(), SigningKey.parse(told.home.signer.secret_text)._seed]
    made = back_up(told)
    assert found_in(made, [*needles, *signing, story.PASSPHRASE]) == set()
    assert not [path for path in made.rglob("*") if path.name in {"anchor", "signer.key"} or "vault" in path.name]
    # The search sees what is there: the signing key in the home, and each key once it is written into the backup.
    assert found_in(told.home.folder, signing) == {signing[0]}
    (made / "forgotten").write_bytes(b"".join(b"x" + secret for secret in secrets))
    assert found_in(made, needles) == set(secrets)


def test_a_backup_says_nothing(told: Story, tmp_path: Path) -> None:
    words = [text.encode(code) for text in SAID for code in ("utf-8", "utf-16-le")]
    assert found_in(back_up(told), words) == set()
    (tmp_path / "export").mkdir()
    story.export(told, tmp_path / "export" / "extracts.csv", Profile.INTERNAL)
    assert found_in(tmp_path / "export", words) == {text.encode() for text in SAID[1:]}, "the search sees words"


def test_a_backup_is_what_it_says(told: Story) -> None:
    before = len(told.log())
    made = back_up(told)
    manifest = backup.read(made)
    assert {str(path.relative_to(made)) for path in made.rglob("*") if path.is_file()} == {
        *manifest.files,
        "backup.json",
    }
    assert manifest.sealed_files == 3, "two recordings, and one for listening"
    assert manifest.entries == before
    assert manifest.log == told.home.signer.verifier_key
    with closing(sqlite3.connect(made / "candour.db")) as rows:
        assert rows.execute("SELECT count(*) FROM audit_leaf").fetchone() == (before,)
    assert told.log()[-1].event == "backup.made"
    assert told.log()[-1].detail == {"sealed_files": 3, "bytes": manifest.size, "entries": before}
    assert all(path.stat().st_mode & 0o077 == 0 for path in (made, *made.rglob("*")))


def test_others_work_on_while_a_backup_is_made(told: Story, tmp_path: Path) -> None:
    """What they do meanwhile is not in it: its rows are of one moment."""
    seen: list[int] = []

    def work(_: float) -> None:
        if not seen:
            with told.home.writing() as session:
                seen.append(told.home.log(session, Event.HOME_CREATED, actor="ana"))

    manifest = backups.make(told.home, told.ana, tmp_path / "made", work)
    assert seen == [manifest.entries]


def test_a_recording_that_is_destroyed_meanwhile_is_left_out(told: Story, tmp_path: Path) -> None:
    blobs = [f"blobs/{recording_of(told, one).blob}" for one in (FIRST, OTHER)]
    done: list[str] = []

    def destroy_it(_: float) -> None:
        if not done:
            done.append(destroy.carry_out(told.home, 1).certificate)

    made = backups.make(told.home, told.ana, tmp_path / "made", destroy_it)
    assert done == ["D-0001"]
    assert blobs[0] not in made.files and blobs[1] in made.files
    assert not (tmp_path / "made" / blobs[0]).exists()


def recording_of(told: Story, reference: str) -> Recording:
    recording = told.conversation(reference).recording
    assert recording is not None
    return recording


def nothing_left(told: Story, error: type[BaseException], target: Path, report: backup.Report = lambda _: None) -> None:
    before, logged = sorted(target.parent.iterdir()), len(told.log())
    with pytest.raises(error):
        backups.make(told.home, told.ana, target, report)
    assert sorted(target.parent.iterdir()) == before
    assert len(told.log()) == logged


def test_an_interrupted_backup_leaves_nothing(told: Story, tmp_path: Path) -> None:
    seen: list[set[str]] = []

    def stop(share: float) -> None:
        if share > 0.5:
            (draft,) = tmp_path.glob("made.*.new")
            seen.append({path.name for path in draft.iterdir()})
            raise KeyboardInterrupt

    nothing_left(told, KeyboardInterrupt, tmp_path / "made", stop)
    assert seen == [{"blobs", "candour.db", "candour.toml", "signer.state"}], "and what was there is no backup yet"


@pytest.mark.parametrize("how", ["changed", "cut", "missing"])
def test_a_damaged_recording_is_found(told: Story, tmp_path: Path, how: str) -> None:
    file = told.home.folder / "blobs" / recording_of(told, OTHER).blob
    data = bytearray(file.read_bytes())
    file.unlink()
    if how != "missing":
        data[-1] ^= how == "changed"
        file.write_bytes(data if how == "changed" else data[:-1])
    nothing_left(told, SealedFileDamaged, tmp_path / "made")


@pytest.mark.parametrize("kind", ["folder", "file", "link"])
def test_what_is_there_is_never_overwritten(told: Story, tmp_path: Path, kind: str) -> None:
    target = tmp_path / "made"
    if kind == "folder":
        target.mkdir()
    elif kind == "file":
        target.touch()
    else:
        target.symlink_to("nowhere")
    nothing_left(told, BackupExists, target)


def test_a_place_that_is_none_is_refused(told: Story, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(NoPlace, match="no such file"):
        backups.make(told.home, told.ana, tmp_path / "nowhere" / "made")
    with pytest.raises(NoPlace, match="not a directory"):
        backups.make(told.home, told.ana, tmp_path / "file" / "made")


def test_rows_elsewhere_are_for_the_tools_of_that_database(told: Story, tmp_path: Path) -> None:
    file = told.home.folder / "candour.toml"
    file.chmod(0o600)
    rows = told.home.folder / "candour.db"
    file.write_text(file.read_text().replace('url = ""', f"url = {json.dumps(f'sqlite:///{rows}')}"))
    elsewhere = told.again()
    with pytest.raises(RowsElsewhere, match="pg_dump"):
        backups.make(elsewhere.home, elsewhere.ana, tmp_path / "made")
    assert not os.path.lexists(tmp_path / "made")
    elsewhere.home.close()


def test_only_an_operator_backs_up(told: Story, tmp_path: Path) -> None:
    for person in (told.ben, told.cara, told.dora):
        with pytest.raises(NotAllowed):
            backups.make(told.home, person, tmp_path / "made")
    assert not (tmp_path / "made").exists()
