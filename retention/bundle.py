"""The log as a file that anyone can verify: lines of JSON, read and written as a stream.

{"bundle":"candour-log/v1","checkpoint":…,"key":…}   first: the newest signed head, and the log's public key
{"actor":…}                                          each entry, as the very bytes that were hashed, in order
{"checkpoint":…}                                     each signed head with its cosignatures, below the entries it covers
"""

import json
from collections.abc import Iterator
from typing import BinaryIO

from sqlalchemy.orm import Session

from retention.reading import PORTION, Portion
from storage.errors import NotVerified
from storage.log.entry import LONGEST_STRING, MOST_OBJECTS
from storage.log.log import checkpoints, entries, latest_checkpoint
from storage.log.note import Checkpoint, Note

FORMAT = "candour-log/v1"
_HEAD = b'{"checkpoint":'
# No entry is longer, and no line is read further than this: in UTF-8 a character takes up to four bytes
_LONGEST = 4 * (MOST_OBJECTS + 64) * (LONGEST_STRING + 3)


class BadBundle(NotVerified):
    """audit: this is not the log of a bundle, or it was cut off; take it again from where you have it"""


class NothingSigned(NotVerified):
    """audit: the log holds no signed head yet; any further step signs one"""


def lines(session: Session, key: str) -> Iterator[bytes]:
    """The log under its newest signed head, line by line; `key` is its verifier key.

    Raises:
        NothingSigned.
    """
    newest = latest_checkpoint(session)
    if newest is None:
        raise NothingSigned
    yield _line({"bundle": FORMAT, "checkpoint": newest, "key": key})
    heads = checkpoints(session)
    head = next(heads, None)
    for seq, body in entries(session, 0, Checkpoint.parse(Note.parse(newest).text).size):
        while head is not None and head[0] <= seq:
            yield _line({"checkpoint": head[1]})
            head = next(heads, None)
        yield body + b"\n"
    if head is not None:
        yield _line({"checkpoint": head[1]})


def _line(value: dict[str, str]) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


class Bundle:
    """A log that is read from a file. Nothing in it is trusted, its `key` least of all."""

    def __init__(self, source: BinaryIO) -> None:
        """Reads the first line.

        Raises:
            BadBundle.
        """
        self._source = source
        first = _object(source.readline(_LONGEST))
        if first.get("bundle") != FORMAT:
            raise BadBundle
        self.checkpoint = _text(first, "checkpoint")
        self.key = _text(first, "key")

    def portions(self) -> Iterator[Portion]:
        """Entries and heads in their order; once.

        Raises:
            BadBundle: the file ends within a line, or holds a line of another form.
        """
        start, bodies, heads = 0, list[bytes](), list[tuple[int, str]]()
        while line := self._source.readline(_LONGEST):
            if not line.endswith(b"\n"):
                raise BadBundle
            if line.startswith(_HEAD):
                heads.append((start + len(bodies), _text(_object(line), "checkpoint")))
                continue
            if len(bodies) == PORTION:
                yield Portion(places=range(start, start + PORTION), bodies=bodies, heads=heads)
                start, bodies, heads = start + PORTION, [], []
            bodies.append(line[:-1])
        yield Portion(places=range(start, start + len(bodies)), bodies=bodies, heads=heads)


def _object(line: bytes) -> dict[str, object]:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        raise BadBundle from None
    if not isinstance(value, dict):
        raise BadBundle
    return value


def _text(value: dict[str, object], name: str) -> str:
    text = value.get(name)
    if not isinstance(text, str):
        raise BadBundle
    return text
