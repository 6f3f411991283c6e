"""What a log and a witness say to each other, over the web or on a stick. Pure.

Format: c2sp.org/tlog-witness, "add-checkpoint". The log sends a request: the size that the witness cosigned last, the proof that
the new head continues it, and the new head. The witness answers with its signature lines.
"""

from base64 import b64encode
from dataclasses import dataclass

from storage.errors import NotVerified
from storage.log import tree
from storage.log.note import (
    BadNote,
    Checkpoint,
    Note,
    Signature,
    VerifierKey,
    decode_hash,
    open_checkpoint,
    open_note,
    parse_number,
)

_MOST_HASHES = 63


class NotContinued(NotVerified):
    """witness: this head over {size} entries does not continue the {old} that were cosigned last; nothing was cosigned. Keep both
    heads: together they prove that the log was set back or rewritten"""


class OtherSize(NotVerified):
    """witness: {known} entries were cosigned last, and the request says {old}; ask the log for a request from {known}"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """A new head for a witness; `proof` leads from the first `old` entries to it (32 bytes each), and is empty from 0."""

    old: int
    proof: tuple[bytes, ...]
    checkpoint: str

    def __str__(self) -> str:
        hashes = [b64encode(step).decode() for step in self.proof]
        return "\n".join([f"old {self.old}", *hashes, "", self.checkpoint])

    @classmethod
    def parse(cls, text: str) -> "Request":
        """A request from its text.

        Raises:
            BadNote: not in the one form of a request.
        """
        head, gap, checkpoint = text.partition("\n\n")
        first, *hashes = head.split("\n")
        if not gap or not first.startswith("old ") or len(hashes) > _MOST_HASHES:
            raise BadNote(reason="a request says the old size, at most 63 hashes and the new checkpoint")
        old = parse_number(first.removeprefix("old "))
        return cls(old=old, proof=tuple(map(decode_hash, hashes)), checkpoint=checkpoint)

    def verify(self, log: VerifierKey, last: Checkpoint | None) -> Checkpoint:
        """The new head, when it continues the `last` one that was cosigned.

        Raises:
            BadNote, NoteNotSigned, WrongSignature: it is not a head of this log.
            OtherSize: the request begins at another size than the last one.
            NotContinued.
        """
        head = open_checkpoint(self.checkpoint, log)
        known = 0 if last is None else last.size
        if self.old > head.size:
            raise BadNote(reason="the old size is larger than the new one")
        if self.old != known:
            raise OtherSize(known=known, old=self.old)
        if last is None or last.size == 0:
            continued = not self.proof
        else:
            continued = tree.verify_consistency(last.size, head.size, last.root, head.root, self.proof)
        if not continued:
            raise NotContinued(size=head.size, old=known)
        return head


def cosignatures(answer: str, checkpoint: str, witness: VerifierKey) -> tuple[Signature, ...]:
    """The signatures of this witness in what came back for a checkpoint: signature lines, or the checkpoint with them below.

    Raises:
        BadNote, NoteNotSigned, WrongSignature: it is no answer, or not this witness's for this checkpoint.
    """
    given = Note.parse(checkpoint)
    returned = answer if "\n\n" in answer else f"{given.text}\n{answer}"
    note = open_note(returned, [witness])
    if note.text != given.text:
        raise BadNote(reason="the answer is for another checkpoint")
    return note.signatures_of(witness)
