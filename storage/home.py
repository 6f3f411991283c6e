"""A home: the one folder in which an organisation's Candour lives.

candour.toml   settings            vault/   keys, under the passphrase
candour.db     rows                log/     the log's signing key and its last signed state
blobs/         sealed files        models/  speech models

home = Home.open(folder)
home.unlock(passphrase)
with home.writing() as session:
    home.log(session, Event.REVIEW_CREATED, actor=person.name, obj=[str(review.id)])
"""

import fcntl
import os
import shutil
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

import configs
from storage import clock, database
from storage.blobs import LocalBlobs
from storage.clock import Evidence
from storage.durable import NotWritable, plain_refusals
from storage.errors import BadInput, Busy, CandourError, Locked, NotFound, Refused
from storage.keyring import Work
from storage.log.entry import Entry
from storage.log.log import Event, Signer, append
from storage.log.note import BadNote
from storage.log.tables import AuditLeaf
from storage.models import ClockEntry, Copy, Order
from storage.settings import Settings, load
from storage.vault import Vault, VaultSetBack

_GLANCE = 1.0
_BEGINNING = datetime.min.replace(tzinfo=UTC)


class NoHome(NotFound):
    """home: there is no Candour home here; make one with `candour init`, or name another with --home"""


class HomeExists(Refused):
    """home: this folder is not empty; name a new one with --home, nothing was changed"""


class BadOrigin(BadInput):
    """log: its public name is text without spaces and plus signs, such as a domain with a path; name another with --origin"""


class RowsMissing(NotFound):
    """database: the rows of this home are not where it looks for them; bring candour.db back from a backup, or say in
    candour.toml, [database] url, where they are
    """


class DatabaseTaken(Refused):
    """database: it holds the rows of another home already; give this one a database of its own, nothing was changed"""


class VaultClosed(Locked):
    """vault: this step opens sealed content; give the passphrase at the prompt or with --passphrase-file"""


class WorkerRunning(Busy):
    """worker: another process is already working in this home; wait for it, or stop it first"""


class Home:
    """An opened home. Reading rows needs nothing more; whatever is sealed needs `unlock` first."""

    def __init__(self, folder: Path, settings: Settings, engine: Engine) -> None:
        self.folder = folder
        self.settings = settings
        self.engine = engine
        self.blobs = LocalBlobs(folder / "blobs")
        self.signer = Signer.open(folder / "log")
        self._vault: Vault | None = None
        self._reached = _BEGINNING

    @classmethod
    def create(cls, folder: Path, passphrase: bytes, *, origin: str, work: Work | None = None) -> "Home":
        """Make a home: all of it, or nothing.

        Raises:
            HomeExists: the folder holds something already.
            BadOrigin: the log cannot have this name.
            DatabaseTaken: the settings name a database that is in use.
            DiskFull, NotWritable: the machine does not allow it.
        """
        with plain_refusals():
            folder = folder.absolute()
            if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
                raise HomeExists
            folder.parent.mkdir(parents=True, exist_ok=True)
            draft = folder.with_name(f"{folder.name}.{uuid4().hex[:8]}.new")
            try:
                cls._lay_out(draft, passphrase, origin, work)
                draft.rename(folder)
            except BaseException:
                shutil.rmtree(draft, ignore_errors=True)
                raise
        home = cls.open(folder)
        home.unlock(passphrase)
        return home

    @staticmethod
    def _lay_out(folder: Path, passphrase: bytes, origin: str, work: Work | None) -> None:
        folder.mkdir(mode=0o700)
        for name in ("blobs", "models"):
            (folder / name).mkdir(mode=0o700)
        (folder / "candour.toml").write_text(configs.read("candour.toml"), encoding="utf-8")
        Vault.create(folder / "vault", passphrase, work=work)
        try:
            Signer.create(folder / "log", origin)
        except BadNote:
            raise BadOrigin from None
        engine = database.connect(_url(folder, load(folder / "candour.toml")))
        try:
            if database.revision(engine) is not None:
                raise DatabaseTaken
            database.migrate(engine)
        finally:
            engine.dispose()

    @classmethod
    def open(cls, folder: Path) -> "Home":
        """Open a home, bringing its tables up to date.

        Raises:
            NoHome, NotWritable, BadSetting, RowsMissing, NewerHome.
        """
        folder = folder.absolute()
        file = folder / "candour.toml"
        with plain_refusals():
            if not file.is_file():
                raise NoHome
            if not os.access(folder, os.W_OK):
                raise NotWritable
            settings = load(file)
            # Looking would make the file.
            if not settings.database.url and not (folder / "candour.db").is_file():
                raise RowsMissing
            engine = database.connect(_url(folder, settings))
            try:
                if database.revision(engine) is None:
                    raise RowsMissing
                if not database.is_current(engine):
                    database.migrate(engine)
                return cls(folder, settings, engine)
            except BaseException:
                engine.dispose()
                raise

    def close(self) -> None:
        """Let go of the database; reading or writing again would open it anew."""
        self.engine.dispose()

    def unlock(self, passphrase: bytes, *, set_back: bool = False) -> None:
        """Open the vault; one that was `set_back` to an older epoch only where that is known, as in a restore.

        Raises:
            WrongPassphrase: the passphrase does not open it.
            VaultSetBack: it is older than what the rows say it was.
        """
        if not set_back:
            with self.reading() as session:
                reached = epoch_reached(session)
            if (epoch := Vault.epoch_of(self.folder / "vault")) < reached:
                raise VaultSetBack(epoch=epoch, reached=reached)
        self._vault = Vault.unlock(self.folder / "vault", passphrase)

    @property
    def vault(self) -> Vault:
        if self._vault is None:
            raise VaultClosed
        return self._vault

    @contextmanager
    def forgetting(self) -> Iterator[None]:
        """For processes that live long with an open vault: when another destroys keys, the old root is forgotten here at once.

        Whoever asks the vault notices that by itself; this asks every second.
        """
        over = threading.Event()

        def look() -> None:
            while not over.wait(_GLANCE):
                with suppress(CandourError):
                    _ = self.vault.epoch

        glances = threading.Thread(target=look, name="forgetting", daemon=True)
        glances.start()
        try:
            yield
        finally:
            over.set()
            glances.join()

    @property
    def models(self) -> Path:
        return self.folder / "models"

    def machine_clock(self) -> datetime:
        """What the clock of the machine says, right or wrong."""
        return datetime.now(UTC)

    def now(self) -> datetime:
        """The time for rows and entries: the machine's clock, but never before what the log has seen already.

        So entries stand in the order of their times, and an event under a clock that was set back is not dated too early.
        """
        return max(self.machine_clock(), self._reached)

    def evidence(self, session: Session) -> Evidence | None:
        """The log's last evidence of the time; None while it has none."""
        seq = session.scalar(select(func.max(ClockEntry.seq)))
        body = session.scalar(select(AuditLeaf.body).where(AuditLeaf.idx == seq)) if seq is not None else None
        if seq is None:
            return None
        entry = _readable(body)
        # Evidence that was changed vouches for no time at all: nothing with a date is destroyed.
        return Evidence.of(entry.detail) if entry else Evidence(time=_BEGINNING, counter=None)

    def _reach(self, session: Session) -> datetime:
        entry = _readable(session.scalar(select(AuditLeaf.body).order_by(AuditLeaf.idx.desc()).limit(1)))
        last = entry.t if entry else _BEGINNING
        evidence = self.evidence(session)
        return last if evidence is None else max(last, evidence.sure(clock.count()))

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """One transaction that may write; when it has logged something, a new checkpoint is signed after the commit.

        Raises:
            LogRolledBack: these rows are older than what was signed last; nothing was changed.
        """
        with plain_refusals():
            with database.writing(self.engine) as session:
                # Also signs what a crash between commit and checkpoint left unsigned.
                self.signer.checkpoint(session)
                self._reached = self._reach(session)
                yield session
            if session.info.get("logged"):
                with database.writing(self.engine) as session:
                    self.signer.checkpoint(session)

    @contextmanager
    def reading(self) -> Iterator[Session]:
        with plain_refusals(), database.reading(self.engine) as session:
            yield session

    def log(
        self,
        session: Session,
        event: Event,
        *,
        actor: str,
        obj: Sequence[object] = (),
        ref: str | None = None,
        sig: str | None = None,
        detail: Mapping[str, str | int | bool] | None = None,
    ) -> int:
        """Append an entry in the caller's transaction; returns its number."""
        return self._append(session, event, actor, obj, ref, sig, self.now(), detail or {})

    def log_time(self, session: Session, event: Event, *, actor: str, evidence: Evidence, moved: int = 0) -> int:
        """Append evidence of the time, which also sets back a log that a wrong clock had put ahead."""
        said = evidence.detail() | ({"moved": moved} if moved else {})
        at = evidence.time if event is Event.CLOCK_CONFIRMED else self.now()
        seq = self._append(session, event, actor, (), None, None, at, said)
        session.add(ClockEntry(seq=seq))
        self._reached = at
        return seq

    def _append(
        self,
        session: Session,
        event: Event,
        actor: str,
        obj: Sequence[object],
        ref: str | None,
        sig: str | None,
        at: datetime,
        detail: Mapping[str, str | int | bool],
    ) -> int:
        session.info["logged"] = True
        ids = [str(one) for one in obj]
        return append(session, event=event, actor=actor, obj=ids, ref=ref, sig=sig, now=at, detail=detail)

    @contextmanager
    def working(self) -> Iterator[None]:
        """The exclusive right to do due work in this home.

        Raises:
            WorkerRunning: another process has it.
        """
        with plain_refusals():
            handle = os.open(self.folder / "worker.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise WorkerRunning from None
            yield
        finally:
            os.close(handle)


def epoch_reached(session: Session) -> int:
    """The highest epoch of the vault that the rows know of: after a destruction, or when a recovery copy was made."""
    destroyed = session.scalar(select(func.max(Order.facts["epoch_after"].as_integer())))
    copied = session.scalar(select(func.max(Copy.epoch)))
    return max(destroyed or 0, copied or 0)


def _readable(body: bytes | None) -> Entry | None:
    """An entry, unless it was changed: to find that is for those who verify."""
    try:
        return Entry.decode(body) if body is not None else None
    except (AttributeError, ValueError):
        return None


def _url(folder: Path, settings: Settings) -> str:
    return settings.database.url or f"sqlite:///{folder / 'candour.db'}"
