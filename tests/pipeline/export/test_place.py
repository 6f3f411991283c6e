"""A file is there whole or not at all, whatever happens on the way."""

import errno
import os
import resource
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.export import place as module
from pipeline.export.place import CannotPlace, PlaceTaken, place

ROOT = Path(__file__).parents[3]
WORDS = b"words of an extract " * 50_000


@pytest.fixture(params=["nameless", "named"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Both ways of writing: with a file that has no name, and where the file system knows none."""
    if request.param == "named":
        monkeypatch.setattr(module, "_NAMELESS", 0)
    return str(request.param)


@pytest.mark.usefixtures("way")
class TestBothWays:
    def test_a_file_is_placed_for_its_owner_only(self, tmp_path: Path) -> None:
        old = os.umask(0)
        try:
            place(b"extracts", tmp_path / "out.csv")
        finally:
            os.umask(old)
        assert (tmp_path / "out.csv").read_bytes() == b"extracts"
        assert stat.S_IMODE((tmp_path / "out.csv").stat().st_mode) == 0o600
        assert [path.name for path in tmp_path.iterdir()] == ["out.csv"]

    def test_a_file_that_is_there_stays(self, tmp_path: Path) -> None:
        (tmp_path / "out.csv").write_bytes(b"mine")
        (tmp_path / "link").symlink_to(tmp_path / "nowhere")
        for name in ("out.csv", "link"):
            with pytest.raises(PlaceTaken, match="--overwrite") as refusal:
                place(b"extracts", tmp_path / name)
            assert name not in str(refusal.value)
        assert (tmp_path / "out.csv").read_bytes() == b"mine"
        assert sorted(path.name for path in tmp_path.iterdir()) == ["link", "out.csv"]

    def test_it_is_overwritten_when_asked(self, tmp_path: Path) -> None:
        (tmp_path / "out.csv").write_bytes(b"mine, and longer than what follows")
        (tmp_path / "out.csv").chmod(0o644)
        for _ in range(2):
            place(b"extracts", tmp_path / "out.csv", overwrite=True)
        assert (tmp_path / "out.csv").read_bytes() == b"extracts"
        assert stat.S_IMODE((tmp_path / "out.csv").stat().st_mode) == 0o600
        assert [path.name for path in tmp_path.iterdir()] == ["out.csv"]

    def test_a_place_in_the_folder_one_is_in(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(tmp_path)
        place(b"extracts", Path("out.csv"))
        assert (tmp_path / "out.csv").read_bytes() == b"extracts"

    def test_a_missing_folder_is_said(self, tmp_path: Path) -> None:
        with pytest.raises(CannotPlace, match="No such file"):
            place(b"extracts", tmp_path / "none" / "out.csv")

    def test_a_folder_is_not_replaced_by_a_file(self, tmp_path: Path) -> None:
        (tmp_path / "sub").mkdir()
        with pytest.raises(CannotPlace):
            place(b"extracts", tmp_path / "sub", overwrite=True)
        assert [path.name for path in tmp_path.iterdir()] == ["sub"]

    @pytest.mark.parametrize("overwrite", [False, True])
    def test_nothing_is_left_when_the_disk_fills(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, overwrite: bool
    ) -> None:
        (tmp_path / "old.csv").write_bytes(b"mine")
        seen: list[int] = []

        def full(descriptor: int) -> None:
            seen.append(os.fstat(descriptor).st_size)
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr(os, "fsync", full)
        target = tmp_path / ("old.csv" if overwrite else "out.csv")
        with pytest.raises(CannotPlace, match="No space left"):
            place(b"extracts", target, overwrite)
        assert seen == [8], "the words were on the disk when it filled"
        assert [path.name for path in tmp_path.iterdir()] == ["old.csv"]
        assert (tmp_path / "old.csv").read_bytes() == b"mine"

    def test_nothing_is_left_when_no_file_may_be_so_large(self, tmp_path: Path) -> None:
        limits = resource.getrlimit(resource.RLIMIT_FSIZE)
        old = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        try:
            resource.setrlimit(resource.RLIMIT_FSIZE, (len(WORDS) // 2, limits[1]))
            with pytest.raises(CannotPlace, match="File too large"):
                place(WORDS, tmp_path / "out.csv")
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
            signal.signal(signal.SIGXFSZ, old)
        assert list(tmp_path.iterdir()) == []
        place(WORDS, tmp_path / "out.csv")
        assert (tmp_path / "out.csv").stat().st_size == len(WORDS)


KILLED = """
import os, signal, sys
from pathlib import Path
from pipeline.export import place as module

step, way, target = sys.argv[1:]
real = getattr(os, step)

def die(*args, **kwargs):
    print(sum(Path(f"/proc/self/fd/{fd}").stat().st_size for fd in os.listdir("/proc/self/fd")
        if "out.csv" in target and os.path.isfile(f"/proc/self/fd/{fd}")), flush=True)
    os.kill(os.getpid(), signal.SIGKILL)

setattr(os, step, die)
if way == "named":
    module._NAMELESS = 0
module.place(b"words of an extract " * 50_000, Path(target), overwrite=True)
"""


def killed(step: str, way: str, folder: Path) -> list[str]:
    """What lies in the folder of an export that was killed at a system call."""
    (folder / "out.csv").write_bytes(b"mine")
    done = subprocess.run(
        [sys.executable, "-c", KILLED, step, way, str(folder / "out.csv")],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert int(done.stdout) >= len(WORDS), "all the words were on the disk when it was killed"
    return [path.name for path in folder.iterdir() if WORDS[:20] in path.read_bytes()]


@pytest.mark.parametrize("step", ["fsync", "unlink", "link"])
def test_a_kill_leaves_no_words(step: str, tmp_path: Path) -> None:
    assert killed(step, "nameless", tmp_path) == []


def test_the_look_for_words_sees_them(tmp_path: Path) -> None:
    """Where the file system knows no file without a name, a kill does leave one: the tests above can see it."""
    assert [name.startswith(".candour-") for name in killed("fsync", "named", tmp_path)] == [True]
