"""The log as a person reads it: each event in words, and ids as the references they belong to."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from storage.log.events import Event
from storage.models import Conversation, Hold, Order, Review

# As it completes "ruth ...". An event without words of its own is told by its name.
WORDS: Final[Mapping[str, str]] = {
    Event.HOME_CREATED: "made this home",
    Event.PERSON_ADDED: "added a person",
    Event.PERSON_KEY_REPLACED: "gave a person a new signing key",
    Event.PERSON_DISABLED: "disabled a person",
    Event.REVIEW_CREATED: "opened a review",
    Event.REVIEW_CLOSED: "closed a review",
    Event.PARTICIPANT_ADDED: "added a participant",
    Event.PARTICIPANT_CHANGED: "changed a participant",
    Event.PARTICIPANT_REMOVED: "removed a participant",
    Event.REGISTER_READ: "read the register of participants",
    Event.CONVERSATION_PLANNED: "planned a conversation and made its keys",
    Event.CONVERSATION_STEPPED_BACK: "opened a condition again, so that a conversation stepped back",
    Event.CONVERSATION_LANGUAGE_CHOSEN: "chose the language of a conversation",
    Event.CONVENTIONS_CHOSEN: "chose how transcripts are written",
    Event.RECORDING_SEALED: "sealed a recording",
    Event.RECORDING_DUPLICATE: "was refused a recording that is here already",
    Event.RECORDING_GIVEN_UP: "gave up a recording on its way in",
    Event.RECORDING_ORIGINAL_GONE: "said that nothing is left on the recorder",
    Event.WORK_STARTED: "began to transcribe",
    Event.WORK_FAILED: "could not transcribe",
    Event.TRANSCRIPT_DRAFTED: "finished a draft",
    Event.TRANSCRIPT_CORRECTED: "corrected a transcript",
    Event.TRANSCRIPT_HEARD: "heard turns of a recording",
    Event.TRANSCRIPT_REVIEWED: "finished the review of a transcript",
    Event.TRANSCRIPT_PSEUDONYMISED: "finished pseudonymising a transcript",
    Event.INCIDENT_ACKNOWLEDGED: "acknowledged damage",
    Event.DOUBT_RESOLVED: "resolved doubts",
    Event.NAME_ADDED: "added to a name key",
    Event.NAME_DECIDED: "decided a name",
    Event.NAME_CHANGED: "changed a name key",
    Event.GLOSSARY_CHANGED: "changed a glossary",
    Event.CODE_ADDED: "added to a codebook",
    Event.CODE_CHANGED: "changed a codebook",
    Event.EXTRACT_ADDED: "added an extract",
    Event.EXTRACT_CHANGED: "changed an extract",
    Event.EXTRACT_REMOVED: "removed an extract",
    Event.CODING_FINISHED: "finished coding",
    Event.EXPORT_WRITTEN: "wrote an export",
    Event.EXPORT_REFUSED: "was refused an export",
    Event.DISCLOSURE_CONFIRMED: "confirmed a disclosure check",
    Event.DISCLOSURE_OVERRIDDEN: "overrode a disclosure check",
    Event.SIGNOFF_GIVEN: "signed off",
    Event.SIGNOFF_WITHDRAWN: "took back a sign-off",
    Event.HOLD_PLACED: "placed a hold",
    Event.HOLD_LIFT_ASKED: "agreed first to lift a hold",
    Event.HOLD_LIFTED: "agreed second, and lifted a hold",
    Event.WITHDRAWAL_RECEIVED: "took in a withdrawal",
    Event.WITHDRAWAL_REFUSED: "refused a withdrawal",
    Event.ORDER_MADE: "made an order to destroy",
    Event.ORDER_APPROVED: "approved an order to destroy",
    Event.ORDER_CANCELLED: "cancelled an order",
    Event.DESTROY_INTENT: "began a destruction",
    Event.DESTROY_QUARANTINED: "closed what is to be destroyed",
    Event.DESTROY_ERASED: "erased the keys: the point of no return",
    Event.DESTROY_DONE: "finished and checked a destruction",
    Event.DESTROY_FAILED: "could not destroy",
    Event.CERTIFICATE_ISSUED: "issued a certificate of destruction",
    Event.COPY_MADE: "made a recovery copy of the keys",
    Event.COPY_ATTESTED: "attested that a recovery copy is destroyed",
    Event.VAULT_ROTATED: "gave the vault a new root",
    Event.VAULT_SWEPT: "swept keys that were never used",
    Event.BACKUP_MADE: "made a backup",
    Event.BACKUP_RESTORED: "restored a backup",
    Event.MODEL_INSTALLED: "installed a speech model",
    Event.LOG_CHECKPOINT_COSIGNED: "took in a witness's signature under the log",
    Event.LOG_READ: "read the log",
    Event.SESSION_BEGUN: "signed in at the page",
    Event.SESSION_ENDED: "ended a session of the page",
    Event.LOGIN_LINK_MADE: "made a link that signs somebody in once",
    Event.SIGN_IN_THROTTLED: "slowed down guessing of a password",
    Event.ROLE_GRANTED: "gave a role",
    Event.ROLE_REMOVED: "took a role",
    Event.WORK_RETRIED: "had a recording tried again",
    Event.RETENTION_EXTENDED: "kept a recording longer",
    Event.CLOCK_SEEN: "noted the time",
    Event.CLOCK_CONFIRMED: "confirmed the date",
    Event.PERSON_PASSWORD_CHANGED: "changed a password",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """An entry in the table; one that is damaged has no time."""

    seq: int
    at: datetime | None
    actor: str
    event: str
    words: str
    on: tuple[str, ...]


def line(seq: int, body: bytes, references: Mapping[str, str]) -> Line:
    """An entry as a person reads it. What is damaged is said to be, and hides nothing else."""
    try:
        entry: Mapping[str, Any] = json.loads(body)
        return Line(
            seq=seq,
            at=datetime.fromisoformat(entry["t"]),
            actor=str(entry["actor"]),
            event=str(entry["event"]),
            words=WORDS.get(entry["event"], str(entry["event"]).replace(".", ": ").replace("_", " ")),
            on=_named(entry["obj"], references),
        )
    except (ValueError, KeyError, TypeError, RecursionError):
        return Line(seq=seq, at=None, actor="?", event="?", words="an entry that cannot be read", on=())


def _named(ids: Sequence[str], references: Mapping[str, str]) -> tuple[str, ...]:
    """References where there are any, otherwise the beginnings of the ids."""
    known = tuple(dict.fromkeys(references[one] for one in ids if one in references))
    return known or tuple(one if len(one) < 20 else one[:8] for one in ids[:4])


def references(session: Session) -> dict[str, str]:
    """What people call the rows that the log names by id. No name of a person spoken to is among them."""
    found = {str(one.id): one.reference for one in session.scalars(select(Conversation))}
    found |= {str(one.id): one.reference for one in session.scalars(select(Review))}
    found |= {str(one.id): f"order {one.number}" for one in session.scalars(select(Order))}
    return found | {str(one.id): f"hold {one.number}" for one in session.scalars(select(Hold))}
