"""The log's signing key, and the memory of what it signed last.

A folder outside the database holds `signer.key` (0600, the key in the text form of Go's sumdb/note) and `signer.state`, the last
head it signed. Nothing is signed that does not continue that head: restoring an old database, or rewriting it, ends here.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy.orm import Session

from storage.errors import NotVerified, Unavailable
from storage.log import heads, store, tree
from storage.log.note import BadNote, Checkpoint, Note, SigningKey, VerifierKey, open_checkpoint

_KEY = "signer.key"
_STATE = "signer.state"


class LogRolledBack(NotVerified):
    """log: the database holds {found} entries and does not continue the {signed} that were signed; it was set back or rewritten.
    Nothing was signed; bring back the newest database, or keep this one as evidence"""


class NoSigner(NotVerified):
    """log: the signing key or its last signed state is missing or damaged; restore the log folder from a backup"""


class SignerExposed(Unavailable):
    """log: other accounts of this machine can read the signing key; give it mode 0600 and replace it if it was read"""


class Signer:
    """Signs heads of one log. Several processes may use the same folder; a file lock keeps them apart."""

    def __init__(self, folder: Path, key: SigningKey) -> None:
        self._folder = folder
        self._key = key
        self._verified: tuple[str, Checkpoint] | None = None

    @classmethod
    def create(cls, folder: Path, origin: str) -> "Signer":
        """Make a folder with a new key and the signed head of an empty log. `origin` is the log's public name.

        Raises:
            BadNote: the origin is empty or holds a space or a plus sign.
            FileExistsError: there is a key already.
        """
        key = SigningKey.generate(origin)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        signer = cls(folder, key)
        signer._write_key()
        signer._write_state(signer._sign(Checkpoint(origin=origin, size=0, root=tree.EMPTY_ROOT)))
        return signer

    @classmethod
    def put_back(cls, folder: Path, secret_text: str, state: str) -> "Signer":
        """The signer of a backup in a new `folder`: `secret_text` is its key, `state` the last head that it signed.

        Raises:
            NoSigner: the key is damaged, or the head is not one that it signed.
        """
        try:
            signer = cls(folder, SigningKey.parse(secret_text))
            open_checkpoint(state, signer.verifier)
        except NotVerified:
            raise NoSigner from None
        folder.mkdir(mode=0o700)
        signer._write_key()
        signer._write_state(state)
        return signer

    @classmethod
    def open(cls, folder: Path) -> "Signer":
        """Read the key of a folder.

        Raises:
            NoSigner: there is none, or it is damaged.
            SignerExposed: others may read it.
        """
        file = folder / _KEY
        try:
            if file.stat().st_mode & 0o077:
                raise SignerExposed
            return cls(folder, SigningKey.parse(file.read_text("utf-8").removesuffix("\n")))
        except (FileNotFoundError, UnicodeDecodeError, BadNote):
            raise NoSigner from None

    @property
    def origin(self) -> str:
        """The log's public name."""
        return self._key.name

    @property
    def secret_text(self) -> str:
        """The signing key, for a recovery copy."""
        return self._key.secret_text()

    def state(self) -> str:
        """The last signed head.

        Raises:
            NoSigner: it is missing or damaged.
        """
        return self._read_state()[0]

    @property
    def verifier(self) -> VerifierKey:
        return self._key.verifier

    @property
    def verifier_key(self) -> str:
        """The public key with the log's name, as an auditor keeps it."""
        return str(self._key.verifier)

    def checkpoint(self, session: Session) -> str:
        """Sign the head over all committed entries, remember it durably and store it; the caller commits the stored copy.

        Only what is committed may be signed: call it in a transaction of its own, after the commit.

        Raises:
            LogRolledBack: the database is behind what was signed last, or does not continue it.
            NoSigner: the last signed state is missing or damaged.
            RuntimeError: this transaction has added entries itself.
        """
        if store.appended_in_this_transaction(session):
            raise RuntimeError("a checkpoint was asked for before the entries were committed")
        # The database first, then the folder: the same order in every process, so that no two wait for each other
        store.lock_writer(session)
        with self._locked():
            note, last = self._read_state()
            head = self._continued(session, last)
            if head != last:
                note = self._sign(head)
                self._write_state(note)
        heads.keep_checkpoint(session, head.size, note)
        return note

    def _continued(self, session: Session, last: Checkpoint) -> Checkpoint:
        """The head over all entries, built upon the last signed one from the bytes of what came after."""
        stored = store.stored_size(session)
        read = store.node_reader(session)
        try:
            frontier = tree.Frontier.read(last.size, read)
        except store.LogDamaged:
            raise LogRolledBack(found=stored, signed=last.size) from None
        if stored < last.size or frontier.root() != last.root:
            raise LogRolledBack(found=stored, signed=last.size)
        if stored == last.size:
            return last
        for seq, body in store.entries(session, last.size):
            if seq != frontier.size:
                raise store.LogDamaged(seq=frontier.size)
            frontier.append(tree.leaf_hash(body))
        root = frontier.root()
        if root != tree.tree_root(frontier.size, read):
            raise store.LogDamaged(seq=last.size)
        return Checkpoint(origin=self._key.name, size=frontier.size, root=root)

    def sign(self, text: str) -> Note:
        """A text that is no head under the log's signature; heads are signed by `checkpoint` alone."""
        return Note(text=text).with_signature(self._key.sign(text))

    def _sign(self, head: Checkpoint) -> str:
        return str(self.sign(head.text()))

    def _read_state(self) -> tuple[str, Checkpoint]:
        try:
            note = (self._folder / _STATE).read_text("utf-8")
            if self._verified is None or self._verified[0] != note:
                self._verified = note, open_checkpoint(note, self.verifier)
        except (FileNotFoundError, UnicodeDecodeError, NotVerified):
            raise NoSigner from None
        return self._verified

    def _write_key(self) -> None:
        handle = os.open(self._folder / _KEY, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(self._key.secret_text() + "\n")
            file.flush()
            os.fsync(file.fileno())

    def _write_state(self, note: str) -> None:
        new = self._folder / f"{_STATE}.new"
        with new.open("w", encoding="utf-8", newline="\n") as file:
            file.write(note)
            file.flush()
            os.fsync(file.fileno())
        new.replace(self._folder / _STATE)
        handle = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        handle = os.open(self._folder / _KEY, os.O_RDONLY | os.O_CLOEXEC)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)
