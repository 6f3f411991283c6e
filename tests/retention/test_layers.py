"""The layers below a home: those that pass a write on to its place, and those that keep what was there."""

import fcntl
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from retention import assurance, layers
from retention.layers import anchor_trouble, below, medium


def device(sys: Path, number: str, name: str, *slaves: str, **files: str) -> str:
    """One block device as /sys shows it; files as dm__uuid="..."."""
    place = sys / "devices" / name
    # As the system lists those without hardware of their own.
    if name.startswith(("bcache", "zd", "md")):
        place = sys / "devices" / "virtual" / "block" / name
    (place / "slaves").mkdir(parents=True)
    for path, text in files.items():
        file = place / path.replace("__", "/")
        file.parent.mkdir(exist_ok=True)
        file.write_text(text + "\n")
    for slave in slaves:
        (place / "slaves" / slave).symlink_to(sys / "devices" / slave)
    (sys / number).symlink_to(place)
    return number


@pytest.mark.parametrize(
    ("uuid", "name"),
    [
        ("CRYPT-LUKS2-0a1b2c-home", "home"),
        ("CRYPT-LUKS1-0a1b2c-home", "home"),
        ("CRYPT-PLAIN-home", "home"),
        ("LVM-" + "a" * 64, "vg-home"),
        ("mpath-36001405", "mpatha"),
        ("part1-mpath-36001405", "mpatha1"),
    ],
)
def test_luks_and_volumes_pass_writes_on(uuid: str, name: str, tmp_path: Path) -> None:
    device(tmp_path, "8:1", "sda1")
    number = device(tmp_path, "253:0", "dm-0", "sda1", dm__uuid=uuid, dm__name=name)
    found = below(number, tmp_path)
    assert [layer.name for layer in found] == [name, "sda1"]
    assert [layer.keeps for layer in found] == ["", ""]


@pytest.mark.parametrize(
    ("uuid", "name"),
    [
        ("LVM-" + "a" * 64 + "-real", "vg-home-real"),
        ("LVM-" + "a" * 64 + "-cow", "vg-snap-cow"),
        ("LVM-" + "a" * 64 + "-tpool", "vg-pool-tpool"),
        ("LVM-" + "a" * 64 + "-cdata", "vg-cache_cdata"),
        ("LVM-" + "a" * 64 + "-cvol", "vg-fast_cvol"),
        ("CRYPT-INTEGRITY-home", "home_dif"),
        ("VDO-0a1b2c", "vdo"),
        ("", "made-by-hand"),
    ],
)
def test_what_keeps_old_blocks_is_seen_also_below_others(uuid: str, name: str, tmp_path: Path) -> None:
    device(tmp_path, "8:1", "sda1")
    device(tmp_path, "253:1", "dm-1", "sda1", dm__uuid=uuid, dm__name=name)
    volume = "LVM-" + "b" * 64
    number = device(tmp_path, "253:0", "dm-0", "dm-1", dm__uuid=volume, dm__name="vg-home")
    assert [layer.name for layer in below(number, tmp_path) if layer.keeps] == [name]


@pytest.mark.parametrize(("level", "keeps"), [("raid1", False), ("raid10", False), ("raid5", True), ("raid6", True)])
def test_arrays(level: str, keeps: bool, tmp_path: Path) -> None:
    device(tmp_path, "8:1", "sda1")
    number = device(tmp_path, "9:0", "md0", "sda1", md__level=level)
    assert bool(below(number, tmp_path)[0].keeps) is keeps


@pytest.mark.parametrize(
    ("name", "keeps"),
    [("vda1", False), ("nvme0n1p2", False), ("nbd0", True), ("drbd1", True), ("bcache0", True), ("zd0", True)],
)
def test_disks_here_and_elsewhere_and_what_a_program_makes(name: str, keeps: bool, tmp_path: Path) -> None:
    assert bool(below(device(tmp_path, "1:1", name), tmp_path)[0].keeps) is keeps


def test_a_file_as_a_disk(tmp_path: Path) -> None:
    number = device(tmp_path, "7:0", "loop0", loop__backing_file="/disk.img")
    assert below(number, tmp_path)[0].keeps == "a file on another file system"


def test_the_layers_of_this_machine_can_be_read(tmp_path: Path) -> None:
    number = assurance._mount(tmp_path)[3]
    assert number
    assert all(layer.name for layer in below(number))


def test_encrypted_swap_does_not_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    area = Path("/dev/null").stat().st_rdev
    number = f"{os.major(area)}:{os.minor(area)}"
    device(tmp_path, number, "dm-1", dm__uuid="CRYPT-PLAIN-swap", dm__name="swap")
    (tmp_path / "swaps").write_text("Filename Type Size Used Priority\n/dev/null partition 1 0 -2\n")
    monkeypatch.setattr(assurance, "SWAPS", tmp_path / "swaps")
    assert assurance._swaps() == 1
    monkeypatch.setattr(layers, "SYS", tmp_path)
    assert assurance._swaps() == 0


def test_a_plain_anchor_is_no_trouble_and_one_that_is_journalled_is(tmp_path: Path) -> None:
    anchor = tmp_path / "anchor"
    anchor.write_bytes(os.urandom(270336))
    assert anchor_trouble(anchor) == ""
    if shutil.which("chattr") is None:
        pytest.skip("needs chattr (Debian: apt install e2fsprogs)")
    done = subprocess.run(["chattr", "+j", str(anchor)], capture_output=True, text=True)
    if done.returncode:
        pytest.skip("this file system journals no single file, or only for its administrator")
    assert "journal" in anchor_trouble(anchor)


def test_an_anchor_that_shares_blocks_is_trouble(tmp_path: Path) -> None:
    anchor, copy = tmp_path / "anchor", tmp_path / "copy"
    anchor.write_bytes(os.urandom(270336))
    with anchor.open("rb") as source, copy.open("wb") as target:
        try:
            fcntl.ioctl(target, 0x40049409, source.fileno())  # FICLONE
        except OSError:
            pytest.skip("this file system shares no blocks between files")
    assert "shares blocks" in anchor_trouble(anchor)


def test_the_disk_under_a_home_is_told_as_far_as_the_machine_tells_it(tmp_path: Path) -> None:
    device(tmp_path, "8:0", "sda", device__vendor="ATA     ", device__model="ZD 1000 ")
    (tmp_path / "devices" / "sda" / "device" / "vpd_pg80").write_bytes(b"\x00\x80\x00\x08  Z1A2B3")
    part = tmp_path / "devices" / "sda" / "sda1"
    part.mkdir()
    (part / "partition").write_text("1\n")
    (tmp_path / "8:1").symlink_to(part)
    number = device(tmp_path, "253:0", "dm-0", dm__uuid="CRYPT-LUKS2-0a-home", dm__name="home", slaves__none="")
    (tmp_path / "devices" / "dm-0" / "slaves" / "none").unlink()
    (tmp_path / "devices" / "dm-0" / "slaves" / "sda1").symlink_to(part)
    told = {"make": "ATA", "model": "ZD 1000", "serial": "Z1A2B3"}
    assert medium("8:0", tmp_path) == medium("8:1", tmp_path) == medium(number, tmp_path) == told
    device(tmp_path, "254:0", "vda", serial="virtual-7")
    assert medium("254:0", tmp_path) == {"make": "not known", "model": "not known", "serial": "virtual-7"}
    for nothing in ("", "9:9"):
        assert set(medium(nothing, tmp_path).values()) == {"not known"}
