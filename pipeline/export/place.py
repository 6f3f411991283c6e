"""Putting an export where the user wants it: whole or not at all, and readable by its owner only."""

import os
import tempfile
from pathlib import Path

from storage.errors import Refused, Unavailable


class PlaceTaken(Refused):
    """export: there is a file at that place already; name another, or add --overwrite"""


class CannotPlace(Unavailable):
    """export: the file cannot be written at that place ({reason}); name a folder that exists and can be written to"""


def place(data: bytes, path: Path, overwrite: bool = False) -> None:
    """Write a file in one step, with mode 0600; on any failure nothing is left behind. Raises PlaceTaken, CannotPlace."""
    reserved = False
    try:
        if not overwrite:
            # taking the name first refuses a file that appears meanwhile, on file systems without hard links too
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
            reserved = True
        _replace(data, path)
    except FileExistsError:
        raise PlaceTaken from None
    except BaseException as error:
        if reserved:
            path.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise CannotPlace(reason=os.strerror(error.errno or 0)) from None
        raise


def _replace(data: bytes, path: Path) -> None:
    descriptor, name = tempfile.mkstemp(prefix=".candour-", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
