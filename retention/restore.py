"""Restore: a new home from a backup and a recovery copy, which brings back what was lost and nothing that was destroyed.

Of the copy's keys only those are taken over that the rows of the backup call for and that no order has destroyed; the others are
left behind by a rotation, before anything can be read. Rows whose keys are not in the copy are marked destroyed.
"""

from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID, uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from access.people import Person
from access.roles import Act, require
from retention import copies, destroy, orders
from retention.report import Problem
from retention.verify import verify_database
from storage import age, backup, settings
from storage.backup import Manifest, Report
from storage.blobs import BlobRef, NoSuchBlob
from storage.errors import NotVerified, Refused
from storage.home import Home, HomeExists, epoch_reached
from storage.log.entry import MOST_OBJECTS, Entry
from storage.log.log import Event, Signer, stored_size
from storage.log.log import entries as log_entries
from storage.models import Conversation, Order, OrderState, Review, State
from storage.recovery import RecoveryCopy
from storage.sealed import slot
from storage.vault import KeyClass, Vault


class OtherHome(Refused):
    """restore: the recovery copy is of another home than the backup; give one of the same home, nothing was restored"""


class DoesNotOpen(NotVerified):
    """restore: the recording of {reference} does not open with its key, nothing was restored; take another backup"""


class LogNotWhole(NotVerified):
    """restore: the log in the backup was cut or changed ({where}), nothing was restored; take another backup, and keep this one
    as evidence
    """


class NeverLogged(NotVerified):
    """restore: the log in the backup has no entry of recovery copy {number}, though it goes on past where that must stand;
    nothing was restored. Take another copy, and keep this one as evidence
    """


# What is wrong with the log itself. A home whose people broke a rule can be restored, with that on record.
_NOT_WHOLE = {
    Problem.SIGNATURE,
    Problem.ROLLED_BACK,
    Problem.REWRITTEN,
    Problem.SEQUENCE,
    Problem.ENTRY,
    Problem.TREE,
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Restored:
    """What came back. `destroyed`: reviews and conversations whose keys were destroyed after the backup; `lost`: those that
    are newer than the recovery copy; both by reference. `left_behind` counts keys of the copy that were not taken over,
    `missing_entries` what the log is known to have had beyond the backup. `logged`: whether the log that came back has the entry
    of the copy; where it ends before, the copy rests on its signature alone. `log` is the public key of both.
    """

    conversations: int
    keys: int
    destroyed: tuple[str, ...]
    lost: tuple[str, ...]
    left_behind: int
    entries: int
    missing_entries: int
    logged: bool
    log: str


def restore(
    source: Path,
    copy: RecoveryCopy,
    passphrase: bytes,
    target: Path,
    who: Callable[[Home], Person],
    report: Report = lambda share: None,
) -> Restored:
    """Make a home at `target`, whole or not at all; `who` finds the person who restores among those of the home.

    Raises:
        HomeExists, NoBackup, BackupDamaged, OtherHome, WrongPassphrase, CopyAttested, DoesNotOpen, NotAllowed
        NeverLogged: the log of the backup is newer than the copy, and does not know of it.
        LogRolledBack, LogNotWhole: the rows do not continue the signed head that was backed up with them.
    """
    manifest = backup.read(source)
    if copy.log != manifest.log:
        raise OtherHome
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise HomeExists
    with backup.whole(target) as draft:
        _lay_out(draft, source, manifest, copy, passphrase, report)
        home = Home.open(draft)
        try:
            home.unlock(passphrase, set_back=True)
            return _bring_up(home, who(home), copy)
        finally:
            home.close()


def _lay_out(
    draft: Path, source: Path, manifest: Manifest, copy: RecoveryCopy, passphrase: bytes, report: Report
) -> None:
    # What can be refused at once comes before the long copying.
    _, signing_key = Vault.put_back(draft / "vault", copy.taken, passphrase)
    Signer.put_back(draft / "log", signing_key.decode(), backup.head(source, manifest))
    (draft / "models").mkdir(mode=0o700)
    backup.unpack(source, manifest, draft, report)
    if settings.load(draft / "candour.toml").database.url:
        raise backup.RowsElsewhere


def _bring_up(home: Home, actor: Person, copy: RecoveryCopy) -> Restored:
    require(actor.roles, Act.BACKUP, actor.name)
    # Before anything is written: what writes reads the time from the log first, and this log may be anybody's.
    with home.reading() as session:
        _refuse_broken(home, session)
        logged = _is_logged(session, copy)
    with home.writing() as session:
        copies.refuse_attested(session, copy.number)
        copies.merge(session, copy.known)
        entries = stored_size(session)
        called_for, held = _called_for(session), home.vault.ids()
        # Above all epochs there were: no copy made before is ever taken for one of this vault.
        with home.vault.prepare(held.keys() - called_for.keys(), above=epoch_reached(session)) as rotation:
            rotation.commit()
        keys = {key: home.vault.get(key, kind) for key, kind in called_for.items() if key in held}
        gone = called_for.keys() - keys.keys()
        conversations = session.scalars(select(Conversation).order_by(Conversation.reference)).all()
        for conversation in conversations:
            _open_or_mark(home, session, conversation, keys, gone)
        without = [one for one in conversations if {one.recording_key, one.extract_key} & gone]
        reviews = [one for one in session.scalars(select(Review)) if {one.names_key, one.review_key} & gone]
        for review in reviews:
            destroy.sweep_review(session, review, gone)
        references = [*(one.reference for one in reviews), *(one.reference for one in without)]
        newer = [one.reference for one in reviews if one.created_at > copy.made_at]
        newer += [one.reference for one in without if one.created_at > copy.made_at]
        restored = Restored(
            conversations=len(conversations),
            keys=len(keys),
            destroyed=tuple(name for name in references if name not in newer),
            lost=tuple(newer),
            left_behind=len(rotation.victims),
            entries=entries,
            missing_entries=max(0, copy.entries - entries),
            logged=logged,
            log=copy.log,
        )
        _log(home, session, actor, copy, restored, [one.id for one in without])
    return restored


def _refuse_broken(home: Home, session: Session) -> None:
    for finding in verify_database(session, home.signer.verifier_key).findings:
        if finding.fatal and finding.problem in _NOT_WHOLE:
            raise LogNotWhole(where=f"{finding.problem.value}, entry {finding.seq}")


def _is_logged(session: Session, copy: RecoveryCopy) -> bool:
    """Whether this log has the entry of the copy; false where it ends before, or where that place was lost in an earlier restore.

    Raises:
        NeverLogged.
    """
    lost = False
    digest = copy.digest
    telling = (digest.encode(), Event.BACKUP_RESTORED.encode())
    for seq, body in log_entries(session):
        if not any(one in body for one in telling):
            continue
        entry = Entry.decode(body)
        if entry.event == Event.COPY_MADE and entry.ref == digest:
            return True
        lost |= entry.event == Event.BACKUP_RESTORED and seq <= copy.entries
    if stored_size(session) > copy.entries and not lost:
        raise NeverLogged(number=copy.number)
    return False


def _called_for(session: Session) -> dict[UUID, KeyClass]:
    """The keys that the rows rely on, without those that an order has destroyed."""
    wanted: dict[UUID, KeyClass] = {}
    for review in session.scalars(select(Review)):
        wanted |= {review.names_key: KeyClass.NAMES, review.review_key: KeyClass.REVIEW}
    for conversation in session.scalars(select(Conversation)):
        wanted[conversation.extract_key] = KeyClass.EXTRACT
        if conversation.state is not State.DESTROYED:
            wanted[conversation.recording_key] = KeyClass.RECORDING
    over = select(Order).where(Order.state.in_([OrderState.ERASED, OrderState.DONE]))
    destroyed = {key for order in session.scalars(over) for key in orders.keys(order)}
    return {key: kind for key, kind in wanted.items() if key not in destroyed}


def _open_or_mark(
    home: Home, session: Session, conversation: Conversation, keys: Mapping[UUID, bytes], gone: Set[UUID]
) -> None:
    recording = conversation.recording
    files = [BlobRef(one) for one in (recording.blob, recording.playback) if one] if recording else []
    if conversation.recording_key in keys and not conversation.quarantined:
        for file in files:
            _open(home, file, keys[conversation.recording_key], conversation.reference)
    missing = {conversation.recording_key, conversation.extract_key} & gone
    if missing:
        destroy.sweep_rows(session, conversation, missing)
    if conversation.recording_key in missing:
        conversation.state, conversation.state_at = State.DESTROYED, home.now()
        conversation.quarantined, conversation.run_token = False, uuid4()
        for file in files:
            home.blobs.destroy(file)


def _open(home: Home, file: BlobRef, key: bytes, reference: str) -> None:
    try:
        with home.blobs.open(file) as sealed:
            age.Reader(sealed, [slot(key)]).close()
    except (age.NoMatch, age.HeaderError, age.HeaderMacError, age.PayloadError, NoSuchBlob):
        raise DoesNotOpen(reference=reference) from None


def _log(
    home: Home, session: Session, actor: Person, copy: RecoveryCopy, restored: Restored, without: Sequence[UUID]
) -> None:
    counts = {
        "copy": copy.number,
        "keys": restored.keys,
        "destroyed": len(restored.destroyed),
        "lost": len(restored.lost),
        "left_behind": restored.left_behind,
        "entries": restored.entries,
        "missing_entries": restored.missing_entries,
    }
    home.log(session, Event.BACKUP_RESTORED, actor=actor.name, obj=without[:MOST_OBJECTS], detail=counts)
