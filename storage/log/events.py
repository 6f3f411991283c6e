"""Everything the log can say, and what an entry must hold where an auditor draws conclusions from it.

`actor` is a person's sign-in name, or the part of Candour that acted ("schedule", "worker"). Ids are those of the rows.
Digests are SHA-256 in 64 hexadecimal digits, keys 32-byte Ed25519 public keys in 64 hexadecimal digits, signatures base64
of 64 bytes. `...` stands for more of the same.

event                 obj                                        ref, sig, detail
--------------------  -----------------------------------------  ----------------------------------------------------------
person.added          person                                     detail key: the person's public key
person.key_replaced   person                                     detail key: the new public key; the old one ends here
person.disabled       person                                     what they signed before stays signed
session.begun         session                                    detail by: password or link
session.ended         session, ...                               detail reason: a code
log.read              session                                    once for each session and day in which it opens the log
review.created        review, review key, names key
conversation.planned  conversation, recording key, extract key   detail review: the review it belongs to
conversation.stepped_back  conversation                          detail from, to: states; an act opened a condition again
signoff.given         conversation                               detail: what is signed (digests); ref: its subject_digest;
                                                                 sig: the actor's, over signoff_statement(ref)
signoff.withdrawn     conversation                               takes back every signature for this conversation; detail
                                                                 order: the one that they stood for; ref: its subject_digest;
                                                                 sig: the actor's, over signoff_withdrawn_statement(ref)
hold.placed           hold, conversation or review, ...          ref: its subject_digest; sig: the actor's, over
                                                                 hold_statement(ref)
hold.lift_asked       hold                                       ref: subject_digest of the hold alone and no detail;
                                                                 sig: the actor's, over hold_lift_statement(ref)
hold.lifted           hold                                       the same ref; sig: of a second person, over the same
withdrawal.received   conversation
withdrawal.refused    conversation                               detail ground: the code of the lawful ground, order: the one
                                                                 that goes; ref: its subject_digest; sig: the actor's, over
                                                                 refusal_statement(ref). With the ground "hold" nobody refuses:
                                                                 it is delayed, and not signed
order.made            order, conversation or key, ...            detail reason: signed-off, withdrawal or another code,
                                                                 and what else the approvers sign; ref: its subject_digest
order.approved        order                                      ref: of the order; sig: the actor's, over order_statement
order.cancelled       order                                      nothing may follow for this order
destroy.intent        order, the objects of the order            ref: of the order
destroy.quarantined   order, the objects of the order
destroy.erased        order, the objects of the order            ref: of the order; written with the act itself, the point
                                                                 of no return: a hold placed later comes too late
destroy.done          order, the objects of the order            ref: of the order; detail certificate: Certificate.digest
destroy.failed        order                                      detail reason: a code; ends the intent
certificate.issued    certificate, order                         ref: Certificate.digest
retention.extended    conversation, extension                    detail until: the day before which the recording stays;
                                                                 ref: its subject_digest; sig: the actor's, over
                                                                 extension_statement(ref)
clock.seen                                                       detail time: it is not earlier; boot, up: the machine's
                                                                 counter then, in milliseconds
clock.confirmed                                                  a person says that the clock is right; detail: the same,
                                                                 and how many later dates were moved back to it
copy.made             copy                                       detail number, epoch of the vault, keys, recipients: counts;
                                                                 ref: SHA-256 of its first line, as its custodians open it
copy.attested         copy                                       detail number; ref: its subject_digest; sig: the actor's,
                                                                 over copy_statement(ref): the holder destroyed the copy
log.checkpoint_cosigned                                          detail size of the head, witness: the name of its key
vault.rotated                                                    detail epoch: that of the new root
vault.swept           key, ...                                   written before they go with the next root: keys that never had a
                                                                 review or conversation, because whoever made them was killed
backup.made                                                      detail: counts
backup.restored       conversation, ... whose keys are gone      detail copy: number of the recovery copy, and counts

subject_digest and the statements are in `storage.log.statements`. An order names conversations or keys of the vault; a hold on
a review covers its conversations and their keys, a hold on a conversation covers its keys.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from storage.log.entry import Entry


class Event(StrEnum):
    HOME_CREATED = "home.created"
    PERSON_ADDED = "person.added"
    PERSON_KEY_REPLACED = "person.key_replaced"
    PERSON_DISABLED = "person.disabled"
    PERSON_PASSWORD_CHANGED = "person.password_changed"  # noqa: S105  # the name of an event
    ROLE_GRANTED = "role.granted"
    ROLE_REMOVED = "role.removed"
    LOGIN_LINK_MADE = "login_link.made"
    SIGN_IN_THROTTLED = "sign_in.throttled"
    SESSION_BEGUN = "session.begun"
    SESSION_ENDED = "session.ended"
    REVIEW_CREATED = "review.created"
    REVIEW_CLOSED = "review.closed"
    PARTICIPANT_ADDED = "participant.added"
    PARTICIPANT_CHANGED = "participant.changed"
    PARTICIPANT_REMOVED = "participant.removed"
    REGISTER_READ = "register.read"
    CONVERSATION_PLANNED = "conversation.planned"
    CONVERSATION_STEPPED_BACK = "conversation.stepped_back"
    CONVERSATION_LANGUAGE_CHOSEN = "conversation.language_chosen"
    CONVENTIONS_CHOSEN = "conventions.chosen"
    RECORDING_SEALED = "recording.sealed"
    RECORDING_DUPLICATE = "recording.duplicate"
    RECORDING_GIVEN_UP = "recording.given_up"
    RECORDING_ORIGINAL_GONE = "recording.original_gone"
    WORK_STARTED = "work.started"
    WORK_FAILED = "work.failed"
    WORK_RETRIED = "work.retried"
    TRANSCRIPT_DRAFTED = "transcript.drafted"
    TRANSCRIPT_CORRECTED = "transcript.corrected"
    TRANSCRIPT_HEARD = "transcript.heard"
    TRANSCRIPT_REVIEWED = "transcript.reviewed"
    TRANSCRIPT_PSEUDONYMISED = "transcript.pseudonymised"
    INCIDENT_ACKNOWLEDGED = "incident.acknowledged"
    DOUBT_RESOLVED = "doubt.resolved"
    NAME_ADDED = "name.added"
    NAME_DECIDED = "name.decided"
    NAME_CHANGED = "name.changed"
    GLOSSARY_CHANGED = "glossary.changed"
    CODE_ADDED = "code.added"
    CODE_CHANGED = "code.changed"
    EXTRACT_ADDED = "extract.added"
    EXTRACT_CHANGED = "extract.changed"
    EXTRACT_REMOVED = "extract.removed"
    CODING_FINISHED = "coding.finished"
    EXPORT_WRITTEN = "export.written"
    EXPORT_REFUSED = "export.refused"
    DISCLOSURE_CONFIRMED = "disclosure.confirmed"
    DISCLOSURE_OVERRIDDEN = "disclosure.overridden"
    SIGNOFF_GIVEN = "signoff.given"
    SIGNOFF_WITHDRAWN = "signoff.withdrawn"
    HOLD_PLACED = "hold.placed"
    HOLD_LIFT_ASKED = "hold.lift_asked"
    HOLD_LIFTED = "hold.lifted"
    WITHDRAWAL_RECEIVED = "withdrawal.received"
    WITHDRAWAL_REFUSED = "withdrawal.refused"
    ORDER_MADE = "order.made"
    ORDER_APPROVED = "order.approved"
    ORDER_CANCELLED = "order.cancelled"
    DESTROY_INTENT = "destroy.intent"
    DESTROY_QUARANTINED = "destroy.quarantined"
    DESTROY_ERASED = "destroy.erased"
    DESTROY_DONE = "destroy.done"
    DESTROY_FAILED = "destroy.failed"
    CERTIFICATE_ISSUED = "certificate.issued"
    COPY_MADE = "copy.made"
    COPY_ATTESTED = "copy.attested"
    VAULT_ROTATED = "vault.rotated"
    VAULT_SWEPT = "vault.swept"
    BACKUP_MADE = "backup.made"
    BACKUP_RESTORED = "backup.restored"
    MODEL_INSTALLED = "model.installed"
    CLOCK_SEEN = "clock.seen"
    CLOCK_CONFIRMED = "clock.confirmed"
    RETENTION_EXTENDED = "retention.extended"
    LOG_READ = "log.read"
    LOG_CHECKPOINT_COSIGNED = "log.checkpoint_cosigned"


@dataclass(frozen=True, kw_only=True, slots=True)
class Shape:
    """What an entry must at least hold: so many objects, a digest, a signature, these details."""

    obj: int
    ref: bool = False
    sig: bool = False
    detail: tuple[str, ...] = ()


SHAPES: Mapping[str, Shape] = {
    Event.PERSON_ADDED: Shape(obj=1, detail=("key",)),
    Event.PERSON_KEY_REPLACED: Shape(obj=1, detail=("key",)),
    Event.PERSON_DISABLED: Shape(obj=1),
    Event.REVIEW_CREATED: Shape(obj=1),
    Event.CONVERSATION_PLANNED: Shape(obj=3),
    Event.SIGNOFF_GIVEN: Shape(obj=1, ref=True, sig=True),
    Event.SIGNOFF_WITHDRAWN: Shape(obj=1, ref=True, sig=True, detail=("order",)),
    Event.HOLD_PLACED: Shape(obj=2, ref=True, sig=True),
    Event.HOLD_LIFT_ASKED: Shape(obj=1, ref=True, sig=True),
    Event.HOLD_LIFTED: Shape(obj=1, ref=True, sig=True),
    Event.WITHDRAWAL_RECEIVED: Shape(obj=1),
    Event.WITHDRAWAL_REFUSED: Shape(obj=1, detail=("ground",)),
    Event.ORDER_MADE: Shape(obj=2, ref=True, detail=("reason",)),
    Event.ORDER_APPROVED: Shape(obj=1, ref=True, sig=True),
    Event.ORDER_CANCELLED: Shape(obj=1),
    Event.DESTROY_INTENT: Shape(obj=2, ref=True),
    Event.DESTROY_QUARANTINED: Shape(obj=2),
    Event.DESTROY_ERASED: Shape(obj=2, ref=True),
    Event.DESTROY_DONE: Shape(obj=2, ref=True, detail=("certificate",)),
    Event.DESTROY_FAILED: Shape(obj=1, detail=("reason",)),
    Event.CERTIFICATE_ISSUED: Shape(obj=2, ref=True),
    Event.RETENTION_EXTENDED: Shape(obj=2, ref=True, sig=True, detail=("until",)),
    Event.COPY_MADE: Shape(obj=1, ref=True, detail=("number", "epoch")),
    Event.COPY_ATTESTED: Shape(obj=1, ref=True, sig=True, detail=("number",)),
}


def missing(entry: Entry) -> tuple[str, ...]:
    """The fields an entry lacks for its event, by name; empty for a well-formed entry."""
    shape = SHAPES.get(entry.event)
    if shape is None:
        return ()
    lacks = ["obj"] if len(entry.obj) < shape.obj else []
    lacks += ["ref"] if shape.ref and entry.ref is None else []
    lacks += ["sig"] if shape.sig and entry.sig is None else []
    return (*lacks, *(f"detail {key}" for key in shape.detail if key not in entry.detail))
