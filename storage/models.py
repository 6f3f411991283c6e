"""The tables. Columns named `sealed` hold ciphertext whose key lies in the vault; there is no other place for words.

Ids are random. A conversation's `recording_key` and `extract_key`, a review's `names_key` and `review_key` are ids of keys in
the vault, never keys.
"""

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import JSON, BigInteger, Enum, ForeignKey, Integer, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from storage.base import Base, UtcDateTime


class State(StrEnum):
    """Where a conversation stands on its way."""

    PLANNED = "planned"
    RECORDED = "recorded"
    TRANSCRIBED = "transcribed"
    REVIEWED = "reviewed"
    PSEUDONYMISED = "pseudonymised"
    CODED = "coded"
    SIGNED_OFF = "signed off"
    DESTROYED = "destroyed"
    WITHDRAWN = "withdrawn"


class OrderState(StrEnum):
    """How far an order has come."""

    MADE = "made"
    APPROVED = "approved"
    INTENDED = "intended"
    ERASED = "erased"
    DONE = "done"
    VOID = "void"


def _enum(kind: type[StrEnum]) -> Enum:
    return Enum(kind, native_enum=False, values_callable=lambda k: [m.value for m in k], length=20)


class _Row:
    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)


class Person(_Row, Base):
    """Someone of the team. `name` is what they sign in with."""

    __tablename__ = "person"
    name: Mapped[str] = mapped_column(String(40), unique=True)
    roles: Mapped[list[str]] = mapped_column(JSON)
    password: Mapped[str] = mapped_column(String(200))
    signing_key: Mapped[bytes] = mapped_column(LargeBinary)
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    added_at: Mapped[datetime] = mapped_column(UtcDateTime)
    disabled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # The keys and settings they have chosen for the page of a transcript.
    keys: Mapped[dict[str, Any] | None] = mapped_column(JSON)


class PersonSession(_Row, Base):
    """Someone signed in at the page. `digest` is SHA-256 of the token that the browser holds."""

    __tablename__ = "session"
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    address: Mapped[str] = mapped_column(String(64))
    by_link: Mapped[bool]
    begun_at: Mapped[datetime] = mapped_column(UtcDateTime)
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class LoginLink(_Row, Base):
    """A link that signs somebody in once. `digest` is SHA-256 of the token in it."""

    __tablename__ = "login_link"
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class SignInAttempt(_Row, Base):
    """Somebody gave a password for this name from this address; kept for an hour, to slow down guessing."""

    __tablename__ = "sign_in_attempt"
    name: Mapped[str] = mapped_column(String(40), index=True)
    address: Mapped[str] = mapped_column(String(64), index=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    passed: Mapped[bool]


class Review(_Row, Base):
    __tablename__ = "review"
    reference: Mapped[str] = mapped_column(String(40), unique=True)
    schedule: Mapped[str] = mapped_column(Text)
    names_key: Mapped[UUID]
    review_key: Mapped[UUID]
    codebook: Mapped[bytes] = mapped_column(LargeBinary)
    name_key: Mapped[bytes | None] = mapped_column(LargeBinary)
    glossary: Mapped[bytes | None] = mapped_column(LargeBinary)
    conventions: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Participant(_Row, Base):
    """Known by position. `sealed` is the register entry (real name, contact) under the names key."""

    __tablename__ = "participant"
    __table_args__ = (UniqueConstraint("review_id", "position"),)
    review_id: Mapped[UUID] = mapped_column(ForeignKey("review.id"))
    position: Mapped[str] = mapped_column(String(80))
    agency: Mapped[str] = mapped_column(String(80))
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    review: Mapped[Review] = relationship()


class Conversation(_Row, Base):
    __tablename__ = "conversation"
    reference: Mapped[str] = mapped_column(String(20), unique=True)
    review_id: Mapped[UUID] = mapped_column(ForeignKey("review.id"))
    participant_id: Mapped[UUID] = mapped_column(ForeignKey("participant.id"))
    interviewer: Mapped[str] = mapped_column(String(80))
    on: Mapped[date | None]
    # An ISO 639-1 code; empty when it is to be found out from the first minutes of the recording.
    language: Mapped[str] = mapped_column(String(3), default="en")
    state: Mapped[State] = mapped_column(_enum(State))
    recording_key: Mapped[UUID]
    extract_key: Mapped[UUID]
    recipient: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    state_at: Mapped[datetime] = mapped_column(UtcDateTime)
    keep_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # How the transcript is written, where not as the review says; the format of a draft that was made elsewhere.
    conventions: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    imported: Mapped[str | None] = mapped_column(String(10))
    # How the draft differed from what was signed: counts only.
    accuracy: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    # The draft; the pseudonymised transcript under the extract key, and its digest.
    draft: Mapped[bytes | None] = mapped_column(LargeBinary)
    document: Mapped[bytes | None] = mapped_column(LargeBinary)
    document_digest: Mapped[str | None] = mapped_column(String(64))
    # What was said in the turns that the document was made of, under the recording key.
    said: Mapped[bytes | None] = mapped_column(LargeBinary)
    # Work: the newest run alone may write.
    run_token: Mapped[UUID | None]
    runs: Mapped[int] = mapped_column(default=0)
    trouble: Mapped[str | None] = mapped_column(String(200))
    quarantined: Mapped[bool] = mapped_column(default=False)
    review: Mapped[Review] = relationship()
    participant: Mapped[Participant] = relationship()
    recording: Mapped["Recording | None"] = relationship(back_populates="conversation")


class Recording(_Row, Base):
    """A sealed recording: `blob` names the file, `digest` is SHA-256 of its ciphertext, `keyed_digest` of its plaintext."""

    __tablename__ = "recording"
    conversation_id: Mapped[UUID] = mapped_column(ForeignKey("conversation.id"), unique=True)
    blob: Mapped[str] = mapped_column(String(80))
    digest: Mapped[str] = mapped_column(String(64))
    keyed_digest: Mapped[str] = mapped_column(String(64))
    size: Mapped[int] = mapped_column(BigInteger)
    duration: Mapped[float]
    channels: Mapped[int]
    sealed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    playback: Mapped[str | None] = mapped_column(String(80))
    waveform: Mapped[bytes | None] = mapped_column(LargeBinary)
    # Moments that somebody marked while it was recorded.
    marks: Mapped[bytes | None] = mapped_column(LargeBinary)
    # When nothing of it was left on the recorder, as somebody said; from the beginning where there was no recorder.
    original_gone: Mapped[datetime | None] = mapped_column(UtcDateTime)
    conversation: Mapped[Conversation] = relationship(back_populates="recording")


class Arrival(_Row, Base):
    """A recording on its way in. `blob` names the file that is not finished; `sealed` tells by what it is known again, and what
    was marked in it. `size` in bytes is None while it is recorded here; `sealed_before` is None until its beginning has come.
    """

    __tablename__ = "arrival"
    conversation_id: Mapped[UUID] = mapped_column(ForeignKey("conversation.id"), unique=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    blob: Mapped[str] = mapped_column(String(80))
    size: Mapped[int | None] = mapped_column(BigInteger)
    sealed_before: Mapped[bool | None]
    begun_at: Mapped[datetime] = mapped_column(UtcDateTime)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)


class Window(_Row, Base):
    """One committed stretch of transcription; seconds of each kind add up to its length."""

    __tablename__ = "window"
    __table_args__ = (UniqueConstraint("conversation_id", "number"),)
    conversation_id: Mapped[UUID] = mapped_column(ForeignKey("conversation.id"))
    number: Mapped[int]
    start: Mapped[float]
    end: Mapped[float]
    transcribed: Mapped[float]
    silence: Mapped[float]
    damaged: Mapped[float]
    skipped: Mapped[float]
    sealed: Mapped[bytes] = mapped_column(LargeBinary)


class Progress(_Row, Base):
    """How far transcription is: `done` seconds at `at`, of them `since` when it began at `begun`."""

    __tablename__ = "progress"
    conversation_id: Mapped[UUID] = mapped_column(ForeignKey("conversation.id"), unique=True)
    begun: Mapped[datetime] = mapped_column(UtcDateTime)
    since: Mapped[float]
    done: Mapped[float]
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class Incident(_Row, Base):
    """Damage found in a recording; a person must acknowledge it before sign-off."""

    __tablename__ = "incident"
    conversation_id: Mapped[UUID] = mapped_column(ForeignKey("conversation.id"))
    start: Mapped[float]
    end: Mapped[float]
    acknowledged_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))


class Correction(_Row, Base):
    __tablename__ = "correction"
    __table_args__ = (UniqueConstraint("conversation_id", "number"),)
    conversation_id: Mapped[UUID] = mapped_column(ForeignKey("conversation.id"))
    number: Mapped[int]
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)


class Hearing(_Row, Base):
    """What one person has listened to, and when last; the stretches are sealed."""

    __tablename__ = "hearing"
    __table_args__ = (UniqueConstraint("conversation_id", "person_id"),)
    conversation_id: Mapped[UUID] = mapped_column(ForeignKey("conversation.id"))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)


class Doubt(_Row, Base):
    __tablename__ = "doubt"
    __table_args__ = (UniqueConstraint("conversation_id", "number"),)
    conversation_id: Mapped[UUID] = mapped_column(ForeignKey("conversation.id"))
    number: Mapped[int]
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    resolved_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    resolved_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class NameDecision(_Row, Base):
    """A candidate that is not a name; `digest` is the candidate's digest under the names key."""

    __tablename__ = "name_decision"
    __table_args__ = (UniqueConstraint("review_id", "digest"),)
    review_id: Mapped[UUID] = mapped_column(ForeignKey("review.id"))
    digest: Mapped[str] = mapped_column(String(64))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class Extract(_Row, Base):
    __tablename__ = "extract"
    __table_args__ = (UniqueConstraint("conversation_id", "number"),)
    conversation_id: Mapped[UUID] = mapped_column(ForeignKey("conversation.id"))
    number: Mapped[int]
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    removed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Export(_Row, Base):
    """An export that was written and read back equal; `digest` is that of the extracts in it."""

    __tablename__ = "export"
    review_id: Mapped[UUID] = mapped_column(ForeignKey("review.id"))
    conversation_id: Mapped[UUID | None] = mapped_column(ForeignKey("conversation.id"))
    format: Mapped[str] = mapped_column(String(20))
    audience: Mapped[str] = mapped_column(String(20))
    digest: Mapped[str] = mapped_column(String(64))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    # The participant it was made for.
    recipient_id: Mapped[UUID | None] = mapped_column(ForeignKey("participant.id"))


class Change(_Row, Base):
    """One act on extracts, names or codes that a person can undo: what was before and after, sealed under the key of both."""

    __tablename__ = "change"
    __table_args__ = (UniqueConstraint("review_id", "number"),)
    review_id: Mapped[UUID] = mapped_column(ForeignKey("review.id"))
    conversation_id: Mapped[UUID | None] = mapped_column(ForeignKey("conversation.id"))
    number: Mapped[int]
    field: Mapped[str] = mapped_column(String(20))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    undone_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Override(_Row, Base):
    """Somebody answers for letting a conversation leave as it stands, with a sealed reason; `digest` is that of its extracts."""

    __tablename__ = "override"
    conversation_id: Mapped[UUID] = mapped_column(ForeignKey("conversation.id"))
    audience: Mapped[str] = mapped_column(String(20))
    digest: Mapped[str] = mapped_column(String(64))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)


class SignOff(_Row, Base):
    """One of two signatures over the state of a conversation's analysis."""

    __tablename__ = "sign_off"
    __table_args__ = (UniqueConstraint("conversation_id", "person_id"),)
    conversation_id: Mapped[UUID] = mapped_column(ForeignKey("conversation.id"))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    digest: Mapped[str] = mapped_column(String(64))
    signature: Mapped[bytes] = mapped_column(LargeBinary)
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class Hold(_Row, Base):
    """An order not to destroy, on one conversation or on a whole review."""

    __tablename__ = "hold"
    number: Mapped[int] = mapped_column(unique=True)
    review_id: Mapped[UUID] = mapped_column(ForeignKey("review.id"))
    conversation_id: Mapped[UUID | None] = mapped_column(ForeignKey("conversation.id"))
    placed_by: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    placed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    lifted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class HoldLift(_Row, Base):
    """One of two signatures that lift a hold."""

    __tablename__ = "hold_lift"
    __table_args__ = (UniqueConstraint("hold_id", "person_id"),)
    hold_id: Mapped[UUID] = mapped_column(ForeignKey("hold.id"))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    signature: Mapped[bytes] = mapped_column(LargeBinary)


class Extension(_Row, Base):
    """Somebody keeps a recording until a later day, with a sealed reason."""

    __tablename__ = "extension"
    conversation_id: Mapped[UUID] = mapped_column(ForeignKey("conversation.id"))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    until: Mapped[datetime] = mapped_column(UtcDateTime)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)


class Order(_Row, Base):
    """The decision to destroy named objects of one conversation, or of a whole review. `objects` are ids of keys in the vault.

    `refusal` is the sealed reason why a withdrawal was not followed.
    """

    __tablename__ = "destruction_order"
    number: Mapped[int] = mapped_column(unique=True)
    review_id: Mapped[UUID] = mapped_column(ForeignKey("review.id"))
    conversation_id: Mapped[UUID | None] = mapped_column(ForeignKey("conversation.id"))
    reason: Mapped[str] = mapped_column(String(20))
    objects: Mapped[list[str]] = mapped_column(JSON)
    digest: Mapped[str] = mapped_column(String(64))
    made_by: Mapped[str] = mapped_column(String(40))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    state: Mapped[OrderState] = mapped_column(_enum(OrderState))
    facts: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    refusal: Mapped[bytes | None] = mapped_column(LargeBinary)
    certificate: Mapped[str | None] = mapped_column(Text)
    review: Mapped[Review] = relationship()
    conversation: Mapped[Conversation | None] = relationship()


class Approval(_Row, Base):
    """One of two signatures on an order, with the key that made it: its person may have another one since."""

    __tablename__ = "approval"
    __table_args__ = (UniqueConstraint("order_id", "person_id"),)
    order_id: Mapped[UUID] = mapped_column(ForeignKey("destruction_order.id"))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    signature: Mapped[bytes] = mapped_column(LargeBinary)
    public_key: Mapped[bytes] = mapped_column(LargeBinary)


class Copy(_Row, Base):
    """A copy of keys that left the home: a recovery copy, obsolete after the next destruction."""

    __tablename__ = "copy"
    number: Mapped[int] = mapped_column(unique=True)
    epoch: Mapped[int]
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    made_by: Mapped[str] = mapped_column(String(40))
    attested_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class ClockEntry(Base):
    """The number of an entry of the log that is evidence of the time."""

    __tablename__ = "clock_entry"
    seq: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer(), "sqlite"), primary_key=True, autoincrement=False
    )
