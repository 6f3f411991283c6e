import os
import stat
from pathlib import Path

import pytest

from pipeline.export.place import CannotPlace, PlaceTaken, place


def test_a_file_is_placed_for_its_owner_only(tmp_path: Path) -> None:
    place(b"extracts", tmp_path / "out.csv")
    assert (tmp_path / "out.csv").read_bytes() == b"extracts"
    assert stat.S_IMODE((tmp_path / "out.csv").stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["out.csv"]


def test_a_file_that_is_there_stays(tmp_path: Path) -> None:
    (tmp_path / "out.csv").write_bytes(b"mine")
    with pytest.raises(PlaceTaken, match="--overwrite") as refusal:
        place(b"extracts", tmp_path / "out.csv")
    assert "out.csv" not in str(refusal.value)
    assert (tmp_path / "out.csv").read_bytes() == b"mine"
    assert [path.name for path in tmp_path.iterdir()] == ["out.csv"]


def test_it_is_overwritten_when_asked(tmp_path: Path) -> None:
    (tmp_path / "out.csv").write_bytes(b"mine")
    place(b"extracts", tmp_path / "out.csv", overwrite=True)
    assert (tmp_path / "out.csv").read_bytes() == b"extracts"


def test_a_missing_folder_is_said(tmp_path: Path) -> None:
    with pytest.raises(CannotPlace, match="No such file"):
        place(b"extracts", tmp_path / "none" / "out.csv")


@pytest.mark.parametrize("overwrite", [False, True])
def test_nothing_is_left_when_the_disk_fills(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, overwrite: bool) -> None:
    seen: list[list[str]] = []

    def full(descriptor: int) -> None:
        seen.append([path.name for path in tmp_path.iterdir()])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(CannotPlace, match="No space left"):
        place(b"extracts", tmp_path / "out.csv", overwrite)
    assert seen[0], "the words were in the folder when the disk filled"
    assert list(tmp_path.iterdir()) == []
