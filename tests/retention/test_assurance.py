"""The assurance class says no more than the machine shows."""

import shutil
import subprocess
import tempfile
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from retention import assurance
from retention.assurance import IN_PLACE, Facts, classify, survey
from retention.layers import Layer, below
from tests import story
from tests.story import Stage

BEST = Facts(
    filesystem="ext4",
    mount_options=frozenset({"rw", "relatime"}),
    device="/dev/sda1",
    medium={"make": "Zürich Drives", "model": "ZD 1", "serial": "Z1"},
    layers=(Layer(name="sda1"),),
    anchor="",
    swaps=0,
    core_limit=0,
    core_handler=False,
    temp_filesystem="tmpfs",
    sqlite="3.45.1",
    pragmas={"journal_mode": "wal", "synchronous": 2, "secure_delete": 1},
    clock_behind=timedelta(0),
)


def bad(facts: Facts) -> tuple[str, list[str]]:
    grade, findings = classify(facts)
    return grade, [finding.name for finding in findings if not finding.good]


def test_a_machine_as_it_should_be_reaches_the_highest_class_there_is() -> None:
    assert bad(BEST) == ("E1", [])
    assert all(bad(replace(BEST, filesystem=kind)) == ("E1", []) for kind in IN_PLACE)


@pytest.mark.parametrize(
    ("worse", "name"),
    [
        ({"filesystem": "btrfs"}, "file system"),
        ({"filesystem": "zfs"}, "file system"),
        ({"filesystem": "overlay"}, "file system"),
        ({"filesystem": "nfs4"}, "file system"),
        ({"filesystem": "an unknown file system"}, "file system"),
        ({"mount_options": frozenset({"rw", "data=journal"})}, "journal"),
        ({"layers": (Layer(name="home"), Layer(name="vg-home-real", keeps="a snapshot"))}, "snapshots"),
        ({"anchor": "it shares blocks with a copy"}, "anchor"),
        ({"swaps": 1}, "swap"),
        ({"core_limit": -1}, "core dumps"),
        ({"core_limit": 4096}, "core dumps"),
        ({"core_handler": True}, "core dumps"),
    ],
)
def test_each_thing_that_may_keep_a_trace_lowers_it(worse: dict[str, object], name: str) -> None:
    assert bad(replace(BEST, **worse)) == ("E0", [name])  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("worse", "name"),
    [
        ({"temp_filesystem": "ext4"}, "temporary folder"),
        ({"sqlite": "3.36.0"}, "SQLite"),
        ({"pragmas": {"journal_mode": "delete", "synchronous": 2, "secure_delete": 1}}, "database"),
        ({"pragmas": {"secure_delete": 0}}, "database"),
        ({"clock_behind": timedelta(minutes=6)}, "clock"),
    ],
)
def test_what_leaves_no_trace_is_said_and_lowers_nothing(worse: dict[str, object], name: str) -> None:
    assert bad(replace(BEST, **worse)) == ("E1", [name])  # type: ignore[arg-type]


def test_a_core_limit_of_one_byte_stops_a_handler_too() -> None:
    assert bad(replace(BEST, core_limit=1, core_handler=True)) == ("E1", [])


def test_rows_in_another_database_have_no_pragmas() -> None:
    assert bad(replace(BEST, pragmas={})) == ("E1", [])


def test_every_finding_says_what_was_seen_and_what_to_do() -> None:
    for finding in classify(replace(BEST, filesystem="btrfs", swaps=2))[1]:
        assert finding.seen and finding.raises


def test_the_survey_of_a_home_sees_this_machine(tmp_path: Path) -> None:
    told = story.at(Stage.PLANNED, tmp_path)
    seen = survey(told.home)
    if shutil.which("df") is None:
        pytest.skip("needs df")
    shown = subprocess.run(["df", "--output=fstype", str(tmp_path)], capture_output=True, text=True, check=True)
    assert seen.filesystem == shown.stdout.split()[1]
    assert seen.clock_behind == timedelta(0)
    assert seen.pragmas == assurance.PRAGMAS and seen.anchor == ""
    assert tuple(map(int, seen.sqlite.split("."))) > (3, 0)


def test_a_clock_behind_the_log_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = story.at(Stage.PLANNED, tmp_path)
    last = told.log()[-1].t
    monkeypatch.setattr(told.home, "machine_clock", lambda: last - timedelta(hours=2))
    assert survey(told.home).clock_behind == timedelta(hours=2)


def test_looking_writes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Python's own way to find the temporary folder writes a file, and on a full disk leaves it there."""
    told, temp = story.at(Stage.PLANNED, tmp_path), tmp_path / "temp"
    temp.mkdir(mode=0o700)
    before = temp.stat().st_mtime_ns
    monkeypatch.setattr(tempfile, "tempdir", None)
    monkeypatch.setenv("TMPDIR", str(temp))
    survey(told.home)
    assert temp.stat().st_mtime_ns == before
    tempfile.gettempdir()
    assert temp.stat().st_mtime_ns != before, "the look must see a file that came and went"


MOUNTS = """\
22 1 259:2 / / rw,relatime shared:1 - ext4 /dev/root rw,discard
23 22 0:21 / /proc rw,nosuid - proc proc rw
30 22 0:30 / /srv/case\\040files rw - btrfs /dev/sdb1 rw
31 22 0:31 / /srv/ärzte rw - xfs /dev/sdc1 rw
32 22 0:32 / /srv/covered rw - ext4 /dev/sdd1 rw
33 32 0:33 / /srv/covered rw - overlay overlay rw
34 22 0:34 / /srv/journalled rw - ext4 /dev/sde1 rw,data=journal
"""


@pytest.mark.parametrize(
    ("path", "kind", "device"),
    [
        ("/home/candour", "ext4", "/dev/root"),
        ("/srv/case files/home", "btrfs", "/dev/sdb1"),
        ("/srv/ärzte/home", "xfs", "/dev/sdc1"),
        ("/srv/covered/home", "overlay", "overlay"),
        ("/srv/casefiles", "ext4", "/dev/root"),
        ("/srv/coveredby", "ext4", "/dev/root"),
    ],
)
def test_the_mount_a_path_lies_on(
    path: str, kind: str, device: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert mount(path, MOUNTS, tmp_path, monkeypatch)[:3:2] == (kind, device)


def mount(path: str, text: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[str, frozenset[str], str, str]:
    table = folder / "mountinfo"
    table.write_text(text, encoding="utf-8")
    monkeypatch.setattr(assurance, "MOUNTS", table)
    return assurance._mount(Path(path))


def test_a_vault_that_lies_elsewhere_decides_and_not_the_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told, elsewhere = story.at(Stage.PLANNED, tmp_path), tmp_path / "elsewhere"
    table = f"1 0 8:1 / / rw - ext4 /dev/sda1 rw\n2 1 8:9 / {elsewhere} rw - btrfs /dev/sdb1 rw\n"
    mount("/", table, tmp_path, monkeypatch)
    assert survey(told.home).filesystem == "ext4"
    (told.home.folder / "vault").rename(elsewhere)
    (told.home.folder / "vault").symlink_to(elsewhere)
    assert (survey(told.home).filesystem, survey(told.home).device) == ("btrfs", "/dev/sdb1")


def test_options_of_the_mount_and_of_the_file_system_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    options = mount("/srv/journalled/home", MOUNTS, tmp_path, monkeypatch)[1]
    assert options >= {"rw", "data=journal"}


def test_where_the_system_does_not_say_nothing_is_claimed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(assurance, "MOUNTS", tmp_path / "missing")
    kind, _, device, number = assurance._mount(tmp_path)
    assert below(number) == ()
    assert bad(replace(BEST, filesystem=kind, device=device))[0] == "E0"


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("Filename Type Size Used Priority\n", 0),
        ("Filename Type Size Used Priority\n/dev/zram0 partition 100 0 100\n", 0),
        ("Filename Type Size Used Priority\n/dev/zram0 partition 1 0 1\n/swapfile file 1 0 -2\n", 1),
        ("Filename Type Size Used Priority\n/var/zram-swap file 1 0 -2\n", 1),
        ("Filename Type Size Used Priority\n/dev/zram1 partition 1 0 1\n", 1),
    ],
)
def test_swap_on_a_disk_counts_and_swap_in_memory_does_not(
    text: str, count: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = tmp_path / "swaps"
    table.write_text(text)
    monkeypatch.setattr(assurance, "SWAPS", table)
    for name, backing in (("zram0", "none"), ("zram1", "/dev/sda3")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "backing_dev").write_text(f"{backing}\n")
    monkeypatch.setattr(assurance, "BLOCKS", tmp_path)
    assert assurance._swaps() == count
