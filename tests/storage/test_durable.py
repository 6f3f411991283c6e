import errno
import os
from pathlib import Path

import pytest

from storage.durable import DiskFailed, DiskFull, NoPlace, NotWritable, plain_refusals, replace
from storage.errors import Unavailable


def test_replaces_whole_and_for_the_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "file"
    for data in (b"old", b"new", b""):
        replace(path, data)
        assert path.read_bytes() == data
        assert path.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_a_failure_keeps_the_old(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str) -> None:
    path = tmp_path / "file"
    replace(path, b"old")

    def fail(*_: object) -> None:
        raise OSError(errno.EIO, "broken")

    with monkeypatch.context() as patch:
        patch.setattr(os, call, fail)
        with pytest.raises(OSError, match="broken"):
            replace(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_symbolic_link_is_not_written_through(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.write_bytes(b"outside")
    (tmp_path / "file.new").symlink_to(outside)
    with pytest.raises(OSError):
        replace(tmp_path / "file", b"new")
    assert outside.read_bytes() == b"outside"


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (errno.ENOSPC, DiskFull),
        (errno.EDQUOT, DiskFull),
        (errno.EFBIG, DiskFull),
        (errno.EROFS, NotWritable),
        (errno.EACCES, NotWritable),
        (errno.EPERM, NotWritable),
        (errno.ENOENT, NoPlace),
        (errno.ENOTDIR, NoPlace),
        (errno.EIO, DiskFailed),
        (0, DiskFailed),
    ],
)
def test_refusals_are_told_without_a_file_name(code: int, expected: type[Unavailable]) -> None:
    with pytest.raises(expected) as caught, plain_refusals():
        raise OSError(code, "x", "a file name")
    assert "a file name" not in str(caught.value)
    assert caught.value.__suppress_context__


def test_other_errors_pass() -> None:
    with pytest.raises(ZeroDivisionError), plain_refusals():
        raise ZeroDivisionError
