"""Sealed files: write once under a random name, read in ranges, destroy, and survey what is really there.

with blobs.writing() as sink, age.Writer(sink, [recipient]) as sealed:
    ...
sink.ref, sink.size, sink.sha256

What comes over minutes or days is a draft: `drafting`, then `finish` or `give_up`; a process that ends leaves it where it is, and
`drafted` gives it to the next.
"""

import errno
import fcntl
import hashlib
import os
import re
import secrets
import shutil
import stat
import weakref
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO, NewType, Protocol

from storage.durable import DiskFailed, plain_refusals, sync_folder
from storage.errors import Busy, NotFound

BlobRef = NewType("BlobRef", str)

_NAME = re.compile("[0-9a-f]{32}")
_SUFFIX = ".unfinished"
_UNFINISHED = re.compile(rf"[0-9a-f]{{32}}{re.escape(_SUFFIX)}")
_BLOCK = 1024 * 1024
_SAFE = os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK


class NoSuchBlob(NotFound):
    """sealed files: this one is not in the store; restore it from a backup, or see `candour doctor`"""


class DraftBusy(Busy):
    """sealed files: another process is writing this one; wait for it, or stop it first"""


class Kind(StrEnum):
    """What was found: a sealed file, a write that never ended, or something that Candour did not put there."""

    BLOB = "blob"
    UNFINISHED = "unfinished"
    FOREIGN = "foreign"


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """One entry of a store; `name` is the reference of a blob, `size` is in bytes, `moved` is when it was last written to."""

    name: str
    kind: Kind
    size: int
    moved: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Destruction:
    """`existed`: there was something to remove. `remains`: what is still there and why, empty when nothing is."""

    ref: BlobRef
    existed: bool
    remains: tuple[str, ...]


class BlobSink(Protocol):
    """Takes the bytes of a new blob. `ref`, `size` in bytes and `sha256` in hexadecimal hold once the writing is over."""

    @property
    def ref(self) -> BlobRef: ...
    @property
    def size(self) -> int: ...
    @property
    def sha256(self) -> str: ...
    def write(self, data: bytes | bytearray | memoryview, /) -> int: ...


class Draft(BlobSink, Protocol):
    """A blob that is not finished. As long as it is held nobody else reads, sweeps or writes it."""

    def sync(self) -> None:
        """What was written survives a power cut when this returns."""

    def finish(self) -> None:
        """It is a blob from now on, complete and durable."""

    def give_up(self) -> None:
        """Leave nothing of it, unless it was finished."""

    def let_go(self) -> None:
        """Hold it no longer; what was written stays as it is."""


class Blobs(Protocol):
    """A store of sealed files. A blob is visible when it is complete and durable, and never changes."""

    def writing(self) -> AbstractContextManager[BlobSink]:
        """A new blob; an exception inside leaves nothing behind."""

    def drafting(self) -> Draft:
        """A new draft."""

    def drafted(self, ref: BlobRef) -> BinaryIO:
        """What there is of a draft, finished or not; nobody else gets it before it is closed. Raises NoSuchBlob, DraftBusy."""

    def write(self, chunks: Iterable[bytes]) -> BlobRef:
        """A new blob from an iterable."""

    def read(self, ref: BlobRef, start: int = 0, length: int | None = None) -> Iterator[bytes]:
        """The bytes from `start` on, `length` of them or to the end, in blocks. Raises NoSuchBlob."""

    def open(self, ref: BlobRef) -> BinaryIO:
        """The blob as a seekable file. Raises NoSuchBlob."""

    def destroy(self, ref: BlobRef) -> Destruction:
        """Removes every trace the store can reach, of a draft too; may be repeated."""

    def survey(self) -> Iterator[Found]:
        """All that is there."""

    def room(self) -> int:
        """How many bytes can still be written."""

    def sweep_unfinished(self, is_known: Callable[[str], bool] = ...) -> int:
        """Removes what dead writers left and nothing knows; returns how many. Running writers are spared."""

    def sweep_orphans(self, is_known: Callable[[str], bool]) -> int:
        """Removes blobs that nothing knows, whose writers died before they told anybody; returns how many.

        A blob is spared as long as its writer holds the sink. `is_known` is asked after that was found out.
        """


class _LocalDraft:
    def __init__(self, folder: Path, name: str, handle: int) -> None:
        self.ref = BlobRef(name)
        self.size = 0
        self._folder = folder
        self._file = folder / f"{name}{_SUFFIX}"
        self._handle = handle
        self._hash = hashlib.sha256()
        self._open = True
        # The lock on the file lasts as long as this object, so that nobody sweeps a blob whose writer has yet to tell of it.
        self._close = weakref.finalize(self, os.close, handle)

    @property
    def sha256(self) -> str:
        return self._hash.hexdigest()

    def write(self, data: bytes | bytearray | memoryview, /) -> int:
        view = memoryview(data).cast("B")
        rest = view
        with plain_refusals():
            while rest:
                rest = rest[os.write(self._handle, rest) :]
        self._hash.update(view)
        self.size += len(view)
        return len(view)

    def sync(self) -> None:
        with plain_refusals():
            os.fdatasync(self._handle)

    def finish(self) -> None:
        """In the order of writing that restic keeps: whole and on the disk before it has its name.

        Raises:
            DiskFull, NotWritable, DiskFailed.
        """
        with plain_refusals():
            if os.fstat(self._handle).st_size != self.size:
                raise DiskFailed(code="size")
            os.fchmod(self._handle, 0o400)
            os.fsync(self._handle)
            self._file.rename(self._folder / self.ref)
            sync_folder(self._folder)
        self._open = False

    def give_up(self) -> None:
        if self._open:
            self._open = False
            with suppress(OSError):
                self._file.unlink()
            self._close()

    def let_go(self) -> None:
        self._open = False
        self._close()


class LocalBlobs:
    """Blobs in one flat folder of the owner's alone."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        with plain_refusals():
            folder.mkdir(mode=0o700, exist_ok=True)
            if folder.stat().st_mode & 0o077:
                folder.chmod(0o700)

    @contextmanager
    def writing(self) -> Iterator[BlobSink]:
        """A new blob.

        Raises:
            DiskFull, NotWritable, DiskFailed: nothing was left behind.
        """
        draft = self.drafting()
        try:
            yield draft
            draft.finish()
        except BaseException:
            draft.give_up()
            raise

    def drafting(self) -> Draft:
        name = secrets.token_hex(16)
        with plain_refusals():
            return _LocalDraft(self._folder, name, self._claim(self._folder / f"{name}{_SUFFIX}"))

    def drafted(self, ref: BlobRef) -> BinaryIO:
        if not _NAME.fullmatch(ref):
            raise NoSuchBlob
        file = self._opened(f"{ref}{_SUFFIX}") or self._opened(ref)
        if file is None:
            raise NoSuchBlob
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            raise DraftBusy from None
        if not os.fstat(file.fileno()).st_nlink:
            # Destroyed between the two calls.
            file.close()
            raise NoSuchBlob
        return file

    def write(self, chunks: Iterable[bytes]) -> BlobRef:
        with self.writing() as sink:
            for chunk in chunks:
                sink.write(chunk)
        return sink.ref

    def read(self, ref: BlobRef, start: int = 0, length: int | None = None) -> Iterator[bytes]:
        with self.open(ref) as file:
            file.seek(start)
            left = length
            while left is None or left > 0:
                block = file.read(_BLOCK if left is None else min(_BLOCK, left))
                if not block:
                    return
                yield block
                left = None if left is None else left - len(block)

    def open(self, ref: BlobRef) -> BinaryIO:
        file = self._opened(ref) if _NAME.fullmatch(ref) else None
        if file is None:
            raise NoSuchBlob
        return file

    def _opened(self, name: str) -> BinaryIO | None:
        with plain_refusals():
            try:
                handle = os.open(self._folder / name, os.O_RDONLY | _SAFE)
            except OSError as error:
                # ELOOP: a symbolic link lies in its place.
                if error.errno in {errno.ENOENT, errno.ELOOP}:
                    return None
                raise
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                os.close(handle)
                return None
            return os.fdopen(handle, "rb")

    def destroy(self, ref: BlobRef) -> Destruction:
        """Removes the file. Its bytes stay on the medium: what destroys them is the end of their key, not this."""
        if not _NAME.fullmatch(ref):
            raise NoSuchBlob
        path = self._folder / ref
        with plain_refusals():
            (self._folder / f"{ref}{_SUFFIX}").unlink(missing_ok=True)
            try:
                links = path.lstat().st_nlink
            except FileNotFoundError:
                return Destruction(ref=ref, existed=False, remains=())
            path.unlink()
            sync_folder(self._folder)
        remains = (f"{links - 1} more name(s) of the same file outside the store",) if links > 1 else ()
        return Destruction(ref=ref, existed=True, remains=remains)

    def room(self) -> int:
        with plain_refusals():
            return shutil.disk_usage(self._folder).free

    def survey(self) -> Iterator[Found]:
        with plain_refusals(), os.scandir(self._folder) as entries:
            for entry in sorted(entries, key=lambda entry: entry.name):
                with suppress(FileNotFoundError):
                    found = entry.stat(follow_symlinks=False)
                    moved = datetime.fromtimestamp(found.st_mtime, UTC)
                    kind = _kind(entry.name, found.st_mode)
                    yield Found(name=entry.name, kind=kind, size=found.st_size, moved=moved)

    def sweep_unfinished(self, is_known: Callable[[str], bool] = lambda name: False) -> int:
        with plain_refusals():
            drafts = [found.name for found in self.survey() if found.kind is Kind.UNFINISHED]
            return sum(_remove_if_dead(self._folder / name, os.O_RDWR, is_known) for name in drafts)

    def sweep_orphans(self, is_known: Callable[[str], bool]) -> int:
        with plain_refusals():
            blobs = [found.name for found in self.survey() if found.kind is Kind.BLOB]
            return sum(_remove_if_dead(self._folder / name, os.O_RDONLY, is_known) for name in blobs)

    def _claim(self, draft: Path) -> int:
        # The lock tells `sweep_unfinished` that the writer lives; the kernel lets go of it when the writer dies.
        while True:
            handle = os.open(draft, os.O_RDWR | os.O_CREAT | os.O_EXCL | _SAFE, 0o600)
            fcntl.flock(handle, fcntl.LOCK_EX)
            if os.fstat(handle).st_nlink:
                return handle
            # Swept between the two calls.
            os.close(handle)


def _kind(name: str, mode: int) -> Kind:
    if not stat.S_ISREG(mode):
        return Kind.FOREIGN
    if _NAME.fullmatch(name):
        return Kind.BLOB
    return Kind.UNFINISHED if _UNFINISHED.fullmatch(name) else Kind.FOREIGN


def _remove_if_dead(path: Path, mode: int, is_known: Callable[[str], bool]) -> bool:
    try:
        handle = os.open(path, mode | _SAFE)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if is_known(path.name.removesuffix(_SUFFIX)):
            return False
        path.unlink()
        return True
    except (BlockingIOError, FileNotFoundError):
        return False
    finally:
        os.close(handle)
