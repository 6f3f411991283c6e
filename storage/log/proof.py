"""Proof that an entry is in the log, for someone who has only the entry and the log's public key.

Format: c2sp.org/tlog-proof@v1; files end in `.tlog-proof`.
"""

from base64 import b64encode
from dataclasses import dataclass

from storage.errors import NotVerified
from storage.log import tree
from storage.log.note import (
    BadNote,
    Checkpoint,
    VerifierKey,
    decode_base64,
    decode_hash,
    open_checkpoint,
    parse_number,
)

_HEADER = "c2sp.org/tlog-proof@v1"
_MOST_HASHES = 63


class NotInLog(NotVerified):
    """log: the proof does not show this entry at place {index}; the entry, the proof or the checkpoint was changed"""


@dataclass(frozen=True, kw_only=True, slots=True)
class LogProof:
    """The entry's place from 0, its audit path (32 bytes each, from the leaf up) and a signed checkpoint.

    `extra` travels along unauthenticated; nothing relies on it.
    """

    index: int
    hashes: tuple[bytes, ...]
    checkpoint: str
    extra: bytes | None = None

    def __str__(self) -> str:
        extra = [] if self.extra is None else [f"extra {b64encode(self.extra).decode()}"]
        path = [b64encode(step).decode() for step in self.hashes]
        return "\n".join([_HEADER, *extra, f"index {self.index}", *path, "", self.checkpoint])

    @classmethod
    def parse(cls, text: str) -> "LogProof":
        """A proof from its text.

        Raises:
            BadNote: not in the one form of a proof.
        """
        head, gap, checkpoint = text.partition("\n\n")
        lines = head.split("\n")
        if not gap or lines.pop(0) != _HEADER:
            raise BadNote(reason="a proof begins with its header and ends with a checkpoint")
        extra = decode_base64(lines.pop(0).removeprefix("extra ")) if lines and lines[0].startswith("extra ") else None
        if not lines or not lines[0].startswith("index ") or len(lines) > _MOST_HASHES + 1:
            raise BadNote(reason="a proof states the index and at most 63 hashes")
        index = parse_number(lines.pop(0).removeprefix("index "))
        return cls(index=index, hashes=tuple(map(decode_hash, lines)), checkpoint=checkpoint, extra=extra)

    def verify(self, body: bytes, key: VerifierKey) -> Checkpoint:
        """The checkpoint under which the entry with these bytes stands.

        Raises:
            NotInLog: the path does not lead from the entry to the root.
            BadNote, NoteNotSigned, WrongSignature: the checkpoint is not this log's.
        """
        head = open_checkpoint(self.checkpoint, key)
        if not tree.verify_inclusion(self.index, head.size, tree.leaf_hash(body), self.hashes, head.root):
            raise NotInLog(index=self.index)
        return head
