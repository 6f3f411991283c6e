"""Bad input, row by row: what was asked, how it ends, what the person is told to do next, and that nothing was changed."""

import io
import json
import os
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

import pytest
from click.testing import CliRunner, Result

from access import directory
from cli import main
from pipeline.pseudonyms import naming
from storage import age
from storage.home import Home
from storage.log.note import SigningKey
from tests import homes
from tests.pipeline import media

# Of each row: what was asked; the exit code; a part of the message with the next step. {name} is a file of `files` below.
ROWS: dict[str, tuple[str, int, str]] = {
    # recordings
    "an empty recording": ("upload {empty} --conversation C-003", 4, "the file is empty; copy it from the recorder again"),
    "a text": ("upload {text} --conversation C-003", 4, "save it as M4A, MP3, WAV or FLAC and try again"),
    "a text that is called an MP3": ("upload {letter}.mp3 --conversation C-003", 4, "not an audio or video file"),
    "a recording of no length": ("upload {no_length} --conversation C-003", 4, "look for another file on the recorder"),
    "a protected one": ("upload {protected} --conversation C-003", 4, "upload it unprotected"),
    "a film without sound": ("upload {film} --conversation C-003", 4, "choose the file that holds the sound"),
    "a playlist": ("upload {playlist} --conversation C-003", 4, "save it as M4A"),
    "a picture": ("upload {picture} --conversation C-003", 4, "save it as M4A"),
    "an M4A cut short": ("upload {cut_m4a} --conversation C-003", 4, "copy it from the recorder again"),
    "a FLAC of which the head is left": ("upload {cut_flac} --conversation C-003", 4, "recording: "),
    "no such file": ("upload {nowhere} --conversation C-003", 4, "recording: there is no file of that name"),
    "no such transcript": ("transcript import {nowhere} --conversation C-003", 4, "transcript: there is no file of that name"),
    "no such codebook": ("code import LT-1 {nowhere}.qdc", 4, "codebook: there is no file of that name"),
    "no such table of extracts": ("extract import C-001 {nowhere}", 4, "extract: there is no file of that name"),
    "a folder": ("upload {folder} --conversation C-003", 4, "check the path"),
    "an upload to nothing": ("upload {woman} --conversation C-999", 5, "`candour conversation list` shows them"),
    "a second recording": ("upload {woman} --conversation C-002", 3, "plan another conversation"),
    "sealed to somebody else": ("upload {foreign} --conversation C-003", 3, "candour conversation recipient C-003"),
    "an age file cut short": ("upload {cut_age} --conversation C-003", 4, "take it again from its source"),
    "an upload to a withdrawn one": ("upload {woman} --conversation C-004", 8, "or is closed and about to be"),
    # things nobody knows
    "an unknown review": ("review show XX-9", 5, "`candour review list` shows them"),
    "a participant of an unknown review": ("participant add Nurse --review XX-9 --agency Health", 5, "`candour review list`"),
    "a conversation in an unknown review": (
        "conversation add --review XX-9 --participant Nurse", 5, "`candour review list`",
    ),
    "a conversation with nobody": (
        "conversation add --review LT-1 --participant Nurse", 5, "`candour participant list` shows them",
    ),
    "a conversation of an unknown review": ("conversation list --review XX-9", 5, "`candour review list`"),
    "an unknown conversation": ("conversation show C-999", 5, "`candour conversation list` shows them"),
    "the recipient of an unknown one": ("conversation recipient C-999", 5, "`candour conversation list`"),
    "an unknown transcript": ("transcript show C-999", 5, "`candour conversation list`"),
    "an unknown person asks": ("transcript show C-001 --as zoe", 5, "`candour person list` shows everyone"),
    "an unknown person is disabled": ("person disable zoe", 5, "`candour person list`"),
    "an unknown model": ("model verify large", 5, "`candour model list`"),
    "an unknown order": ("retention approve 99 --yes", 5, "order"),
    "an unknown hold": ("hold lift 99 --reason x --reference y", 5, "`candour hold list`"),
    "a hold on nothing": ("hold place C-999 --reason x --reference y", 5, "conversation list"),
    "an unknown log entry": ("audit prove 9999", 2, "The log has no entry 9999"),
    "certificates of nothing": ("audit certificate C-999", 5, "`candour retention plan`"),
    "an unknown extract": ("extract remove C-001 9", 5, "candour extract list C-001"),
    "an unknown candidate": ("names decide C-001 K99 --not-a-name", 5, "`candour names candidates`"),
    "an unknown term": ("names decide C-001 {candidate} --is T99", 5, "candour names list"),
    "names of an unknown review": ("names list XX-9", 5, "`candour review list`"),
    "codes of an unknown review": ("code list XX-9", 5, "`candour review list`"),
    "an export of nothing": ("export C-999 --to {new}.csv", 5, "list"),
    "an unknown schedule": ("review create LT-2 --schedule none", 4, "there is no shipped one of that name"),
    "an unknown codebook": ("review create LT-2 --codebook none", 4, "there is no shipped one of that name"),
    # not in order
    "a review of that name": ("review create LT-1", 3, "choose another"),
    "a review with signs in its name": ("review create LT?1", 4, "never a real name"),
    "a second participant of a position": ("participant add 'Teacher 1' --review LT-1 --agency School", 3, "choose another"),
    "an extract too early": ("extract add C-001 --code 'x' --turn 1", 3, "C-001"),
    "a sign-off too early": ("signoff C-001 --yes", 3, "is not ready: "),
    "a transcript that is not there yet": ("transcript show C-003", 3, "C-003"),
    "a transcript of a withdrawn one": ("transcript show C-004", 8, "has been destroyed"),
    "a turn that is not there": ("transcript correct C-001 --turns 99 --speaker Participant", 5, "candour transcript show C-001"),
    "a doubt that is not there": ("doubts resolve C-001 --numbers 99", 5, "candour doubts list C-001"),
    "a person of that name": ("person add ben --role auditor", 3, "choose another name"),
    "a person with a real name": ("person add 'Ben Jones' --role auditor", 4, "choose another"),
    "an approval by the one who ordered": ("retention approve 1 --yes", 3, "a second, different person must sign"),
    # roles
    "a recorder reads": ("transcript show C-001 --as ray", 3, "may not read a transcript; that needs the role reviewer"),
    "an auditor uploads": ("upload {woman} --conversation C-003 --as una", 3, "may not upload a recording"),
    "a recorder adds a person": ("person add zoe --role auditor --as ray", 3, "that needs the role governance"),
    "an auditor works": ("work --once --as una", 3, "may not run work"),
    "an auditor signs": ("signoff C-001 --yes --as una", 3, "may not sign off"),
    "an auditor adds a model": ("model add {folder} --name x --as una", 3, "may not manage speech models"),
    # files
    "a codebook that is none": ("code import LT-1 {text}", 4, "codebook"),
    "a schedule that is none": ("review create LT-2 --schedule {text}", 4, "schedule"),
    "a name table without columns": ("names import LT-1 {bad_table}", 4, "the columns are real, replacement, kind"),
    "a name table that is not there": ("names import LT-1 {nowhere}", 4, "names: there is no file of that name"),
    "an extract table too early": ("extract import C-001 {bad_table}", 3, "C-001"),
    "a model without its files": ("model add {folder} --name small", 4, "copy the whole model"),
    "a model from nowhere": ("model add {nowhere} --name small", 4, "model: there is no folder of that name"),
    "a model with a bad name": ("model add {folder} --name ../up", 4, "a name is made of letters"),
    "a model of that name": ("model add {folder} --name scripted", 4, "choose another name"),
    "a codebook onto a file": ("code export LT-1 {text}", 3, "--overwrite"),
    "a bundle onto a file": ("audit bundle {text}", 3, "--overwrite"),
    "a bundle into no folder": ("audit bundle {nowhere}/x", 9, "name a folder that exists"),
    "a certificate that is none": ("audit certificate --verify {text}", 10, "Certificate"),
    "a checkpoint that is not text": ("audit verify --earlier {woman}", 4, "check its name"),
    "a bundle that is none": ("audit verify --bundle {text} --key {key}", 10, "not the log of a bundle"),
    "a key that is none": ("audit verify --key nonsense", 4, "a key has the form"),
    "a key that is not whole": ("audit verify --key a+00000000+AQ==", 4, "a key of another length"),
    "a key of nobody for a bundle": ("audit verify --bundle {text} --key nonsense", 4, "as you noted it"),
    "a key of nobody for a certificate": ("audit certificate --verify {text} --key nonsense", 4, "as you noted it"),
    "a key of nobody for a copy": ("vault check {text} --identity {text} --key nonsense", 4, "as you noted it"),
    "a key of nobody for a witness": ("audit witness cosign {text} --witness {new} --log nonsense", 4, "as you noted it"),
    "a key of nobody for a restore": (
        "restore {folder} --recovery-copy {text} --identity {text} --key nonsense --home {new}", 4, "as you noted it",
    ),
    "a key of another log": ("audit verify --key {stranger}", 10, "is not signed by"),
    # secrets
    "a wrong passphrase": ("transcript show C-001 --passphrase-file {wrong}", 7, "type it again, nothing was changed"),
    "an empty passphrase file": ("transcript show C-001 --passphrase-file {empty}", 4, "cannot be read or is empty"),
    "no passphrase file": ("transcript show C-001 --passphrase-file {nowhere}", 4, "--passphrase-file"),
    "a passphrase that is not text": ("transcript show C-001 --passphrase-file {woman}", 4, "cannot be read"),
    "a wrong password": ("retention approve 1 --yes --password-file {wrong} --as ben", 7, "type it again, nothing was signed"),
    "a short password": ("person add zoe --role auditor --new-password-file {short}", 4, "at least 8 characters"),
    # copies
    "a recovery copy for nobody": ("vault recovery-copy {new} --recipient me", 4, "not an age recipient (age1... or age1pq...)"),
    "a recovery copy onto a file": ("vault recovery-copy {text} --recipient {recipient}", 3, "name a new one"),
    "an unknown recovery copy": ("vault attest 99", 5, "`candour vault copies` shows them"),
    "an auditor rotates the vault": ("vault rotate --new-passphrase-file {wrong} --as una", 3, "may not rotate the vault"),
    "a backup onto a folder": ("backup {folder}", 3, "name a new folder, nothing was changed"),
    "a restore without an identity": (
        "restore {folder} --recovery-copy {text} --identity {text} --home {new}", 4, "not an age identity",
    ),
    # the command line
    "no such command": ("transcripts", 2, "No such command"),
    "no such role": ("person add zoe --role chief", 2, "'recorder', 'operator'"),
    "no confirmation": ("conversation withdraw C-001", 2, "Add --yes to go ahead"),
    "no day": ("conversation add --review LT-1 --participant 'Teacher 1' --on yesterday", 2, "does not match the format"),
    "numbers that are none": ("transcript check C-001 --turns first", 2, "such as 1-4,7"),
    "two decisions at once": ("names decide C-001 K1 --new X --not-a-name", 2, "Say one of"),
    "no format": ("export C-001 --to {new}.odt", 2, "Say the --format"),
}  # fmt: skip


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The files that the rows name."""
    folder = tmp_path_factory.mktemp("input")
    woman, m4a = homes.recording("woman"), media.encoded(media.person("woman"), "m4a")
    sealed = io.BytesIO()
    with age.Writer(sealed, [age.HybridIdentity.generate().recipient()]) as writer:
        writer.write(woman)
    bodies = {
        "empty": b"",
        "text": b"a letter, not a recording\n" * 200,
        "letter": b"a letter, not a recording\n" * 200,
        "no_length": media.many(1)[:44],
        "protected": media.protected(media.person("woman")),
        "film": media.film(None),
        "playlist": b"#EXTM3U\n#EXTINF:1,\nfile:///etc/hostname\n",
        "picture": b"\x89PNG\r\n\x1a\n" + bytes(2000),
        "woman": woman,
        "cut_m4a": m4a[: len(m4a) // 2],
        "cut_flac": woman[:60],
        "foreign": sealed.getvalue(),
        "cut_age": sealed.getvalue()[:100],
        "bad_table": b"name,other\nTilly,Child A\n",
        "wrong": b"not the secret",
        "short": b"short",
    }
    for name, body in bodies.items():
        (folder / name).write_bytes(body)
    (folder / "letter").rename(folder / "letter.mp3")
    (folder / "folder").mkdir()
    return {name: str(folder / name) for name in (*bodies, "folder", "nowhere", "new")}


@pytest.fixture(scope="module")
def house(furnished_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """One home for all rows: none of them changes it."""
    one = homes.copy(furnished_home, tmp_path_factory.mktemp("house") / "home")
    homes.environment(one.folder, one.folder.with_name("secrets"))
    yield one
    one.close()


def ask(home: Path, command: str, *more: str, changes: Mapping[str, str] = MappingProxyType({})) -> Result:
    """Run a command in this process as Ada, who has no terminal; `changes` are to the environment."""
    environment = homes.environment(home, home.with_name("secrets")) | dict(changes)
    nothing = dict.fromkeys(os.environ, None)
    return CliRunner(env=nothing | environment).invoke(main, [*shlex.split(command), *more])


def filled(home: Home, command: str, files: dict[str, str]) -> str:
    if "{candidate}" in command:
        found = naming.open_candidates(home, directory.find(home, "ada"), "C-001")
        files = files | {"candidate": found[0].handle}
    recipient = age.HybridIdentity.generate().recipient()
    stranger = SigningKey.generate(home.signer.origin).verifier
    return command.format(**files, key=home.signer.verifier_key, stranger=stranger, recipient=recipient)


@pytest.mark.parametrize("row", ROWS)
def test_bad_input_is_refused_with_the_next_step_and_changes_nothing(
    house: Home, files: dict[str, str], row: str
) -> None:
    command, exit_code, fragment = ROWS[row]
    command = filled(house, command, files)
    before = homes.snapshot(house.folder.parent)
    result = ask(house.folder, command)
    assert (result.exit_code, result.stdout) == (exit_code, "") or exit_code == 10, result.output
    assert fragment in " ".join(result.stderr.split())
    assert "Traceback" not in result.output and "nobody foresaw" not in result.output
    assert homes.snapshot(house.folder.parent) == before
    assert not list(Path(files["new"]).parent.glob("new*"))

    as_json = ask(house.folder, command, "--json")
    error = json.loads(as_json.stderr.splitlines()[-1])["error"]
    assert (as_json.exit_code, error["exit_code"]) == (exit_code, exit_code)
    assert fragment in error["message"]
    assert homes.snapshot(house.folder.parent) == before


def test_the_snapshot_sees_a_change(home: Home) -> None:
    """The control: a command that is carried out, a file and a row each leave their trace."""
    before = homes.snapshot(home.folder)
    assert ask(home.folder, "person disable una").exit_code == 0
    changed = homes.snapshot(home.folder)
    names = {name.split(",")[0] for name, _ in before.items() ^ changed.items()}
    assert {"table person", "table audit_leaf", "log/signer.state"} <= names
    (home.folder / "blobs" / "stray").write_bytes(b"x")
    assert homes.snapshot(home.folder) != changed
