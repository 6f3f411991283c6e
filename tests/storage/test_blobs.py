import errno
import fcntl
import os
import resource
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from storage.blobs import BlobRef, Kind, LocalBlobs, NoSuchBlob
from storage.durable import DiskFailed, DiskFull, NotWritable
from tests.storage.blob_contract import BlobContract


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "blobs"


@pytest.fixture
def blobs(folder: Path) -> LocalBlobs:
    return LocalBlobs(folder)


class TestLocalBlobs(BlobContract):
    pass


def test_only_the_owner_may_look(folder: Path, blobs: LocalBlobs) -> None:
    with blobs.writing() as sink:
        (draft,) = folder.iterdir()
        assert draft.stat().st_mode & 0o777 == 0o600
    assert (folder / sink.ref).stat().st_mode & 0o777 == 0o400
    assert folder.stat().st_mode & 0o777 == 0o700


def test_an_open_folder_is_closed_to_others(tmp_path: Path) -> None:
    (tmp_path / "open").mkdir(mode=0o755)
    LocalBlobs(tmp_path / "open")
    assert (tmp_path / "open").stat().st_mode & 0o777 == 0o700


def test_symbolic_links_are_not_followed(tmp_path: Path, folder: Path, blobs: LocalBlobs) -> None:
    (tmp_path / "outside").write_bytes(b"outside")
    ref = BlobRef("a" * 32)
    (folder / ref).symlink_to(tmp_path / "outside")
    with pytest.raises(NoSuchBlob):
        blobs.open(ref)
    assert [found.kind for found in blobs.survey()] == [Kind.FOREIGN]
    blobs.destroy(ref)
    assert (tmp_path / "outside").read_bytes() == b"outside"


def test_other_things_are_surveyed_and_never_opened(folder: Path, blobs: LocalBlobs) -> None:
    os.mkfifo(folder / ("b" * 32))
    (folder / ("c" * 32)).mkdir()
    (folder / "notes.txt").write_bytes(b"x")
    assert [found.kind for found in blobs.survey()] == [Kind.FOREIGN] * 3
    for name in ("b" * 32, "c" * 32):
        with pytest.raises(NoSuchBlob):
            blobs.open(BlobRef(name))
    assert blobs.sweep_unfinished() == 0
    assert (folder / "notes.txt").exists()


def test_a_second_name_outside_the_store_is_reported(tmp_path: Path, folder: Path, blobs: LocalBlobs) -> None:
    ref = blobs.write([b"x"])
    os.link(folder / ref, tmp_path / "copy")
    destruction = blobs.destroy(ref)
    assert destruction.existed
    assert len(destruction.remains) == 1


def test_what_a_killed_writer_left_is_swept(folder: Path, blobs: LocalBlobs) -> None:
    script = """
import os, signal, sys
from pathlib import Path
from storage.blobs import LocalBlobs
with LocalBlobs(Path(sys.argv[1])).writing() as sink:
    sink.write(b"half of it")
    os.kill(os.getpid(), signal.SIGKILL)
"""
    done = subprocess.run([sys.executable, "-c", script, str(folder)], check=False)
    assert done.returncode == -signal.SIGKILL
    assert [found.kind for found in blobs.survey()] == [Kind.UNFINISHED]
    assert blobs.sweep_unfinished() == 1
    assert list(blobs.survey()) == []


def test_a_real_limit_of_the_system_is_told_in_one_sentence(folder: Path) -> None:
    script = f"""
import resource, sys
from pathlib import Path
from storage.blobs import LocalBlobs
from storage.durable import DiskFull
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, {resource.RLIM_INFINITY}))
blobs = LocalBlobs(Path(sys.argv[1]))
try:
    blobs.write([bytes(60_000)] * 3)
except DiskFull as error:
    print(error, len(list(blobs.survey())))
"""
    done = subprocess.run([sys.executable, "-c", script, str(folder)], check=True, capture_output=True, text=True)
    assert done.stdout.startswith("storage: the disk or its quota is full")
    assert done.stdout.endswith(" 0\n")
    assert str(folder) not in done.stdout


@pytest.mark.parametrize(
    ("call", "code", "expected"),
    [
        ("write", errno.ENOSPC, DiskFull),
        ("write", errno.EIO, DiskFailed),
        ("fsync", errno.EIO, DiskFailed),
        ("fsync", errno.EDQUOT, DiskFull),
        ("fchmod", errno.EPERM, NotWritable),
    ],
)
def test_a_failing_disk_leaves_nothing(
    folder: Path, blobs: LocalBlobs, monkeypatch: pytest.MonkeyPatch, call: str, code: int, expected: type[Exception]
) -> None:
    def fail(*_: object) -> int:
        raise OSError(code, "x", "a file name")

    with monkeypatch.context() as patch:
        patch.setattr(os, call, fail)
        with pytest.raises(expected) as caught:
            blobs.write([b"abc"])
    assert "a file name" not in str(caught.value)
    assert caught.value.__suppress_context__
    assert list(folder.iterdir()) == []


def test_a_read_only_folder_is_told(blobs: LocalBlobs, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> int:
        raise OSError(errno.EROFS, "x")

    monkeypatch.setattr(os, "open", fail)
    with pytest.raises(NotWritable):
        blobs.write([b"abc"])


def test_short_writes_are_completed(blobs: LocalBlobs, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = os.write
    monkeypatch.setattr(os, "write", lambda handle, data: whole(handle, bytes(data[:7])))
    ref = blobs.write([b"0123456789" * 10])
    monkeypatch.undo()
    assert b"".join(blobs.read(ref)) == b"0123456789" * 10


def test_the_name_comes_after_the_bytes_are_on_the_disk(
    folder: Path, blobs: LocalBlobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[tuple[bool, bool]] = []
    sync = os.fsync

    def watch(handle: int) -> None:
        named = any(len(entry.name) == 32 for entry in folder.iterdir())
        synced.append((stat.S_ISDIR(os.fstat(handle).st_mode), named))
        sync(handle)

    monkeypatch.setattr(os, "fsync", watch)
    blobs.write([b"abc"])
    # First the bytes under the unfinished name, then, with the final name in place, the folder.
    assert synced == [(False, False), (True, True)]


def test_what_is_destroyed_before_it_is_locked_is_not_taken_up(
    blobs: LocalBlobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    draft = blobs.drafting()
    draft.let_go()
    lock = fcntl.flock

    def late(handle: int, how: int) -> None:
        blobs.destroy(draft.ref)
        lock(handle, how)

    blobs.drafted(draft.ref).close()
    monkeypatch.setattr(fcntl, "flock", late)
    with pytest.raises(NoSuchBlob):
        blobs.drafted(draft.ref)
