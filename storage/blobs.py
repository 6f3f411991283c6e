"""Sealed files: write once under a random name, read in ranges, destroy, and survey what is really there.

with blobs.writing() as sink, age.Writer(sink, [recipient]) as sealed:
    ...
sink.ref, sink.size, sink.sha256
"""

import errno
import fcntl
import hashlib
import os
import re
import secrets
import stat
import weakref
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO, NewType, Protocol

from storage.durable import DiskFailed, plain_refusals, sync_folder
from storage.errors import NotFound

BlobRef = NewType("BlobRef", str)

_NAME = re.compile("[0-9a-f]{32}")
_UNFINISHED = re.compile(r"[0-9a-f]{32}\.unfinished")
_BLOCK = 1024 * 1024
_SAFE = os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK


class NoSuchBlob(NotFound):
    """sealed files: this one is not in the store; restore it from a backup, or see `candour doctor`"""


class Kind(StrEnum):
    """What was found: a sealed file, a write that never ended, or something that Candour did not put there."""

    BLOB = "blob"
    UNFINISHED = "unfinished"
    FOREIGN = "foreign"


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """One entry of a store; `name` is the reference of a blob, `size` is in bytes."""

    name: str
    kind: Kind
    size: int


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


class Blobs(Protocol):
    """A store of sealed files. A blob is visible when it is complete and durable, and never changes."""

    def writing(self) -> AbstractContextManager[BlobSink]:
        """A new blob; an exception inside leaves nothing behind."""

    def write(self, chunks: Iterable[bytes]) -> BlobRef:
        """A new blob from an iterable."""

    def read(self, ref: BlobRef, start: int = 0, length: int | None = None) -> Iterator[bytes]:
        """The bytes from `start` on, `length` of them or to the end, in blocks. Raises NoSuchBlob."""

    def open(self, ref: BlobRef) -> BinaryIO:
        """The blob as a seekable file. Raises NoSuchBlob."""

    def destroy(self, ref: BlobRef) -> Destruction:
        """Removes every trace the store can reach; may be repeated."""

    def survey(self) -> Iterator[Found]:
        """All that is there."""

    def sweep_unfinished(self) -> int:
        """Removes what dead writers left; returns how many. Running writers are spared."""

    def sweep_orphans(self, is_known: Callable[[str], bool]) -> int:
        """Removes blobs that nothing knows, whose writers died before they told anybody; returns how many.

        A blob is spared as long as its writer holds the sink. `is_known` is asked after that was found out.
        """


class _LocalSink:
    def __init__(self, name: str, handle: int) -> None:
        self.ref = BlobRef(name)
        self.size = 0
        self._handle = handle
        self._hash = hashlib.sha256()
        # The lock on the file lasts as long as this object, so that nobody sweeps a blob whose writer has yet to tell of it.
        self.close = weakref.finalize(self, os.close, handle)

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
        """A new blob, in the order of writing that restic keeps: whole and on the disk before it has its name.

        Raises:
            DiskFull, NotWritable, DiskFailed: nothing was left behind.
        """
        name = secrets.token_hex(16)
        draft = self._folder / f"{name}.unfinished"
        with plain_refusals():
            handle = self._claim(draft)
        sink = _LocalSink(name, handle)
        try:
            yield sink
            with plain_refusals():
                if os.fstat(handle).st_size != sink.size:
                    raise DiskFailed(code="size")
                os.fchmod(handle, 0o400)
                os.fsync(handle)
                draft.rename(self._folder / name)
                sync_folder(self._folder)
        except BaseException:
            with suppress(OSError):
                draft.unlink()
            sink.close()
            raise

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
        if not _NAME.fullmatch(ref):
            raise NoSuchBlob
        with plain_refusals():
            try:
                handle = os.open(self._folder / ref, os.O_RDONLY | _SAFE)
            except OSError as error:
                # ELOOP: a symbolic link lies in its place.
                if error.errno in {errno.ENOENT, errno.ELOOP}:
                    raise NoSuchBlob from None
                raise
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                os.close(handle)
                raise NoSuchBlob
            return os.fdopen(handle, "rb")

    def destroy(self, ref: BlobRef) -> Destruction:
        """Removes the file. Its bytes stay on the medium: what destroys them is the end of their key, not this."""
        if not _NAME.fullmatch(ref):
            raise NoSuchBlob
        path = self._folder / ref
        with plain_refusals():
            try:
                links = path.lstat().st_nlink
            except FileNotFoundError:
                return Destruction(ref=ref, existed=False, remains=())
            path.unlink()
            sync_folder(self._folder)
        remains = (f"{links - 1} more name(s) of the same file outside the store",) if links > 1 else ()
        return Destruction(ref=ref, existed=True, remains=remains)

    def survey(self) -> Iterator[Found]:
        with plain_refusals(), os.scandir(self._folder) as entries:
            for entry in sorted(entries, key=lambda entry: entry.name):
                with suppress(FileNotFoundError):
                    found = entry.stat(follow_symlinks=False)
                    yield Found(name=entry.name, kind=_kind(entry.name, found.st_mode), size=found.st_size)

    def sweep_unfinished(self) -> int:
        swept = 0
        with plain_refusals():
            for found in self.survey():
                if found.kind is Kind.UNFINISHED:
                    swept += _remove_if_dead(self._folder / found.name)
        return swept

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


def _remove_if_dead(path: Path, mode: int = os.O_RDWR, is_known: Callable[[str], bool] = lambda name: False) -> bool:
    try:
        handle = os.open(path, mode | _SAFE)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if is_known(path.name):
            return False
        path.unlink()
        return True
    except (BlockingIOError, FileNotFoundError):
        return False
    finally:
        os.close(handle)
