"""Files from elsewhere, opened as if an enemy had made them: in memory, within limits, with nothing followed or fetched.

Nothing is ever unpacked to a disk. A name in an archive only ever serves to find its entry.
"""

import re
import stat
import zipfile
import zlib
from typing import BinaryIO, Final

from storage.errors import BadInput

# A conversation of 90 minutes is 100 kB of text and 2,000 extracts are 2 MB of XML.
LARGEST_PART: Final = 32 * 2**20
LARGEST_WHOLE: Final = 128 * 2**20
_MOST_ENTRIES: Final = 10_000
_METHODS: Final = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_ENCRYPTED: Final = 0x1
_OUTWARD = re.compile(r"(?:^|/)\.\.(?:/|$)|^/|^[A-Za-z]:|\0")


class NotReadable(BadInput):
    """import: this file {problem}; write it again in the other program"""


class Suspect(BadInput):
    """import: the file was refused unread because it {problem}; no program that exchanges codings writes that"""


class Archive:
    """A ZIP archive from elsewhere. Raises NotReadable, Suspect."""

    def __init__(self, file: BinaryIO) -> None:
        try:
            self._zip = zipfile.ZipFile(file)
        except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError):
            raise NotReadable(problem="is no exchange archive") from None
        self._left = LARGEST_WHOLE
        self._entries: dict[str, zipfile.ZipInfo] = {}
        if len(self._zip.infolist()) > _MOST_ENTRIES:
            raise Suspect(problem="has too many parts")
        for entry in self._zip.infolist():
            self._admit(entry)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all entries, parted by /."""
        return tuple(self._entries)

    def read(self, name: str) -> bytes:
        """The content of an entry, whatever the case of its name. Raises NotReadable, Suspect, KeyError."""
        entry = self._entries[_key(name)]
        limit = min(LARGEST_PART, self._left)
        try:
            with self._zip.open(entry) as part:
                # what the entry says of its own size is no promise
                data = part.read(limit + 1)
        except (zipfile.BadZipFile, EOFError, ValueError, NotImplementedError, RuntimeError, OSError, zlib.error):
            raise NotReadable(problem="is damaged") from None
        if len(data) > limit:
            raise Suspect(problem="is too large when unpacked")
        self._left -= len(data)
        return data

    def _admit(self, entry: zipfile.ZipInfo) -> None:
        key = _key(entry.filename)
        if _OUTWARD.search(key):
            raise Suspect(problem="names a place outside itself")
        if stat.S_ISLNK(entry.external_attr >> 16):
            raise Suspect(problem="holds a link")
        if entry.flag_bits & _ENCRYPTED:
            raise NotReadable(problem="is encrypted")
        if entry.compress_type not in _METHODS:
            raise NotReadable(problem="is packed in an unusual way")
        if key in self._entries:
            raise Suspect(problem="has two parts with one name")
        self._entries[key] = entry


def _key(name: str) -> str:
    return name.replace("\\", "/").lower()
