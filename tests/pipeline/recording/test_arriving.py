"""A recording that comes in pieces is the same however it was cut, and leaves nothing when it does not come to its end."""

import errno
import io
import os
import random
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import BinaryIO, cast

import pytest
from sqlalchemy.orm import Session

from access.roles import NotAllowed
from pipeline.recording import arriving, intake
from pipeline.recording.arriving import NothingArriving, WrongSize
from pipeline.recording.intake import AlreadyRecorded, Duplicate, NotForThisSlot, NotForThisSlotAlone, OnItsWay
from pipeline.recording.sound import EmptyFile, NotAudio, Unfinished
from retention import giving_up, holds, orders, withdrawal
from retention.withdrawal import Ground
from storage import age, models
from storage.blobs import BlobRef, Destruction, DraftBusy, LocalBlobs
from storage.durable import DiskFull
from storage.log.log import Event
from storage.models import Incident, Recording, State
from storage.vault import KeyClass
from tests import story
from tests.pipeline import media
from tests.story import FIRST, OTHER, Stage, Story
from worker import local

SOUND = media.encoded(media.hum(3), "wav")


@pytest.fixture
def told(tmp_path: Path) -> Story:
    return story.at(Stage.PLANNED, tmp_path)


def sent(told: Story, data: bytes, cuts: list[int], reference: str = FIRST, size: int | None = None) -> Recording:
    with arriving.begin(told.home, told.ana, reference, len(data) if size is None else size) as arrival:
        for begin, end in zip([0, *cuts], [*cuts, len(data)], strict=True):
            arrival.receive(data[begin:end])
        return arrival.finish()


def sealed(data: bytes, *recipients: str) -> bytes:
    target = io.BytesIO()
    with age.Writer(target, [age.parse_recipient(text) for text in recipients]) as writer:
        writer.write(data)
    return target.getvalue()


def nothing(told: Story, reference: str = FIRST) -> bool:
    return told.conversation(reference).state is State.PLANNED and not list(told.home.blobs.survey())


@pytest.mark.parametrize("seed", range(8))
def test_however_it_is_cut_the_recording_is_the_same(told: Story, seed: int) -> None:
    rng = random.Random(seed)  # noqa: S311 - the same cuts each time
    data = SOUND * 25  # more than the first look; what follows the first end is kept all the same
    cuts = sorted(rng.randrange(len(data)) for _ in range(rng.randrange(60)))
    row = sent(told, data, cuts)
    assert told.stored() == data
    assert told.conversation(FIRST).state is State.RECORDED
    assert row.channels == 1 and row.duration == pytest.approx(3, abs=0.1)


def test_a_short_recording_needs_no_more_than_one_piece(told: Story) -> None:
    sent(told, SOUND, [])
    assert told.stored() == SOUND


def test_what_was_sealed_before_is_taken_as_it_is(told: Story) -> None:
    recipient = told.conversation(FIRST).recipient
    sent(told, sealed(SOUND, recipient), [7, 900])
    assert told.stored() == SOUND


def bad(told: Story) -> dict[str, tuple[Callable[[], object], type[Exception]]]:
    recipients = [told.conversation(reference).recipient for reference in (FIRST, OTHER)]
    text = b"minutes of the meeting, which are not a recording\n" * 40_000
    return {
        "nothing": (lambda: sent(told, b"", []), EmptyFile),
        "text": (lambda: sent(told, text, [100_000]), NotAudio),
        "too little": (lambda: sent(told, SOUND, [5], size=len(SOUND) + 1), WrongSize),
        "too much": (lambda: sent(told, SOUND, [5], size=len(SOUND) - 1), WrongSize),
        "sealed to another slot": (lambda: sent(told, sealed(SOUND, recipients[1]), []), NotForThisSlot),
        "sealed to two": (lambda: sent(told, sealed(SOUND, *recipients), []), NotForThisSlotAlone),
        "sealed, cut off": (lambda: sent(told, sealed(SOUND, recipients[0])[:-5], []), Exception),
    }


@pytest.mark.parametrize(
    "what", ["nothing", "text", "too little", "too much", "sealed to another slot", "sealed to two", "sealed, cut off"]
)
def test_what_cannot_be_used_leaves_nothing(told: Story, what: str) -> None:
    send, error = bad(told)[what]
    with pytest.raises(error):
        send()
    assert nothing(told)


TAG, MP4 = b"ID3\x04\0\0\0\0\0\0", b"\0\0\0\x18ftypM4A \0\0\0\0M4A mp42"


@pytest.mark.parametrize(
    ("begins", "goes_on"), [(b"", b"minutes of the meeting\n"), (TAG, b"minutes\n"), (MP4, b"\xff")]
)
def test_what_is_no_sound_is_refused_long_before_its_end(told: Story, begins: bytes, goes_on: bytes) -> None:
    with arriving.begin(told.home, told.ana, FIRST, 1 << 40) as arrival, pytest.raises((NotAudio, Unfinished)):
        arrival.receive(begins)
        for _ in range(100):
            arrival.receive(goes_on * (90_000 // len(goes_on)))
    assert arrival.received < 2 << 20
    assert nothing(told)


def test_what_is_given_up_leaves_nothing(told: Story) -> None:
    with arriving.begin(told.home, told.ana, FIRST, len(SOUND)) as arrival:
        arrival.receive(SOUND[:-1])
        assert list(told.home.blobs.survey()), "the control: something lay there"
        arrival.give_up()
    assert nothing(told)


@pytest.mark.parametrize("size", [len(SOUND) * 25, None], ids=["an upload", "recorded here"])
def test_what_a_dead_process_left_is_gone_on_with(told: Story, size: int | None) -> None:
    data = SOUND * 25
    sent_before = 2_000_000
    child = """
import os, signal, sys
from pathlib import Path
from pipeline.recording import arriving, intake
from tests import story
told = story.opened(Path(sys.argv[1]))
size = None if sys.argv[2] == "None" else int(sys.argv[2])
arrival = arriving.begin(told.home, told.ana, sys.argv[3], size)
data = sys.stdin.buffer.read()
for at in range(0, len(data), 300_000):
    arrival.receive(data[at : at + 300_000])
os.kill(os.getpid(), signal.SIGKILL)
"""
    command = [sys.executable, "-c", child, str(told.home.folder), str(size), FIRST]
    done = subprocess.run(command, input=data[:sent_before], check=False, cwd=Path(__file__).parents[3])
    assert done.returncode == -signal.SIGKILL
    local.work_once(told.home)
    known = arriving.known(told.home, FIRST)
    assert known is not None and known.person == "ana", "no sweep takes it away"
    with arriving.pick_up(told.home, told.ana, FIRST) as arrival:
        assert sent_before - (64 << 10) <= arrival.received <= sent_before
        arrival.receive(data[arrival.received :])
        arrival.finish()
    assert told.stored() == data
    assert len(list(told.home.blobs.survey())) == 1 and arriving.known(told.home, FIRST) is None


def test_what_was_sealed_before_is_gone_on_with(told: Story) -> None:
    data = sealed(SOUND * 25, told.conversation(FIRST).recipient)
    with arriving.begin(told.home, told.ana, FIRST, len(data)) as arrival:
        arrival.receive(data[:2_000_000])
    with arriving.pick_up(told.home, told.ana, FIRST) as arrival:
        assert arrival.received == 2_000_000
        arrival.receive(data[2_000_000:])
        arrival.finish()
    assert told.stored() == SOUND * 25


def test_a_place_in_a_sealed_file_is_never_written_twice(told: Story) -> None:
    """Whoever saw the disk before and after must not get two texts under one key."""
    heads = set()
    with arriving.begin(told.home, told.ana, FIRST, None) as arrival:
        arrival.receive(SOUND)
    for _ in range(3):
        (found,) = told.home.blobs.survey()
        with told.home.blobs.drafted(BlobRef(found.name.removesuffix(".unfinished"))) as file:
            heads.add(file.read(2_000))
        arriving.pick_up(told.home, told.ana, FIRST).let_go()
    assert len(heads) == 3


def test_while_one_comes_another_is_refused_and_nobody_takes_it(told: Story) -> None:
    with arriving.begin(told.home, told.ana, FIRST, None) as arrival:
        arrival.receive(SOUND)
        with pytest.raises(OnItsWay):
            arriving.begin(told.home, told.cara, FIRST, 9)
        with pytest.raises(OnItsWay):
            intake.receive(told.home, told.ana, FIRST, io.BytesIO(SOUND))
        with pytest.raises(DraftBusy):
            arriving.pick_up(told.home, told.ana, FIRST)
        assert len(list(told.home.blobs.survey())) == 1
        arrival.finish()
    with pytest.raises(NothingArriving):
        arriving.pick_up(told.home, told.ana, FIRST)


def test_what_is_recorded_here_stays_when_it_cannot_be_kept_yet(told: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    with arriving.begin(told.home, told.ana, FIRST, None) as arrival:
        arrival.receive(SOUND)
        arrival.mark_moments([2.0, 1.5])
        with monkeypatch.context() as broken, pytest.raises(NotAudio):
            broken.setattr(arriving, "probe", lambda _: (_ for _ in ()).throw(NotAudio()))
            arrival.finish()
    with arriving.pick_up(told.home, told.cara, FIRST) as arrival:
        row = arrival.finish(broken_off=True)
    assert told.stored() == SOUND
    assert intake.marks(row, told.home.vault.get(told.conversation().recording_key, KeyClass.RECORDING)) == (1.5, 2.0)
    assert row.original_gone is not None and story.rows(told.home, Incident) == 1
    assert told.log()[-1].detail["broken_off"] is True


def long_ago(told: Story) -> None:
    """Nothing has come since."""
    for draft in (told.home.folder / "blobs").iterdir():
        os.utime(draft, (0, 0))


def test_an_upload_that_nobody_goes_on_with_is_given_up_and_a_recording_is_not(told: Story) -> None:
    for reference, size in ((FIRST, len(SOUND) + 1), (OTHER, None)):
        with arriving.begin(told.home, told.ana, reference, size) as arrival:
            arrival.receive(SOUND)
    assert arriving.forget_idle(told.home) == 0
    long_ago(told)
    assert arriving.forget_idle(told.home) == 1
    assert arriving.known(told.home, FIRST) is None and arriving.known(told.home, OTHER) is not None
    assert len(list(told.home.blobs.survey())) == 1


def broken_off(told: Story) -> None:
    with arriving.begin(told.home, told.ana, FIRST, None) as arrival:
        arrival.receive(SOUND)


def placed(told: Story) -> None:
    holds.place(told.home, told.ben, story.password("ben"), FIRST, reason="An inquiry asks for it.", reference="12")


def test_what_was_recorded_here_outlives_a_withdrawal_that_is_refused(told: Story) -> None:
    broken_off(told)
    withdrawal.withdraw(told.home, told.ben, story.password("ben"), FIRST)
    local.work_once(told.home)
    assert Event.RECORDING_GIVEN_UP not in told.events()
    withdrawal.refuse(
        told.home, told.ben, story.password("ben"), FIRST, Ground.LEGAL_CLAIMS, reason="A claim.", reference="13"
    )
    with arriving.pick_up(told.home, told.ana, FIRST) as arrival:
        arrival.finish(broken_off=True)
    stored = told.stored()
    assert stored and SOUND.startswith(stored)


def test_when_the_hold_is_lifted_the_order_leaves_nothing_of_it(told: Story) -> None:
    broken_off(told)
    placed(told)
    order = withdrawal.withdraw(told.home, told.ben, story.password("ben"), FIRST).order
    orders.approve(told.home, told.eve, story.password("eve"), order)
    assert local.work_once(told.home).destroyed == [] and len(list(told.home.blobs.survey())) == 1
    for person in (told.ben, told.eve):
        holds.lift(told.home, person, story.password(person.name), 1, reason="It is over.", reference="14")
    assert local.work_once(told.home).destroyed == ["D-0001"]
    with told.home.reading() as session:
        assert "recordings on their way: 1" in orders.find(session, order).facts["destroyed"]
    assert arriving.known(told.home, FIRST) is None and not list(told.home.blobs.survey())


def test_a_hold_that_is_placed_while_somebody_gives_it_up_keeps_it(told: Story) -> None:
    broken_off(told)
    with arriving.pick_up(told.home, told.ana, FIRST) as arrival:
        meanwhile = Meanwhile(arrival, lambda: placed(told))
        with pytest.raises(giving_up.OnHold):
            giving_up.give_up(told.home, FIRST, cast("arriving.Arrival", meanwhile))
    assert arriving.known(told.home, FIRST) is not None and len(list(told.home.blobs.survey())) == 1


class Meanwhile:
    """An arrival to whose conversation something happens before the transaction that gives it up."""

    def __init__(self, arrival: arriving.Arrival, act: Callable[[], None]) -> None:
        self._arrival, self._act = arrival, act

    def give_up(self, *refuse: Callable[[Session], None]) -> None:
        self._act()
        self._arrival.give_up(*refuse)


def before_a_draft_is_taken(monkeypatch: pytest.MonkeyPatch, act: Callable[[], object]) -> None:
    drafted = LocalBlobs.drafted

    def after_it(blobs: LocalBlobs, ref: BlobRef) -> BinaryIO:
        monkeypatch.setattr(LocalBlobs, "drafted", drafted)
        act()
        return drafted(blobs, ref)

    monkeypatch.setattr(LocalBlobs, "drafted", after_it)


def test_what_is_picked_up_while_it_is_given_up_stays(told: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    with arriving.begin(told.home, told.ana, FIRST, len(SOUND) + 1) as arrival:
        arrival.receive(SOUND)
    with told.home.writing() as session:
        session.get_one(models.Arrival, arrival.id).begun_at -= arriving.IDLE * 2
    long_ago(told)
    before_a_draft_is_taken(monkeypatch, lambda: arriving.pick_up(told.home, told.ana, FIRST).let_go())
    assert arriving.forget_idle(told.home) == 0
    assert Event.RECORDING_GIVEN_UP not in told.events()
    arriving.pick_up(told.home, told.ana, FIRST).let_go()


def test_an_upload_that_goes_on_is_not_taken_from_who_comes_back(told: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    with arriving.begin(told.home, told.ana, FIRST, len(SOUND) + 1) as arrival:
        arrival.receive(SOUND)
    taken, writing = list[str](), told.home.writing

    def watched() -> AbstractContextManager[Session]:
        taken.append("to write")
        return writing()

    monkeypatch.setattr(told.home, "writing", watched)
    before_a_draft_is_taken(monkeypatch, lambda: taken.append("its lock"))
    assert arriving.forget_idle(told.home) == 0 and taken == []
    long_ago(told)
    assert arriving.forget_idle(told.home) == 1 and taken == ["its lock", "to write"], "the control: it would be seen"


def test_of_two_who_pick_it_up_at_once_one_gets_it(told: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    broken_off(told)
    got: list[arriving.Arrival] = []
    before_a_draft_is_taken(monkeypatch, lambda: got.append(arriving.pick_up(told.home, told.ana, FIRST)))
    with pytest.raises(DraftBusy):
        arriving.pick_up(told.home, told.cara, FIRST)
    got[0].finish(broken_off=True)
    assert told.conversation().state is State.RECORDED


def test_nobody_writes_or_takes_a_draft_while_it_is_destroyed(told: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    destroy, busy = LocalBlobs.destroy, 0

    def watched(blobs: LocalBlobs, ref: BlobRef) -> Destruction:
        nonlocal busy
        with pytest.raises(DraftBusy):
            blobs.drafted(ref)
        busy += 1
        return destroy(blobs, ref)

    with arriving.begin(told.home, told.ana, FIRST, len(SOUND) + 1) as arrival:
        arrival.receive(SOUND)
    monkeypatch.setattr(LocalBlobs, "destroy", watched)
    arriving.pick_up(told.home, told.ana, FIRST).let_go()
    withdrawal.withdraw(told.home, told.ben, story.password("ben"), FIRST)
    assert arriving.forget_idle(told.home) == 1 and busy == 2


def test_a_recording_that_cannot_begin_leaves_nothing_on_its_way(told: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "x")

    with monkeypatch.context() as disk, pytest.raises(DiskFull):
        disk.setattr(os, "write", full)
        arriving.begin(told.home, told.ana, FIRST, None)
    assert arriving.known(told.home, FIRST) is None and nothing(told)


def test_a_second_one_is_refused(told: Story) -> None:
    sent(told, SOUND, [])
    with pytest.raises(AlreadyRecorded):
        sent(told, SOUND, [])
    with pytest.raises(Duplicate):
        sent(told, SOUND, [], OTHER)
    assert nothing(told, OTHER) is False and told.conversation(OTHER).state is State.PLANNED
    assert len(list(told.home.blobs.survey())) == 1


def test_one_who_may_not_is_refused(told: Story) -> None:
    with pytest.raises(NotAllowed):
        arriving.begin(told.home, told.dora, FIRST, 5)
    assert nothing(told)
