"""What a machine or a damaged home does to a command: refused in plain words, and nothing half-written."""

import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from sqlite3 import connect

import pytest

from pipeline.transcription import model_store
from storage.home import Home
from tests import homes
from tests.commands.test_bad_input import ask

CANDOUR = Path(sys.executable).with_name("candour")

Change = Callable[[Path], object]


def sql(statement: str) -> Change:
    def run(folder: Path) -> None:
        with closing(connect(folder / "candour.db")) as rows, rows:
            rows.executescript(statement)

    return run


def written(name: str, text: str) -> Change:
    return lambda folder: (folder / name).write_text(text)


def gone(name: str) -> Change:
    def remove(folder: Path) -> None:
        path = folder / name
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()

    return remove


def bent(name: str, at: int = 40) -> Change:
    """One byte of a file changed."""

    def bend(folder: Path) -> None:
        data = bytearray((folder / name).read_bytes())
        data[at] ^= 1
        (folder / name).write_bytes(data)

    return bend


def second_model(folder: Path) -> None:
    second = shutil.copytree(folder / "models/scripted", folder / "models/second")
    model_store.write_manifest(second, "second", language="en", note="")


# Of each row: what happened to the home; the command; its exit code; a part of the message.
ROWS: dict[str, tuple[Change, str, int, str]] = {
    "made by a newer version": (
        sql("UPDATE alembic_version SET version_num = '9999'"), "status", 9, "install that version to open it",
    ),
    "an unknown setting": (
        written("candour.toml", "[speech]\nmodell = 'x'\n"), "status", 4, "speech.modell: nobody knows this name",
    ),
    "settings that are no TOML": (written("candour.toml", "[speech\n"), "status", 4, "candour.toml` lists every setting"),
    "a bad database address": (
        written("candour.toml", "[database]\nurl = 'nonsense'\n"), "status", 4, "database.url is no address",
    ),
    "no database": (gone("candour.db"), "status", 5, "bring candour.db back from a backup"),
    "a database that is none": (written("candour.db", "x" * 9000), "status", 10, "bring it back from a backup"),
    "no settings": (gone("candour.toml"), "status", 5, "make one with `candour init`"),
    "no signing key": (gone("log/signer.key"), "status", 10, "restore the log folder from a backup"),
    "no signed state": (gone("log/signer.state"), "person disable una", 10, "restore the log folder from a backup"),
    "an exposed signing key": (lambda folder: (folder / "log/signer.key").chmod(0o644), "status", 9, "mode 0600"),
    "a log set back": (
        sql("DROP TRIGGER audit_leaf_refuses_delete; DELETE FROM audit_leaf WHERE idx > 3"),
        "person disable una", 10, "it was set back or rewritten",
    ),
    "no vault": (gone("vault"), "transcript show C-001", 5, "vault: there is none in this home"),
    "no anchor": (gone("vault/anchor"), "transcript show C-001", 10, "recovery copy"),
    "a bent vault": (bent("vault/vault-1", -40), "transcript show C-001", 10, "recovery copy"),
    "a bent draft": (
        sql("UPDATE conversation SET draft = CAST(substr(draft, 1, 20) || x'00' || substr(draft, 22) AS BLOB) WHERE draft <> ''"),
        "transcript show C-001", 10, "sealed",
    ),
    "no model": (gone("models/scripted"), "work --once", 5, "candour model install small.en"),
    "a bent model": (bent("models/scripted/model.bin"), "work --once", 10, "take it in again"),
    "a model whose manifest is bent": (
        written("models/scripted/manifest.json", "{"), "work --once", 10, "manifest.json of the model",
    ),
    "a model without its tokenizer": (gone("models/scripted/tokenizer.json"), "work --once", 10, "missing"),
    "another model in the settings": (
        written("candour.toml", "[speech]\nmodel = 'large'\n"), "work --once", 5, "`candour model list` shows what there is",
    ),
    "two models": (
        second_model, "work --once", 5,
        "say in candour.toml, [speech] model, which one to use",
    ),
}  # fmt: skip


@pytest.mark.parametrize("row", ROWS)
def test_a_home_that_is_not_as_it_should_be(home: Home, row: str) -> None:
    change, command, exit_code, fragment = ROWS[row]
    home.close()
    change(home.folder)
    before = homes.snapshot(home.folder) if row != "a database that is none" else {}
    result = ask(home.folder, command)
    assert result.exit_code == exit_code, result.output
    assert fragment in " ".join(result.stderr.split())
    assert "nobody foresaw" not in result.output
    assert not before or homes.snapshot(home.folder) == before


@contextmanager
def small_disk(folder: Path, kib: int) -> Iterator[Path]:
    """A disk of its own for a folder."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={kib}k,mode=700", "candour-test", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, check=False, capture_output=True).returncode != 0:
        pytest.skip("only where a disk can be mounted")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill_up(folder: Path) -> None:
    """Take every free block."""
    with (folder / "filler").open("wb", buffering=0) as file:
        for block in (1 << 16, 1 << 12, 1):
            with pytest.raises(OSError, match="No space left"):
                while True:
                    file.write(bytes(block))


@pytest.mark.parametrize(
    "command",
    [
        "upload {woman} --conversation C-003",
        "person disable una",
        "review create LT-2",
        "conversation add --review LT-1 --participant 'Teacher 1'",
        "model add {home}/models/scripted --name second",
        "audit bundle {disk}/bundle",
        "work --once",
        "init --person ada --home {disk}/second",
    ],
)
def test_a_full_disk_is_told_and_leaves_nothing_behind(furnished_home: Path, tmp_path: Path, command: str) -> None:
    (tmp_path / "woman").write_bytes(homes.recording("woman"))
    with small_disk(tmp_path / "disk", 24 * 1024) as disk:
        home = homes.copy(furnished_home, disk / "home")
        home.close()
        homes.environment(home.folder, disk / "secrets")
        before = homes.snapshot(disk)
        fill_up(disk)
        result = ask(home.folder, command.format(woman=tmp_path / "woman", home=home.folder, disk=disk))
        (disk / "filler").unlink()
        assert result.exit_code == 9, result.output
        assert "free" in result.stderr
        assert homes.snapshot(disk) == before
        assert ask(home.folder, "person disable una").exit_code == 0, "with room again, work goes on"


@pytest.mark.parametrize(
    "command", ["status", "person disable una", "upload {woman} --conversation C-003", "work --once"]
)
def test_a_home_that_cannot_be_written_is_told(furnished_home: Path, tmp_path: Path, command: str) -> None:
    (tmp_path / "woman").write_bytes(homes.recording("woman"))
    with small_disk(tmp_path / "disk", 24 * 1024) as disk:
        home = homes.copy(furnished_home, disk / "home")
        home.close()
        homes.environment(home.folder, disk / "secrets")
        before = homes.snapshot(disk)
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
        result = ask(home.folder, command.format(woman=tmp_path / "woman"))
        assert result.exit_code == 9, result.output
        assert "check its owner, permissions and that it is not mounted read-only" in result.stderr
        assert homes.snapshot(disk) == before


def test_a_file_that_grows_too_large_is_told(home: Home, tmp_path: Path) -> None:
    (tmp_path / "woman").write_bytes(homes.recording("woman"))
    before = homes.snapshot(home.folder)
    done = candour(
        home.folder, "upload", str(tmp_path / "woman"), "--conversation", "C-003",
        prepare=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000)),
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (9, "")
    assert "free some space and repeat the step, nothing was half-written" in done.stderr
    assert homes.snapshot(home.folder) == before


def candour(home: Path, *words: str, prepare: Callable[[], None] | None = None) -> subprocess.CompletedProcess[str]:
    """Run the installed command as a person would."""
    environment = homes.environment(home, home.with_name("secrets"))
    return subprocess.run(
        [str(CANDOUR), *words], env=environment, capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL,
        preexec_fn=prepare,
    )  # fmt: skip


def test_a_second_worker_is_refused_while_the_first_is_at_work(home: Home) -> None:
    before = homes.snapshot(home.folder)
    with home.working():
        done = candour(home.folder, "work", "--once")
        assert done.returncode == 6
        assert "wait for it, or stop it first" in done.stderr
        assert ask(home.folder, "retention run --yes").exit_code == 6
        assert homes.snapshot(home.folder) == before
        looked = ask(home.folder, "status")
        assert looked.exit_code == 0, looked.output
    assert ask(home.folder, "work --once").exit_code == 0


@pytest.mark.parametrize(
    ("name", "option", "command"),
    [
        ("CANDOUR_PASSPHRASE_FILE", "--passphrase-file", "transcript show C-001"),
        ("CANDOUR_PASSPHRASE_FILE", "--passphrase-file", "work --once"),
        ("CANDOUR_PASSWORD_FILE", "--password-file", "hold lift 1 --reason x --reference y"),
        ("CANDOUR_PASSWORD_FILE", "--password-file", "person add zoe --role auditor"),
    ],
)
def test_a_secret_nobody_gave_is_asked_for_by_its_option(home: Home, name: str, option: str, command: str) -> None:
    before = homes.snapshot(home.folder)
    done = ask(home.folder, command, changes={name: ""})
    assert (done.exit_code, done.stdout) == (7, "")
    assert f"or name a file with {option}" in done.stderr
    assert homes.snapshot(home.folder) == before


@pytest.mark.parametrize(
    ("command", "changes", "exit_code", "fragment"),
    [
        ("status", {"CANDOUR_SPEECH__THREAD": "2"}, 4, "environment CANDOUR_SPEECH__THREAD: no such setting"),
        ("status", {"CANDOUR_SPEECH__THREADS": "many"}, 4, "speech.threads"),
        (
            "status",
            {"CANDOUR_HOME": "/nonexistent/home"},
            5,
            "make one with `candour init`, or name another with --home",
        ),
        ("transcript show C-001", {"CANDOUR_PERSON": "zoe"}, 5, "`candour person list` shows everyone"),
        ("transcript show C-001", {"CANDOUR_PERSON": ""}, 4, "say who you are with --as NAME"),
    ],
)
def test_an_environment_that_cannot_be_used_is_told(
    home: Home, command: str, changes: dict[str, str], exit_code: int, fragment: str
) -> None:
    before = homes.snapshot(home.folder)
    done = ask(home.folder, command, changes=changes)
    assert (done.exit_code, done.stdout) == (exit_code, "")
    assert fragment in done.stderr
    assert homes.snapshot(home.folder) == before


@pytest.mark.parametrize(
    ("words", "exit_code", "fragment"),
    [
        ("upload nothing --conversation C-003", 4, "candour: recording: there is no file of that name"),
        ("conversation show C-999", 5, "candour: conversation: there is no conversation"),
    ],
)
def test_the_installed_command_refuses_in_one_sentence(home: Home, words: str, exit_code: int, fragment: str) -> None:
    before = homes.snapshot(home.folder)
    done = candour(home.folder, *words.split())
    assert (done.returncode, done.stdout) == (exit_code, "")
    assert done.stderr.startswith(fragment)
    assert done.stderr.count("\n") == 1
    assert homes.snapshot(home.folder) == before


def test_standard_output_that_takes_nothing_is_told(home: Home) -> None:
    environment = homes.environment(home.folder, home.folder.with_name("secrets"))
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [str(CANDOUR), "audit", "log"], env=environment, stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert done.returncode == 9
    assert "Traceback" not in done.stderr and "nobody foresaw" not in done.stderr


@pytest.mark.parametrize(
    ("words", "exit_code", "fragment"),
    [
        ("--person 'Ada Jones'", 4, "the name to sign in with must begin with a letter"),
        ("--person ada --password-file {short}", 4, "at least 8 characters"),
        ("--person ada --origin 'two words'", 4, "name another with --origin"),
        ("--person ada --passphrase-file {nowhere}", 4, "--passphrase-file"),
        ("--person ada --home {file}/home", 9, "check the path that was given"),
        ("--person ada --home {file}", 3, "name a new one with --home, nothing was changed"),
        ("--person ada --home {used}", 3, "name a new one with --home, nothing was changed"),
        ("", 2, "Missing option '--person'"),
    ],
)
def test_a_home_is_made_whole_or_not_at_all(tmp_path: Path, words: str, exit_code: int, fragment: str) -> None:
    (tmp_path / "short").write_text("short")
    (tmp_path / "used").mkdir()
    (tmp_path / "used" / "letter").write_text("mine")
    places = {"nowhere": tmp_path / "nowhere", "file": tmp_path / "short", "short": tmp_path / "short"}
    homes.environment(tmp_path / "home", tmp_path / "secrets")
    before = homes.snapshot(tmp_path)
    done = ask(tmp_path / "home", "init " + words.format(used=tmp_path / "used", **places))
    assert (done.exit_code, done.stdout) == (exit_code, "")
    assert fragment in " ".join(done.stderr.split())
    assert "nobody foresaw" not in done.stderr
    assert homes.snapshot(tmp_path) == before
    assert not (tmp_path / "home").exists()
