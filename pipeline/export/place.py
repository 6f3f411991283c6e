"""Putting an export where the user wants it: whole or not at all, and readable by its owner only.

The words go into a file that has no name. It gets one when all of it is on the disk, so that a full disk, a kill or a loss of
power before that leaves nothing. File systems without such files (some memory cards, network folders) get a named one instead,
which only a kill can leave behind.
"""

import errno
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from storage.errors import Refused, Unavailable

_NAMELESS = getattr(os, "O_TMPFILE", 0)
_UNKNOWN = (errno.EOPNOTSUPP, errno.EISDIR, errno.EINVAL, errno.ENOENT)


class PlaceTaken(Refused):
    """export: there is a file at that place already; name another, or add --overwrite"""


class CannotPlace(Unavailable):
    """export: the file cannot be written at that place ({reason}); name a folder that exists and can be written to"""


def place(data: bytes, path: Path, overwrite: bool = False) -> None:
    """Write a file in one step, with mode 0600; on any failure nothing is left behind. Raises PlaceTaken, CannotPlace."""
    try:
        with _folder(path.parent) as folder:
            if not overwrite and os.path.lexists(path):
                raise PlaceTaken
            nameless = _open_nameless(folder)
            if nameless is None:
                _put_named(data, path, overwrite)
            else:
                _put_nameless(data, nameless, folder, path.name, overwrite)
            os.fsync(folder)
    except FileExistsError:
        raise PlaceTaken from None
    except OSError as error:
        raise CannotPlace(reason=os.strerror(error.errno or 0)) from None


@contextmanager
def _folder(path: Path) -> Iterator[int]:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _open_nameless(folder: int) -> int | None:
    if not _NAMELESS or not Path("/proc/self/fd").is_dir():
        return None
    try:
        return os.open(".", _NAMELESS | os.O_WRONLY | os.O_CLOEXEC, 0o600, dir_fd=folder)
    except OSError as error:
        if error.errno in _UNKNOWN:
            return None
        raise


def _put_nameless(data: bytes, descriptor: int, folder: int, name: str, overwrite: bool) -> None:
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
        if overwrite:
            # A link takes no name that is there. Between the two steps the old file is gone and the new one has no name:
            # a kill then leaves neither, where a second name would be left with all the words.
            _remove(name, folder)
        os.link(f"/proc/self/fd/{file.fileno()}", name, src_dir_fd=folder, dst_dir_fd=folder, follow_symlinks=True)


def _remove(name: str, folder: int) -> None:
    try:
        os.unlink(name, dir_fd=folder)
    except FileNotFoundError:
        return


def _put_named(data: bytes, path: Path, overwrite: bool) -> None:
    descriptor, name = tempfile.mkstemp(prefix=".candour-", dir=path.parent)
    reserved = False
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if not overwrite:
            # taking the name first refuses a file that appears meanwhile, on file systems without hard links too
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600))
            reserved = True
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        if reserved:
            path.unlink(missing_ok=True)
        raise
