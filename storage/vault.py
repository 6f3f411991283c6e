"""The vault: all live keys in one file, under a root that changes with every destruction.

vault/anchor     two slots, overwritten in place only (`storage.anchor`)
vault/vault-7    the keys of epoch 7 (`storage.keyring`)
vault/lock       held by whoever writes

To destroy keys, `prepare` writes the other anchor slot and the next vault file without them and checks that everything
else opens; `commit` erases the old anchor. When both slots are valid the lower epoch counts and the higher is a rotation
that was not finished: so a crash before `commit` loses nothing, and after it no copy of any earlier vault file opens.
"""

import fcntl
import hmac
import os
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Set
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import Self
from uuid import UUID

from storage import durable, keyring
from storage.anchor import SECRET, Anchor, NotErased, Slot
from storage.errors import Busy, Destroyed, NotFound, NotVerified, Refused
from storage.keyring import KeyClass, Keyring, Root, VaultDamaged, Work, WrongPassphrase
from storage.sealed import open_value, seal_value
from storage.secret import Secret

__all__ = [
    "AnchorLost",
    "KeyClass",
    "KeyExists",
    "KeyGone",
    "NoVault",
    "NotErased",
    "NotPrepared",
    "Rotation",
    "Taken",
    "Vault",
    "VaultBusy",
    "VaultDamaged",
    "VaultExists",
    "VaultSetBack",
    "Work",
    "WrongPassphrase",
]

PATIENCE = 10.0
_TRIES = 5
_PAUSE = 0.02
_BESIDE = "vault.beside"
# Longer than any clock of a file system takes from one tick to the next.
_SETTLED = 3_000_000_000

_Stamps = tuple[tuple[int, ...], ...]


class NoVault(NotFound):
    """vault: there is none in this home; make a home with `candour init`, or name another with --home"""


class VaultExists(Refused):
    """vault: this home has one already; nothing was changed"""


class KeyExists(Refused):
    """vault: there is a key under this id already; nothing was changed"""


class KeyGone(Destroyed):
    """vault: the {kind} key that was asked for has been destroyed, and with it what it opened"""


class VaultBusy(Busy):
    """vault: another process is writing keys or destroying them; try again when it has finished"""


class AnchorLost(NotVerified):
    """vault: no slot of its anchor is readable, so no key opens; bring back the newest recovery copy"""


class VaultSetBack(NotVerified):
    """vault: it is of epoch {epoch}, and epoch {reached} was reached before; an old vault was put in its place, which may hold
    keys that were destroyed. Put the newest one back; if there is none, `candour restore` makes a home from a backup and a
    recovery copy
    """


class NotPrepared(NotVerified):
    """vault: the new vault did not open as it should, so nothing was destroyed; check the disk, then repeat the step"""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Opened:
    """One state of the vault on disk; `anchor` and `seal` tell whether it is still the present one."""

    slot: int
    anchor: bytes
    seal: bytes
    stretched: bytes = field(repr=False)
    root: Root
    ring: Keyring = field(repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Taken:
    """What leaves with a recovery copy: with the passphrase it opens every key of its epoch, and what was sealed `beside`."""

    epoch: int
    file: bytes = field(repr=False)
    anchor: bytes = field(repr=False)
    beside: bytes = field(repr=False)


class Vault:
    """An unlocked vault. Safe for several threads and processes: every call looks whether another has written."""

    def __init__(self, folder: Path, opened: _Opened) -> None:
        self._folder = folder
        self._anchor = Anchor(folder / "anchor")
        self._opened = opened
        # The files as they were when they held that anchor and seal; nothing secret, so that no old root lives on by it.
        self._seen: tuple[_Stamps, bytes, bytes] | None = None

    @classmethod
    def create(cls, folder: Path, passphrase: bytes, *, work: Work | None = None) -> "Vault":
        """An empty vault of epoch 1 in `folder`, which is made when it is missing.

        Raises:
            VaultExists: there is one.
            DiskFull, NotWritable: see `storage.durable`.
        """
        with durable.plain_refusals():
            folder.mkdir(mode=0o700, exist_ok=True)
            if any(folder.glob("vault-*")):
                raise VaultExists
            secret, salt, work = Secret.of(os.urandom(SECRET)), os.urandom(keyring.SALT), work or Work()
            Anchor.create(folder / "anchor").write(0, 1, secret)
            root = keyring.derive(secret, keyring.stretch(passphrase, salt, work), 1)
            ring = Keyring(epoch=1, salt=salt, work=work, records={})
            durable.replace(_file(folder, 1), keyring.encode(ring, root))
        return cls.unlock(folder, passphrase)

    @classmethod
    def unlock(cls, folder: Path, passphrase: bytes) -> "Vault":
        """Opens the vault, and finishes or drops a rotation that a crash left behind.

        Raises:
            NoVault, WrongPassphrase, VaultDamaged, AnchorLost
        """
        with durable.plain_refusals():
            slot, data = _read(folder)
            stretched = keyring.stretch(passphrase, *keyring.parse_work(data))
            vault = cls(folder, _open(slot, data, stretched))
            vault._tidy()
            return vault

    @classmethod
    def put_back(cls, folder: Path, taken: Taken, passphrase: bytes) -> tuple["Vault", bytes]:
        """The vault of a recovery copy in a new `folder`, and what was sealed beside it.

        Raises:
            WrongPassphrase, VaultDamaged, DiskFull, NotWritable
        """
        with durable.plain_refusals():
            folder.mkdir(mode=0o700)
            Anchor.create(folder / "anchor").write(0, taken.epoch, taken.anchor)
            durable.replace(_file(folder, taken.epoch), taken.file)
        vault = cls.unlock(folder, passphrase)
        return vault, open_value(_beside(vault._opened.root), _BESIDE, taken.beside)

    @staticmethod
    def wipe(folder: Path) -> None:
        """Overwrite the anchor of a vault that is not to be, as after a restore that failed."""
        if (folder / "anchor").exists():
            for number in (0, 1):
                Anchor(folder / "anchor").erase(number)

    @staticmethod
    def epoch_of(folder: Path) -> int:
        """The epoch of a vault that need not be open.

        Raises:
            NoVault, AnchorLost, VaultDamaged
        """
        with durable.plain_refusals():
            return _read(folder)[0].epoch

    def take(self, beside: bytes) -> Taken:
        """All of this vault for a recovery copy, every key opened once; `beside` is sealed under the same root.

        Raises:
            WrongPassphrase: another process has given the vault a new passphrase.
            VaultDamaged, AnchorLost
        """
        with durable.plain_refusals():
            slot, data = _read(self._folder)
        opened = _open(slot, data, self._opened.stretched)
        for key_id, record in opened.ring.records.items():
            keyring.unseal(opened.root, key_id, record)
        sealed = seal_value(_beside(opened.root), _BESIDE, beside)
        return Taken(epoch=slot.epoch, file=data, anchor=slot.secret(), beside=sealed)

    def __repr__(self) -> str:
        return f"<Vault of epoch {self._opened.ring.epoch} with {len(self._opened.ring.records)} keys>"

    @property
    def epoch(self) -> int:
        """Counts the rotations, from 1."""
        return self._current().ring.epoch

    def ids(self) -> Mapping[UUID, KeyClass]:
        """Every live key with its class."""
        return {key_id: record.kind for key_id, record in self._current().ring.records.items()}

    def get(self, key_id: UUID, kind: KeyClass) -> bytes:
        """The 32 bytes of a key.

        Raises:
            KeyGone: there is no key of that class under this id any more.
        """
        opened = self._current()
        record = opened.ring.records.get(key_id)
        if record is None or record.kind is not kind:
            raise KeyGone(kind=kind)
        return keyring.unseal(opened.root, key_id, record)

    def put(self, key_id: UUID, kind: KeyClass) -> bytes:
        """Keeps a new random key of 32 bytes, which is durable when this returns.

        Raises:
            KeyExists: the id is taken.
            VaultBusy: another process writes for longer than ten seconds.
        """
        with self.putting({key_id: kind}) as secrets:
            return secrets[key_id]

    @contextmanager
    def putting(self, kinds: Mapping[UUID, KeyClass]) -> Iterator[Mapping[UUID, bytes]]:
        """Keeps new keys, which are durable within the block. Their rows are written there too: nobody else writes to the vault
        until it ends, so whoever comes next and finds a key without a row knows that its maker is dead.

        Raises:
            KeyExists, VaultBusy: see `put`.
        """
        secrets = {key_id: Secret.of(os.urandom(keyring.KEY)) for key_id in kinds}
        with durable.plain_refusals(), self._writing():
            opened = self._current()
            if kinds.keys() & opened.ring.records.keys():
                raise KeyExists
            records = {key_id: keyring.seal(opened.root, key_id, kinds[key_id], secrets[key_id]) for key_id in kinds}
            ring = replace(opened.ring, records={**opened.ring.records, **records})
            data = keyring.encode(ring, opened.root)
            durable.replace(_file(self._folder, ring.epoch), data)
            self._opened = replace(opened, ring=ring, seal=data[-keyring.SEAL :])
            yield secrets

    def prepare(
        self,
        victims: Collection[UUID],
        *,
        passphrase: bytes | None = None,
        above: int = 0,
        unknown: Callable[[Set[UUID]], Set[UUID]] = lambda _: frozenset(),
    ) -> "Rotation":
        """The next epoch, without the keys of `victims`, ready to take over; with a new passphrase if one is given.

        A vault that comes from an older copy goes on `above` every epoch that its home has reached before. `unknown` says of all
        keys which ones nobody knows, at a time when nobody makes any; they go too.

        Ids that are not in the vault are passed over, so that a destruction can be repeated. Until the rotation is
        committed or abandoned no other writer gets in, and every key still opens. Stretching a passphrase takes long on purpose:
        nobody waits for it, because the lock is taken afterwards.

        Raises:
            NotPrepared: a surviving key did not open from the new file; nothing was changed.
            VaultBusy, DiskFull, NotWritable, NotErased
        """
        fresh = None if passphrase is None else self._stretch(passphrase)
        with durable.plain_refusals():
            lock = self._lock(PATIENCE)
            try:
                self._settle()
                old = self._current()
                gone = frozenset(victims) | unknown(old.ring.records.keys())
                new = self._write_next(old, gone, fresh or (old.ring.salt, old.stretched), above)
                return Rotation(self, lock, old, new)
            except BaseException:
                try:
                    self._settle()
                finally:
                    os.close(lock)
                raise

    def _stretch(self, passphrase: bytes) -> tuple[bytes, bytes]:
        """A new salt, and the passphrase stretched with it, by work that no rotation changes."""
        salt = os.urandom(keyring.SALT)
        return salt, keyring.stretch(passphrase, salt, self._current().ring.work)

    def _write_next(self, old: _Opened, victims: frozenset[UUID], salted: tuple[bytes, bytes], above: int) -> _Opened:
        epoch, slot, secret = max(old.ring.epoch, above) + 1, 1 - old.slot, Secret.of(os.urandom(SECRET))
        salt, stretched = salted
        root = keyring.derive(secret, stretched, epoch)
        keys = {key_id: keyring.unseal(old.root, key_id, record) for key_id, record in old.ring.records.items()}
        records = {
            key_id: keyring.seal(root, key_id, record.kind, keys[key_id])
            for key_id, record in old.ring.records.items()
            if key_id not in victims
        }
        ring = Keyring(epoch=epoch, salt=salt, work=old.ring.work, records=records)
        # The file before the anchor: a valid slot then always has its file.
        durable.replace(_file(self._folder, epoch), keyring.encode(ring, root))
        self._anchor.write(slot, epoch, secret)
        return self._check_next(old, keys, victims, epoch, stretched)

    def _check_next(
        self, old: _Opened, keys: Mapping[UUID, bytes], victims: frozenset[UUID], epoch: int, stretched: bytes
    ) -> _Opened:
        """Opens what was written as a stranger would, from the disk."""
        slots = {slot.epoch: slot for slot in self._anchor.slots()}
        if slots.keys() != {old.ring.epoch, epoch}:
            raise NotPrepared
        new = _open(slots[epoch], _file(self._folder, epoch).read_bytes(), stretched)
        survivors = {key_id: keyring.unseal(new.root, key_id, record) for key_id, record in new.ring.records.items()}
        kinds = {key_id: record.kind for key_id, record in new.ring.records.items()}
        expected = {key_id: key for key_id, key in keys.items() if key_id not in victims}
        if survivors != expected or kinds != {key_id: old.ring.records[key_id].kind for key_id in expected}:
            raise NotPrepared
        return new

    def _current(self) -> _Opened:
        with durable.plain_refusals():
            opened = self._opened
            stamps = _stamps(self._folder, opened.ring.epoch)
            if self._seen == (stamps, opened.anchor, opened.seal):
                return opened
            slot, data = _read(self._folder)
            seal = data[-keyring.SEAL :]
            if (slot.digest, seal) != (opened.anchor, opened.seal):
                self._refuse_set_back(slot)
                # Another process wrote: its root replaces ours, which is forgotten here and now.
                opened = self._opened = _open(slot, data, opened.stretched)
            self._seen = (stamps, slot.digest, seal) if stamps else None
            return opened

    def _refuse_set_back(self, slot: Slot) -> None:
        if slot.epoch < self._opened.ring.epoch:
            raise VaultSetBack(epoch=slot.epoch, reached=self._opened.ring.epoch)

    def _tidy(self) -> None:
        if len(self._anchor.slots()) > 1 or len(list(self._folder.glob("vault-*"))) > 1:
            try:
                with self._writing(patience=0):
                    pass
            except VaultBusy:
                # Not left over after all: a rotation is going on.
                return

    def _settle(self) -> None:
        """Under the lock: drop a rotation that was never committed, finish one that was."""
        slots = self._anchor.slots()
        if not slots or not _file(self._folder, slots[0].epoch).exists():
            return
        current = slots[0]
        self._refuse_set_back(current)
        stale = [file for file in self._folder.glob("vault-*") if file != _file(self._folder, current.epoch)]
        if len(slots) > 1 or stale:
            self._anchor.erase(1 - current.number)
        for file in stale:
            file.unlink()
        if stale:
            durable.sync_folder(self._folder)

    @contextmanager
    def _writing(self, patience: float | None = None) -> Iterator[None]:
        lock = self._lock(PATIENCE if patience is None else patience)
        try:
            self._settle()
            yield
        finally:
            os.close(lock)

    def _lock(self, patience: float) -> int:
        handle = os.open(self._folder / "lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        deadline = time.monotonic() + patience
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return handle
            except BlockingIOError:
                if time.monotonic() >= deadline:
                    os.close(handle)
                    raise VaultBusy from None
                time.sleep(_PAUSE)


class Rotation:
    """A prepared new epoch. Leaving its `with` block without `commit` abandons it."""

    def __init__(self, vault: Vault, lock: int, old: _Opened, new: _Opened) -> None:
        self._vault = vault
        self._lock: int | None = lock
        self._old = old
        self._new = new
        self.victims = frozenset(old.ring.records) - frozenset(new.ring.records)

    @property
    def epoch_before(self) -> int:
        return self._old.ring.epoch

    @property
    def epoch(self) -> int:
        return self._new.ring.epoch

    def commit(self) -> None:
        """The point of no return: erases the old anchor, then removes the old vault file. May be repeated after an error.

        Raises:
            NotErased, DiskFailed: the old anchor may be erased in part, which is enough to have destroyed it.
        """
        if self._lock is None:
            raise ValueError("the rotation is over")
        with durable.plain_refusals():
            self._vault._anchor.erase(self._old.slot)
            self._vault._settle()
        self._vault._opened = self._new
        self._release()

    def abandon(self) -> None:
        """Keeps everything as it was, unless `commit` had begun to erase: then it is finished instead."""
        if self._lock is not None:
            try:
                with durable.plain_refusals():
                    self._vault._settle()
            finally:
                self._release()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.abandon()

    def _release(self) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def _file(folder: Path, epoch: int) -> Path:
    return folder / f"vault-{epoch}"


def _beside(root: Root) -> bytes:
    """A key for what is kept beside the keys; it goes with the root."""
    return hmac.digest(root.seal, b"candour beside the vault", "sha256")


def _open(slot: Slot, data: bytes, stretched: bytes) -> _Opened:
    root = keyring.derive(slot.secret(), stretched, slot.epoch)
    ring = keyring.parse(data, root)
    seal = data[-keyring.SEAL :]
    return _Opened(slot=slot.number, anchor=slot.digest, seal=seal, stretched=stretched, root=root, ring=ring)


def _stamps(folder: Path, epoch: int) -> _Stamps:
    """What tells a change of the two files without reading them; empty while it cannot.

    A file may change twice within one tick of the clock. So a stamp counts only when it is old: whatever comes later has another.
    """
    try:
        found = [file.stat() for file in (folder / "anchor", _file(folder, epoch))]
    except FileNotFoundError:
        return ()
    now = time.time_ns()
    settled = all(one.st_ctime_ns < now - _SETTLED for one in found)
    return tuple((one.st_dev, one.st_ino, one.st_size, one.st_ctime_ns) for one in found) if settled else ()


def _read(folder: Path) -> tuple[Slot, bytes]:
    """The current slot and vault file. Looks again when a rotation passes by between the two readings."""
    slot: Slot | None = None
    for _ in range(_TRIES):
        try:
            slot = next(iter(Anchor(folder / "anchor").slots()), None)
            if slot is not None:
                return slot, _file(folder, slot.epoch).read_bytes()
        except FileNotFoundError:
            if not (folder / "anchor").exists():
                raise (AnchorLost if any(folder.glob("vault-*")) else NoVault) from None
        time.sleep(_PAUSE)
    raise AnchorLost if slot is None else VaultDamaged
