"""The log: what others import. Entries are added within the transaction of what they record; heads are signed after the commit.

with one transaction:     append(session, event=Event.HOLD_PLACED, actor=..., obj=[...], now=...)
with the next:            note = signer.checkpoint(session)
"""

from storage.log.entry import Entry
from storage.log.events import Event
from storage.log.heads import (
    NoCheckpoint,
    StrangeHead,
    Which,
    add_cosignature,
    checkpoint_of,
    checkpoints,
    cosigned_checkpoints,
    last_cosigned,
    latest_checkpoint,
)
from storage.log.signer import LogRolledBack, NoSigner, Signer, SignerExposed
from storage.log.store import LogDamaged, append, consistency, entries, inclusion, prove, stored_size

__all__ = [
    "Entry",
    "Event",
    "LogDamaged",
    "LogRolledBack",
    "NoCheckpoint",
    "NoSigner",
    "Signer",
    "SignerExposed",
    "StrangeHead",
    "Which",
    "add_cosignature",
    "append",
    "checkpoint_of",
    "checkpoints",
    "consistency",
    "cosigned_checkpoints",
    "entries",
    "inclusion",
    "last_cosigned",
    "latest_checkpoint",
    "prove",
    "stored_size",
]
