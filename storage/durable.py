"""Files that are whole or absent after a power cut, and the operating system's refusals in plain words."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from storage.errors import Unavailable


class DiskFull(Unavailable):
    """storage: the disk or its quota is full; free some space and repeat the step, nothing was half-written"""


class NotWritable(Unavailable):
    """storage: the home cannot be written; check its owner, permissions and that it is not mounted read-only"""


class NoPlace(Unavailable):
    """storage: there is no folder at a place that is needed, or something else lies there; check the path that was given and,
    if it is the home, that nothing was taken out of it
    """


class DiskFailed(Unavailable):
    """storage: the disk reported an error ({code}); check the medium, then repeat the step"""


_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_REFUSED = {errno.EROFS, errno.EACCES, errno.EPERM}
_NO_PLACE = {errno.ENOENT, errno.ENOTDIR, errno.EEXIST, errno.EISDIR, errno.ENAMETOOLONG}


@contextmanager
def plain_refusals() -> Iterator[None]:
    """Turns an OSError into one of the errors above. The original, which names a file, is left out."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise DiskFull from None
        if error.errno in _REFUSED:
            raise NotWritable from None
        if error.errno in _NO_PLACE:
            raise NoPlace from None
        raise DiskFailed(code=errno.errorcode.get(error.errno or 0, "unknown")) from None


def replace(path: Path, data: bytes) -> None:
    """Put `data` at `path`, readable by the owner alone: after a crash the old content or the new, never a mixture."""
    draft = path.with_name(path.name + ".new")
    try:
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(handle)
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make names in `folder` durable: new, renamed and removed ones."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
