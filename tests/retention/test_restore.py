"""Restoring: everything that lives comes back, nothing that was destroyed does."""

import fcntl
import hashlib
import json
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from uuid import UUID

import pytest

from access.roles import NotAllowed
from pipeline import reviews
from pipeline.codes import extracting
from pipeline.reviews import ConversationGone
from pipeline.transcripts import reviewing
from retention import copies, destroy, holds, orders, plan
from retention.copies import CopyAttested, CopyState
from retention.restore import LogNotWhole, NeverLogged, OtherHome, restore
from retention.verify import verify_database
from storage import age, recovery
from storage.anchor import Anchor
from storage.backup import BackupDamaged, NoBackup
from storage.home import Home, HomeExists
from storage.log.log import latest_checkpoint, stored_size
from storage.models import State
from storage.vault import KeyClass, KeyGone, Vault, WrongPassphrase
from tests import story
from tests.retention.safe import CUSTODIAN, back_up, bring_back, destroy_recording, take_copy, withdraw
from tests.story import FIRST, OTHER, Stage, Story


@pytest.fixture
def told(tmp_path: Path) -> Iterator[Story]:
    """A home whose first conversation is signed off and whose second is recorded."""
    one = story.at(Stage.SIGNED, tmp_path)
    yield one
    one.home.close()


def recording_opens(told: Story, reference: str) -> bool:
    """Whether the sealed file opens with the key in the vault, whatever the rows say."""
    conversation = told.conversation(reference)
    assert conversation.recording is not None
    try:
        key = told.home.vault.get(conversation.recording_key, KeyClass.RECORDING)
    except KeyGone:
        return False
    with told.home.blobs.open(conversation.recording.blob) as sealed:  # type: ignore[arg-type]
        return bool(b"".join(age.read(sealed, [age.HybridIdentity(key)])))


def test_everything_that_lives_comes_back(told: Story) -> None:
    before = reviewing.read(told.home, told.ana, FIRST)
    extracts = extracting.listed(told.home, told.ana, FIRST)
    assert extracts
    kept = told.home.vault.ids()
    backup, copy = back_up(told), take_copy(told)
    new, done = bring_back(backup, copy)
    assert (done.destroyed, done.lost, done.left_behind) == ((), (), 0)
    assert reviewing.read(new.home, new.ana, FIRST) == before
    assert extracting.listed(new.home, new.ana, FIRST) == extracts
    assert new.home.vault.ids() == kept
    assert recording_opens(new, FIRST) and recording_opens(new, OTHER)
    new.home.close()


def test_the_log_goes_on_where_the_backup_ended(told: Story) -> None:
    with told.home.reading() as session:
        checkpoint = latest_checkpoint(session)
    backup, copy = back_up(told), take_copy(told)
    new, done = bring_back(backup, copy)
    assert new.events()[-1] == "backup.restored"
    assert len(new.log()) == done.entries + 1
    # The backup and the copy were logged in the old home after its rows were taken.
    assert done.missing_entries == 1
    with new.home.reading() as session:
        report = verify_database(session, told.home.signer.verifier_key, (checkpoint or "",))
    assert report.ok, report
    new.home.close()


def test_an_older_copy_opens_what_was_destroyed_later_until_it_is_destroyed_itself(told: Story) -> None:
    """What "pending" on a certificate means, and why holders attest."""
    backup, copy = back_up(told), take_copy(told)
    destroy_recording(told)
    assert not recording_opens(told, FIRST)
    new, done = bring_back(backup, copy)
    assert recording_opens(new, FIRST), "both are older than the destruction: nothing here can know of it"
    assert done.destroyed == ()
    new.home.close()
    copies.attest(told.home, told.ben, story.password("ben"), 1)
    copy.unlink()
    newer = take_copy(told, "copy-2")
    new, done = bring_back(backup, newer, "new-2")
    assert not recording_opens(new, FIRST)
    new.home.close()


def test_an_older_backup_brings_nothing_destroyed_back(told: Story) -> None:
    backup = back_up(told)
    destroy_recording(told)
    withdraw(told, OTHER)
    gone = [told.conversation(FIRST).recording_key, told.conversation(OTHER).recording_key]
    gone.append(told.conversation(OTHER).extract_key)
    copy = take_copy(told)
    new, done = bring_back(backup, copy)
    assert done.destroyed == (FIRST, OTHER)
    assert not gone_keys(new, gone)
    for reference in (FIRST, OTHER):
        assert new.conversation(reference).state is State.DESTROYED
        with pytest.raises(ConversationGone):
            reviewing.read(new.home, new.ana, reference)
        recording = new.conversation(reference).recording
        assert recording is not None and recording.blob not in {one.name for one in new.home.blobs.survey()}
    assert len(extracting.listed(new.home, new.ana, FIRST)) == 2, "a sign-off leaves the extracts"
    # and once more: what is marked so goes into a backup and comes out of it
    again, done = bring_back(back_up(new, "backup-2"), take_copy(new, "copy-2"), "newest")
    assert again.conversation(FIRST).state is State.DESTROYED
    assert len(extracting.listed(again.home, again.ana, FIRST)) == 2
    new.home.close()
    again.home.close()


def gone_keys(told: Story, keys: list[UUID]) -> set[UUID]:
    return set(keys) & set(told.home.vault.ids())


def test_an_older_copy_brings_nothing_back_that_the_backup_knows_to_be_destroyed(told: Story) -> None:
    copy = take_copy(told)
    destroy_recording(told)
    new, done = bring_back(back_up(told), copy)
    assert done.left_behind == 1
    assert done.destroyed == () and new.conversation(FIRST).state is State.DESTROYED
    assert not recording_opens(new, FIRST) and recording_opens(new, OTHER)
    assert new.home.vault.epoch > told.home.vault.epoch, "no copy of any vault before is taken for one of this"
    assert {view.state for view in copies.views(new.home)} == {copies.CopyState.OBSOLETE}
    new.again().home.close()


def test_a_copy_that_was_attested_as_destroyed_is_refused(told: Story, tmp_path: Path) -> None:
    copy = take_copy(told)
    destroy_recording(told)
    copies.attest(told.home, told.ben, story.password("ben"), 1)
    backup = back_up(told)
    with pytest.raises(CopyAttested):
        bring_back(backup, copy)
    assert not (tmp_path / "new").exists()


def test_what_is_newer_than_the_copy_is_told_as_lost(told: Story) -> None:
    copy = take_copy(told)
    reviews.plan_conversation(told.home, told.ana, story.REVIEW, story.POSITIONS[0], interviewer="Lead", on=None)
    new, done = bring_back(back_up(told), copy)
    assert done.lost == ("C-004",) and done.destroyed == ()
    new.home.close()


def test_a_restored_home_knows_of_the_copies_its_rows_are_too_old_to_know(told: Story) -> None:
    backup = back_up(told)
    take_copy(told)
    copy = take_copy(told, "copy-2")
    new, _ = bring_back(backup, copy)
    assert [(one.number, one.state) for one in copies.views(new.home)] == [
        (1, CopyState.OBSOLETE),
        (2, CopyState.OBSOLETE),
    ]
    destroy_recording(new)
    with new.home.reading() as session:
        order = orders.find(session, 1)
        assert order.certificate is not None and "pending: copies 1, 2" in order.certificate
    new.home.close()


def test_a_destruction_that_was_begun_is_finished_after_the_restore(told: Story) -> None:
    destroy._intend(told.home, 1)
    backup, copy = back_up(told), take_copy(told)
    new, _ = bring_back(backup, copy)
    assert plan.due(new.home, new.home.now()) == [1]
    destroy.carry_out(new.home, 1)
    assert not recording_opens(new, FIRST)
    assert new.findings() == ()
    new.home.close()


@pytest.fixture
def saved(told: Story) -> tuple[Path, Path]:
    """A backup and a recovery copy."""
    return back_up(told), take_copy(told)


def refused(saved: tuple[Path, Path], error: type[Exception], **how: object) -> None:
    """Restoring is refused and leaves nothing."""
    parent = saved[0].parent
    before = sorted(parent.iterdir())
    with pytest.raises(error):
        bring_back(*saved, **how)  # type: ignore[arg-type]
    assert sorted(parent.iterdir()) == before


def test_a_wrong_passphrase_is_refused(saved: tuple[Path, Path]) -> None:
    refused(saved, WrongPassphrase, passphrase=b"another")


def test_a_stranger_does_not_open_the_copy(saved: tuple[Path, Path]) -> None:
    refused(saved, age.NoMatch, identity=age.HybridIdentity.generate())


def test_an_existing_home_is_never_overwritten(saved: tuple[Path, Path]) -> None:
    refused(saved, HomeExists, name="home")


def test_a_copy_of_another_home_is_refused(told: Story, saved: tuple[Path, Path], tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    other = story.at(Stage.PLANNED, tmp_path / "other")
    assert other.home.signer.verifier_key == told.home.signer.verifier_key, "the stages of a story are one home"
    other.home.close()
    stranger = Home.create(tmp_path / "stranger", story.PASSPHRASE, origin="stranger.example/log", work=story.LIGHT)
    ana = told.ana
    copies.make(stranger, ana, tmp_path / "theirs", [str(CUSTODIAN.recipient())])
    stranger.close()
    refused((saved[0], tmp_path / "theirs"), OtherHome)


def unlogged(told: Story, name: str = "made-up") -> Path:
    """What somebody with the log's signing key could make: a copy as it should be, of which the log knows nothing."""
    with told.home.reading() as session:
        entries = stored_size(session)
    taken = told.home.vault.take(told.home.signer.secret_text.encode())
    copy = recovery.RecoveryCopy(
        number=7, made_at=told.home.now(), log=told.home.signer.verifier_key, entries=entries, known=(), taken=taken
    )
    file = told.home.folder.parent / name
    file.write_bytes(recovery.seal(copy, [CUSTODIAN.recipient()], told.home.signer.sign))
    return file


def test_a_copy_that_was_never_logged_is_refused_where_the_log_would_know(told: Story) -> None:
    older, copy = back_up(told, "older"), unlogged(told)
    take_copy(told)
    refused((back_up(told), copy), NeverLogged)
    new, done = bring_back(older, copy)
    assert not done.logged and done.missing_entries == 1, "a log that ends before knows nothing of it, and that is said"
    new.home.close()


def test_where_the_log_knows_of_a_copy_that_is_said(told: Story) -> None:
    copy = take_copy(told)
    new, done = bring_back(back_up(told), copy)
    assert done.logged and done.log == told.home.signer.verifier_key
    new.home.close()


def test_a_copy_whose_entry_was_lost_with_the_old_disk_still_serves(told: Story) -> None:
    backup, copy = back_up(told), take_copy(told)
    new, done = bring_back(backup, copy)
    holds.place(new.home, new.ben, story.password("ben"), FIRST, reason="An inquiry.", reference="Letter of 4 May")
    again, done = bring_back(back_up(new, "backup-2"), copy, "newest")
    with again.home.reading() as session:
        assert stored_size(session) > recovery.open_copy(copy, [CUSTODIAN]).entries + 1
    assert not done.logged and recording_opens(again, FIRST)
    new.home.close()
    again.home.close()


def test_one_who_may_not_is_refused(saved: tuple[Path, Path], tmp_path: Path) -> None:
    opened = recovery.open_copy(saved[1], [CUSTODIAN])
    with pytest.raises(NotAllowed):
        restore(saved[0], opened, story.PASSPHRASE, tmp_path / "new", lambda home: Story(home).dora)
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("piece", ["candour.db", "candour.toml", "signer.state", "blobs"])
@pytest.mark.parametrize("how", ["changed", "missing"])
def test_a_damaged_backup_is_refused(saved: tuple[Path, Path], piece: str, how: str) -> None:
    file = saved[0] / piece
    if file.is_dir():
        file = sorted(file.iterdir())[0]
    if how == "missing":
        file.unlink()
    else:
        data = bytearray(file.read_bytes())
        data[len(data) // 2] ^= 1
        file.write_bytes(data)
    refused(saved, BackupDamaged)


def test_an_unfinished_backup_is_none(saved: tuple[Path, Path]) -> None:
    (saved[0] / "backup.json").unlink()
    refused(saved, NoBackup)


def test_a_backup_that_names_files_outside_is_none(saved: tuple[Path, Path]) -> None:
    manifest = saved[0] / "backup.json"
    manifest.write_text(manifest.read_text().replace('"candour.toml"', '"../candour.toml"'))
    refused(saved, NoBackup)


def test_rows_that_were_changed_in_a_backup_are_refused_even_when_its_list_was_changed_with_them(
    saved: tuple[Path, Path],
) -> None:
    with closing(sqlite3.connect(saved[0] / "candour.db")) as rows:
        rows.execute("DROP TRIGGER audit_leaf_refuses_update")
        rows.execute(
            "UPDATE audit_leaf SET body = CAST(replace(body, 'a', 'b') AS BLOB)"
            " WHERE idx = (SELECT max(idx) FROM audit_leaf)"
        )
        rows.commit()
    data = (saved[0] / "candour.db").read_bytes()
    manifest = json.loads((saved[0] / "backup.json").read_text())
    manifest["files"]["candour.db"] = {"size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    (saved[0] / "backup.json").write_text(json.dumps(manifest))
    refused(saved, LogNotWhole)


def test_a_restore_that_fails_leaves_no_root_on_the_disk(saved: tuple[Path, Path], tmp_path: Path) -> None:
    kept, seen = tmp_path / "kept", []

    def stop(_: float) -> None:
        (draft,) = tmp_path.glob("new.*.new")
        os.link(draft / "vault" / "anchor", kept)
        seen.append(len(Anchor(kept).slots()))
        raise KeyboardInterrupt

    opened = recovery.open_copy(saved[1], [CUSTODIAN])
    with pytest.raises(KeyboardInterrupt):
        restore(saved[0], opened, story.PASSPHRASE, tmp_path / "new", lambda home: Story(home).ana, stop)
    assert seen == [1], "the root was there"
    assert Anchor(kept).slots() == ()
    assert not list(tmp_path.glob("new*"))


def test_what_a_power_cut_left_of_a_restore_is_cleared_away_by_the_next(
    saved: tuple[Path, Path], tmp_path: Path
) -> None:
    opened = recovery.open_copy(saved[1], [CUSTODIAN])
    left, alive, other = (tmp_path / name for name in ("new.0123abcd.new", "new.89abcdef.new", "new.of-theirs"))
    for folder in (left, alive, other):
        folder.mkdir()
        Vault.put_back(folder / "vault", opened.taken, story.PASSPHRASE)
    kept = tmp_path / "kept"
    os.link(left / "vault" / "anchor", kept)
    assert len(Anchor(kept).slots()) == 1
    lock = os.open(alive, os.O_RDONLY)
    fcntl.flock(lock, fcntl.LOCK_EX)
    new, _ = bring_back(*saved)
    os.close(lock)
    assert not left.exists() and Anchor(kept).slots() == ()
    assert alive.exists() and other.exists()
    new.home.close()


def test_after_a_restore_the_root_of_the_copy_is_gone(saved: tuple[Path, Path]) -> None:
    new, _ = bring_back(*saved)
    epochs = [slot.epoch for slot in Anchor(new.home.folder / "vault" / "anchor").slots()]
    assert epochs == [recovery.open_copy(saved[1], [CUSTODIAN]).taken.epoch + 1]
    new.home.close()
