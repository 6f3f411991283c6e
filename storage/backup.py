"""A backup: the rows of a home, its sealed files, settings and last signed head. It holds no key.

candour.db     rows of one moment     blobs/         sealed files, each compared with the digest that its row knows
candour.toml   settings               backup.json    what belongs to it, with sizes and SHA-256; written last
signer.state   last signed head

All of it is ciphertext, ids and digests: what opens it is in the vault, and in recovery copies (`storage.recovery`).
"""

import fcntl
import hashlib
import json
import os
import re
import shutil
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from uuid import uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from storage.blobs import BlobRef, NoSuchBlob
from storage.durable import plain_refusals, sync_folder
from storage.errors import BadInput, NotVerified, Refused, Unavailable
from storage.home import Home
from storage.log.log import stored_size
from storage.models import Order, OrderState, Recording, State
from storage.vault import NotErased, Vault

_FORM = "candour-backup/v1"
_MANIFEST = "backup.json"
_ROWS, _SETTINGS, _HEAD = "candour.db", "candour.toml", "signer.state"
_FILE = re.compile(r"candour\.db|candour\.toml|signer\.state|blobs/[0-9a-f]{32}")
_BLOCK = 1 << 20

Report = Callable[[float], None]


class BackupExists(Refused):
    """backup: there is something at that place already; name a new folder, nothing was changed"""


class NoPlace(Unavailable):
    """backup: no folder can be made at that place ({reason}); name one that exists and can be written to"""


class RowsElsewhere(Refused):
    """backup: the rows are not in candour.db but where [database] url says, and only candour.db is backed up and restored here;
    use the tools of that database (`pg_dump` for PostgreSQL), and keep the folder blobs beside what they write
    """


class SealedFileDamaged(NotVerified):
    """backup: a sealed file of {reference} is missing or is not what was sealed, so no backup was made; bring the file back from
    an earlier backup, or destroy the conversation
    """


class RowsDamaged(NotVerified):
    """backup: the database does not pass its own check, so no backup was made; check the disk, and keep every earlier backup"""


class NoBackup(BadInput):
    """restore: that folder is not a whole backup; name one that `candour backup` made to its end"""


class BackupDamaged(NotVerified):
    """restore: {what} in the backup is not what was backed up, nothing was restored; take another backup"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Piece:
    """A file of a backup; `size` in bytes, `sha256` in hexadecimal."""

    size: int
    sha256: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Manifest:
    """What a backup holds. `log` is the public key of the home's log, `entries` how many it had."""

    made_at: datetime
    log: str
    entries: int
    files: Mapping[str, Piece]

    @property
    def size(self) -> int:
        """Bytes in all."""
        return sum(piece.size for piece in self.files.values())

    @property
    def sealed_files(self) -> int:
        return sum(name.startswith("blobs/") for name in self.files)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Needed:
    reference: str
    sha256: str | None


def write(home: Home, target: Path, report: Report = lambda share: None) -> Manifest:
    """Back up a home into a new folder, whole or not at all; `report` is told the share that is done, 0 to 1.

    Others may go on working meanwhile. A recording that is destroyed meanwhile is left out.

    Raises:
        RowsElsewhere, BackupExists, NoPlace, SealedFileDamaged, RowsDamaged, DiskFull
    """
    if home.settings.database.url:
        raise RowsElsewhere
    if os.path.lexists(target):
        raise BackupExists
    with whole(target) as draft, plain_refusals():
        # The signed head before the rows, so that the rows surely continue it.
        files = {_HEAD: _put(draft / _HEAD, [home.signer.state().encode()])}
        files[_SETTINGS] = _put(draft / _SETTINGS, [(home.folder / _SETTINGS).read_bytes()])
        with home.reading() as session:
            needed, entries = _needed(session), stored_size(session)
            files[_ROWS] = _snapshot(session, draft / _ROWS)
        (draft / "blobs").mkdir(mode=0o700)
        for done, (ref, what) in enumerate(needed.items()):
            report(done / len(needed))
            piece = _copy(home, ref, what, draft)
            files |= {f"blobs/{ref}": piece} if piece else {}
        sync_folder(draft / "blobs")
        report(1)
        manifest = Manifest(made_at=home.now(), log=home.signer.verifier_key, entries=entries, files=files)
        _put(draft / _MANIFEST, [_encode(manifest)])
    return manifest


def read(folder: Path) -> Manifest:
    """What a backup says that it holds.

    Raises:
        NoBackup: the folder is something else, or was not finished.
    """
    try:
        body = json.loads((folder / _MANIFEST).read_bytes())
        files = {name: Piece(**piece) for name, piece in body["files"].items()}
        if (
            body["form"] != _FORM
            or not {_ROWS, _SETTINGS, _HEAD} <= files.keys()
            or not all(map(_FILE.fullmatch, files))
        ):
            raise NoBackup
        made_at = datetime.fromisoformat(body["made_at"])
        return Manifest(made_at=made_at, log=body["log"], entries=body["entries"], files=files)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise NoBackup from None


def head(folder: Path, manifest: Manifest) -> str:
    """The signed head in a backup. Raises BackupDamaged."""
    try:
        state = (folder / _HEAD).read_bytes()
    except OSError:
        raise BackupDamaged(what="the signed head") from None
    if hashlib.sha256(state).hexdigest() != manifest.files[_HEAD].sha256:
        raise BackupDamaged(what="the signed head")
    return state.decode()


def unpack(folder: Path, manifest: Manifest, home: Path, report: Report = lambda share: None) -> None:
    """Put rows, settings and sealed files into the folder of a new home, each compared with the manifest.

    Raises:
        BackupDamaged, DiskFull
    """
    done = 0
    with plain_refusals():
        (home / "blobs").mkdir(mode=0o700)
        for name, piece in manifest.files.items():
            if name == _HEAD:
                continue
            try:
                found = _put(home / name, _blocks(folder / name))
            except FileNotFoundError:
                raise BackupDamaged(what=_kind(name)) from None
            if found != piece:
                raise BackupDamaged(what=_kind(name))
            done += piece.size
            report(done / manifest.size)
        sync_folder(home / "blobs")


@contextmanager
def whole(target: Path) -> Iterator[Path]:
    """A draft folder that gets its name `target` when all in it is done; after an exception nothing of it is left.

    What a power cut left of an earlier draft for the same place is removed first.

    Raises:
        NoPlace: it cannot be made there.
    """
    target = target.absolute()
    _sweep(target)
    draft = target.with_name(f"{target.name}.{uuid4().hex[:8]}.new")
    try:
        draft.mkdir(mode=0o700)
        lock = os.open(draft, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise NoPlace(reason=os.strerror(error.errno or 0).lower()) from None
    try:
        # Tells `_sweep` that whoever makes this one lives.
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield draft
        with plain_refusals():
            sync_folder(draft)
            draft.rename(target)
            sync_folder(target.parent)
    except BaseException:
        _discard(draft)
        raise
    finally:
        os.close(lock)


def _sweep(target: Path) -> None:
    with suppress(OSError):
        for draft in list(target.parent.iterdir()):
            if re.fullmatch(re.escape(target.name) + r"\.[0-9a-f]{8}\.new", draft.name):
                _discard_if_dead(draft)


def _discard_if_dead(draft: Path) -> None:
    with suppress(OSError):
        lock = os.open(draft, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            _discard(draft)
        finally:
            os.close(lock)


def _discard(draft: Path) -> None:
    """Remove a draft. That of a home has a vault, whose root must not stay on the disk as unlinked files do."""
    with suppress(OSError, NotErased):
        Vault.wipe(draft / "vault")
    shutil.rmtree(draft, ignore_errors=True)


def _needed(session: Session) -> dict[BlobRef, _Needed]:
    """The sealed files whose keys no order has destroyed."""
    over = select(Order.objects).where(Order.state.in_([OrderState.ERASED, OrderState.DONE]))
    gone = {key for objects in session.scalars(over) for key in objects}
    found: dict[BlobRef, _Needed] = {}
    for recording in session.scalars(select(Recording)):
        conversation = recording.conversation
        if str(conversation.recording_key) in gone or conversation.state is State.DESTROYED:
            continue
        found[BlobRef(recording.blob)] = _Needed(reference=conversation.reference, sha256=recording.digest)
        if recording.playback:
            found[BlobRef(recording.playback)] = _Needed(reference=conversation.reference, sha256=None)
    return found


def _snapshot(session: Session, target: Path) -> Piece:
    """The database as this session sees it, in one file."""
    source = session.connection().connection.driver_connection
    assert isinstance(source, sqlite3.Connection)
    with closing(sqlite3.connect(target)) as copy:
        source.backup(copy)
        # Out of the journal mode of a living database: one file, nothing beside it.
        copy.execute("PRAGMA journal_mode=DELETE")
        if copy.execute("PRAGMA integrity_check").fetchone() != ("ok",):
            raise RowsDamaged
    target.chmod(0o600)
    with target.open("rb") as file:
        os.fsync(file.fileno())
    return _look(target)


def _copy(home: Home, ref: BlobRef, what: _Needed, draft: Path) -> Piece | None:
    """One sealed file; None when it was destroyed since the rows were read."""
    target = draft / "blobs" / ref
    try:
        piece = _put(target, home.blobs.read(ref))
    except NoSuchBlob:
        with home.reading() as session:
            if ref not in _needed(session):
                target.unlink()
                return None
        raise SealedFileDamaged(reference=what.reference) from None
    if what.sha256 not in {None, piece.sha256}:
        raise SealedFileDamaged(reference=what.reference)
    return piece


def _put(target: Path, blocks: Iterable[bytes]) -> Piece:
    """A new file, on the disk and read back."""
    digest = hashlib.sha256()
    handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    with os.fdopen(handle, "wb") as file:
        for block in blocks:
            digest.update(block)
            file.write(block)
        file.flush()
        os.fsync(handle)
        if hasattr(os, "posix_fadvise"):
            # So that the reading back asks the disk.
            os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)
    found = _look(target)
    if found.sha256 != digest.hexdigest():
        raise NoPlace(reason="what was written there does not read back")
    return found


def _look(path: Path) -> Piece:
    digest, size = hashlib.sha256(), 0
    for block in _blocks(path):
        digest.update(block)
        size += len(block)
    return Piece(size=size, sha256=digest.hexdigest())


def _blocks(path: Path) -> Iterator[bytes]:
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC), "rb") as file:
        while block := file.read(_BLOCK):
            yield block


def _kind(name: str) -> str:
    return {_ROWS: "the database", _SETTINGS: "the settings file"}.get(name, "a sealed file")


def _encode(manifest: Manifest) -> bytes:
    body = {"form": _FORM, "made_at": manifest.made_at.isoformat(), "log": manifest.log, "entries": manifest.entries}
    files = {name: asdict(piece) for name, piece in sorted(manifest.files.items())}
    return json.dumps(body | {"files": files}, indent=1).encode() + b"\n"
