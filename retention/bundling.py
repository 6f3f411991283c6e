"""The bundle made: everything an outsider needs to verify the log elsewhere."""

import json
from collections.abc import Iterator

from sqlalchemy.orm import Session

from retention.bundle import FORMAT
from storage.errors import NotVerified
from storage.log.log import checkpoints, entries, latest_checkpoint
from storage.log.note import Checkpoint, Note


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
