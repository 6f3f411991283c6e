import hashlib
import os
from pathlib import Path

import pytest

from storage import anchor
from storage.anchor import Anchor, NotErased

SPREAD = 128 * 1024
PAGE = 4096
SLOT = PAGE + SPREAD


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "anchor"


@pytest.fixture
def slots(path: Path) -> Anchor:
    return Anchor.create(path)


def test_spreads_and_gathers() -> None:
    secret = os.urandom(32)
    spread = anchor.split(secret)
    assert len(spread) == SPREAD
    assert anchor.merge(spread) == secret
    assert anchor.split(secret) != spread


def test_losing_any_part_loses_all() -> None:
    secret = os.urandom(32)
    spread = anchor.split(secret)
    for at in (0, 31, 512, SPREAD // 2, SPREAD - 33, SPREAD - 32, SPREAD - 1):
        damaged = bytearray(spread)
        damaged[at] ^= 1
        assert anchor.merge(bytes(damaged)) != secret
    # The control: it was the damage, not the gathering.
    assert anchor.merge(spread) == secret


def test_spreading_is_the_published_one() -> None:
    # LUKS1 on-disk format 1.2.3, section 2.4, worked out by hand for two pieces and SHA-256.
    spread = bytes(SPREAD - 32) + bytes(range(32))
    running = bytes(32)
    for _ in range(SPREAD // 32 - 1):
        running = hashlib.sha256(b"\0\0\0\0" + running).digest()
    assert anchor.merge(spread) == bytes(a ^ b for a, b in zip(running, range(32), strict=True))


def test_a_new_file_is_laid_out_and_empty(path: Path, slots: Anchor) -> None:
    assert slots.slots() == ()
    assert path.stat().st_size == 2 * SLOT
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.read_bytes().count(bytes(64)) == 0


def test_slots_are_given_lowest_epoch_first(slots: Anchor) -> None:
    first, second = os.urandom(32), os.urandom(32)
    slots.write(1, 7, first)
    slots.write(0, 8, second)
    assert [(slot.number, slot.epoch, slot.secret()) for slot in slots.slots()] == [(1, 7, first), (0, 8, second)]


def test_a_write_stays_in_its_place(path: Path, slots: Anchor) -> None:
    slots.write(0, 1, os.urandom(32))
    before, node = path.read_bytes(), path.stat().st_ino
    slots.write(1, 2, os.urandom(32))
    after = path.read_bytes()
    assert after[:SLOT] == before[:SLOT]
    assert after[SLOT:] != before[SLOT:]
    assert (path.stat().st_ino, len(after)) == (node, 2 * SLOT)


def test_erasing_leaves_no_piece(path: Path, slots: Anchor) -> None:
    slots.write(0, 1, os.urandom(32))
    slots.write(1, 2, os.urandom(32))
    before = path.read_bytes()
    slots.erase(0)
    after = path.read_bytes()
    pieces = [before[at : at + 16] for at in range(PAGE, SLOT, 16)]
    assert not any(piece in after for piece in pieces[::64])
    assert after[:64] != before[:64]
    assert [slot.epoch for slot in slots.slots()] == [2]
    # The control: the search finds the pieces of the slot that was left alone.
    assert all(before[at : at + 16] in after for at in range(SLOT + PAGE, 2 * SLOT, 1024))


@pytest.mark.parametrize("at", [0, 8, 16, 47, PAGE, PAGE + SPREAD // 2, SLOT - 1])
def test_a_torn_slot_is_no_slot(path: Path, slots: Anchor, at: int) -> None:
    slots.write(0, 1, os.urandom(32))
    assert len(slots.slots()) == 1
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)
    assert slots.slots() == ()


def test_a_cut_file_has_no_slot(path: Path, slots: Anchor) -> None:
    slots.write(1, 1, os.urandom(32))
    os.truncate(path, 2 * SLOT - 1)
    assert slots.slots() == ()


def test_a_medium_that_does_not_take_the_writing_is_noticed(slots: Anchor, monkeypatch: pytest.MonkeyPatch) -> None:
    slots.write(0, 1, os.urandom(32))
    with monkeypatch.context() as patch:
        patch.setattr(os, "pwritev", lambda handle, buffers, at: sum(map(len, buffers)))
        with pytest.raises(NotErased):
            slots.erase(0)
        patch.setattr(os, "pwritev", lambda handle, buffers, at: 512)
        with pytest.raises(NotErased):
            slots.erase(0)
    assert len(slots.slots()) == 1
    slots.erase(0)
    assert slots.slots() == ()


def test_works_where_direct_writing_is_refused(slots: Anchor, monkeypatch: pytest.MonkeyPatch) -> None:
    plain, refused = os.open, []

    def refuse_direct(path: Path, flags: int, mode: int = 0o777) -> int:
        if flags & getattr(os, "O_DIRECT", 0):
            refused.append(path)
            raise OSError(22, "no direct writing here")
        return plain(path, flags, mode)

    monkeypatch.setattr(os, "open", refuse_direct)
    slots.write(0, 1, bytes(32))
    assert slots.slots()[0].secret() == bytes(32)
    assert refused or not hasattr(os, "O_DIRECT")


def test_the_secret_does_not_show(slots: Anchor) -> None:
    slots.write(0, 1, os.urandom(32))
    (slot,) = slots.slots()
    assert slot.spread.hex() not in repr(slot)
    assert "spread" not in repr(slot)
