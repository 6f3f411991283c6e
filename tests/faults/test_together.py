"""Destruction beside readers, a second destroyer, uploads, rotations, backups. Whatever comes first, nothing is half."""

import io
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier, Event

import pytest

from pipeline.recording import intake
from pipeline.recording.decode import probe
from retention import backups, copies, destroy, orders, rotation, withdrawal
from retention.certificate_check import verify_certificate
from storage import age, orphans
from storage.blobs import Kind
from storage.errors import CandourError, Destroyed
from storage.home import WorkerRunning
from storage.models import OrderState, State
from tests import story
from tests.story import FIRST, OTHER, PLANNED, Stage, Story
from web.pages import playback

READERS = 50
CUSTODIAN = age.HybridIdentity(bytes(range(32)))


@pytest.fixture
def signed(tmp_path: Path) -> Story:
    return story.at(Stage.SIGNED, tmp_path)


def hears(told: Story, reference: str) -> bool:
    with told.playing(reference) as plain:
        return probe(plain).channels == 1


def is_destroyed_once(told: Story, number: int = 1) -> None:
    """Destroyed, certified once, and nothing else lost."""
    with told.home.reading() as session:
        order = orders.find(session, number)
        assert order.state is OrderState.DONE and order.certificate is not None
        assert not orders.keys(order) & told.home.vault.ids().keys()
    certificate = verify_certificate(order.certificate, told.home.signer.verifier_key)
    assert [finding for finding in certificate.findings if finding.fatal] == []
    assert [told.events().count(event) for event in ("destroy.done", "certificate.issued")] == [1, 1]
    assert hears(told, OTHER)
    assert [finding for finding in told.findings() if finding.fatal] == []


def both(first: Callable[[], object], second: Callable[[], object]) -> list[BaseException | None]:
    """Do two things at the same moment; what each raised."""
    start = Barrier(2)

    def do(act: Callable[[], object]) -> BaseException | None:
        start.wait()
        try:
            act()
        except CandourError as error:
            return error
        return None

    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(do, (first, second)))


def test_fifty_who_listen_hear_what_was_said_or_that_it_is_gone_and_nothing_after(signed: Story) -> None:
    size = playback._laid_out(signed.home, FIRST)[1].size
    whole = b"".join(playback.pieces(signed.home, FIRST, 0, size))
    everybody, heard_something, done = Barrier(READERS), Event(), Event()

    def listen(_: int) -> tuple[int, bool, bool]:
        """How many pieces came, whether all were right, and whether one came that was asked for afterwards."""
        came, right, late = 0, True, False
        everybody.wait()
        try:
            while True:
                at, asked = 0, done.is_set()
                for piece in playback.pieces(signed.home, FIRST, 0, size):
                    came, right, late = came + 1, right and whole[at : at + len(piece)] == piece, late or asked
                    at, asked = at + len(piece), done.is_set()
                    heard_something.set()
        except Destroyed:
            return came, right, late

    with ThreadPoolExecutor(READERS) as pool:
        listening = [pool.submit(listen, number) for number in range(READERS)]
        assert heard_something.wait(600)
        destroy.carry_out(signed.home, 1)
        done.set()
        heard = [one.result() for one in listening]
    assert sum(came for came, _, _ in heard) > 0
    assert all(right for _, right, _ in heard)
    assert not any(late for _, _, late in heard)
    is_destroyed_once(signed)


def test_of_two_destroyers_one_is_at_it(signed: Story) -> None:
    other = story.opened(signed.home.folder)

    def job(told: Story) -> None:
        with told.home.working():
            destroy.carry_out(told.home, 1)

    raised = both(lambda: job(signed), lambda: job(other))
    assert all(error is None or isinstance(error, WorkerRunning) for error in raised)
    is_destroyed_once(signed)


def test_an_upload_into_a_slot_that_is_being_destroyed(tmp_path: Path) -> None:
    told = story.at(Stage.SIGNED, tmp_path)
    number = withdrawal.withdraw(told.home, told.ana, story.password("ana"), PLANNED).order
    orders.approve(told.home, told.ben, story.password("ben"), number)
    other = story.opened(told.home.folder)
    sound = io.BytesIO(story.recording("woman"))
    raised = both(
        lambda: destroy.carry_out(told.home, number), lambda: intake.receive(other.home, other.ana, PLANNED, sound)
    )
    assert raised[0] is None and isinstance(raised[1], Destroyed)
    assert told.conversation(PLANNED).recording is None
    assert told.conversation(PLANNED).state is State.WITHDRAWN
    orphans.sweep(told.home)
    kept = {found.name for found in told.home.blobs.survey() if found.kind is Kind.BLOB}
    of_both = [one.recording for one in (told.conversation(FIRST), told.conversation(OTHER)) if one.recording]
    assert kept == {name for one in of_both for name in (one.blob, one.playback) if name}
    is_destroyed_once(told, number)


def test_an_upload_elsewhere_is_kept(signed: Story) -> None:
    other = story.opened(signed.home.folder)
    sound = io.BytesIO(story.recording("woman", "man"))
    raised = both(
        lambda: destroy.carry_out(signed.home, 1), lambda: intake.receive(other.home, other.ana, PLANNED, sound)
    )
    assert raised == [None, None]
    assert hears(signed, PLANNED)
    is_destroyed_once(signed)


def test_a_new_passphrase_at_the_same_moment(signed: Story) -> None:
    other = story.opened(signed.home.folder)
    raised = both(
        lambda: destroy.carry_out(signed.home, 1), lambda: rotation.rotate(other.home, other.ana, b"another passphrase")
    )
    assert raised[1] is None
    # Who has the vault open with the old passphrase has lost it, and finishes when they are given the new one.
    again = story.opened(signed.home.folder, b"another passphrase")
    destroy.carry_out(again.home, 1)
    is_destroyed_once(again)


def test_a_backup_at_the_same_moment_is_whole_and_opens_nothing(signed: Story) -> None:
    other = story.opened(signed.home.folder)
    folder = signed.home.folder.parent / "backup"
    raised = both(lambda: destroy.carry_out(signed.home, 1), lambda: backups.make(other.home, other.ana, folder))
    assert raised == [None, None]
    assert (folder / "backup.json").is_file() and not (folder / "vault").exists()
    is_destroyed_once(signed)


def test_a_recovery_copy_at_the_same_moment_is_obsolete_or_lacks_the_victim(signed: Story) -> None:
    other = story.opened(signed.home.folder)
    file = signed.home.folder.parent / "copy.age"
    raised = both(
        lambda: destroy.carry_out(signed.home, 1),
        lambda: copies.make(other.home, other.ana, file, [str(CUSTODIAN.recipient())]),
    )
    assert raised == [None, None]
    (view,) = copies.views(signed.home)
    with signed.home.reading() as session:
        claims = json.loads(orders.find(session, 1).certificate or "")["certificate"]
    before = view.epoch < signed.home.vault.epoch
    assert [copy["number"] for copy in claims["copies"]] == ([1] if before else [])
    assert before is (view.state is copies.CopyState.OBSOLETE)
    is_destroyed_once(signed)
