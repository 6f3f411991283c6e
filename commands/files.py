"""Files that a person names, read into memory."""

from pathlib import Path

from storage.errors import BadInput


class NoSuchFile(BadInput):
    """{step}: there is no file of that name that can be read; check the path"""


def contents(file: Path, step: str, most: int = -1) -> bytes:
    """All of a file, or its first `most` bytes, for a step of the work. Raises NoSuchFile."""
    try:
        with file.open("rb") as source:
            return source.read(most)
    except OSError:
        raise NoSuchFile(step=step) from None
