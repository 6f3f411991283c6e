"""Reviews, participants and conversations: what exists before anything is recorded."""

import json
import re
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import func, select
from sqlalchemy.orm import Session, object_session

from access.people import Person
from access.roles import Act, require
from pipeline.codes import own_words
from pipeline.codes.codebook import Code, Codebook
from storage.errors import BadInput, Destroyed, NotFound, Refused
from storage.home import Home
from storage.log.log import Event
from storage.models import Conversation, Participant, Review, State
from storage.sealed import open_value, seal_value, slot
from storage.vault import KeyClass

# Commands that take either find out by this which of the two is meant.
_CONVERSATION = re.compile(r"[Cc]-\d+")


class UnknownReview(NotFound):
    """review: there is no review "{reference}"; `candour review list` shows them"""


class UnknownPosition(NotFound):
    """participant: nobody has the position "{position}" in this review; `candour participant list` shows them"""


class UnknownConversation(NotFound):
    """conversation: there is no conversation "{reference}"; `candour conversation list` shows them"""


class Taken(Refused):
    """{what}: "{reference}" exists already; choose another"""


class HasConversations(Refused):
    """participant: "{position}" has conversations; they stay as long as those do"""


class BadReference(BadInput):
    """{what}: "{reference}" cannot be used; 1 to {limit} letters, digits, spaces and .-_/ and never a real name"""


class BadReviewReference(BadInput):
    """review: "{reference}" cannot be used; it stands in addresses, so it has no "/" and begins with a letter or digit"""


class LikeAConversation(BadInput):
    """review: "{reference}" is how conversations are called; choose a reference that cannot be mistaken for one"""


class ConversationGone(Destroyed):
    """conversation {reference}: {what} has been destroyed, or is closed and about to be; the evidence, once there is some:
    `candour audit certificate {reference}`
    """


class ReviewClosed(Refused):
    """review: "{reference}" is closed; nothing can be added to it"""


@dataclass(frozen=True, kw_only=True, slots=True)
class RegisterEntry:
    """Who a participant really is; shown only by the command that reads the register, and each reading is logged."""

    name: str
    contact: str


def _reference(text: str, what: str, limit: int) -> str:
    text = text.strip()
    if not 1 <= len(text) <= limit or not all(c.isalnum() or c in " .-_/" for c in text):
        raise BadReference(what=what, reference=text[:limit], limit=limit)
    return text


def create_review(
    home: Home,
    actor: Person,
    reference: str,
    *,
    schedule: str,
    codebook: Codebook,
    conventions: dict[str, Any] | None = None,
) -> Review:
    """Open a review. `schedule` is TOML that `retention.policy.parse` has accepted, `conventions` what
    `pipeline.transcripts.conventions.to_row` gives.

    Raises:
        NotAllowed, BadReference, BadReviewReference, LikeAConversation, Taken.
    """
    require(actor.roles, Act.CREATE_REVIEW, actor.name)
    reference = _reference(reference, "review", 40)
    if "/" in reference or not reference[0].isalnum():
        raise BadReviewReference(reference=reference)
    if _CONVERSATION.fullmatch(reference):
        raise LikeAConversation(reference=reference)
    # Asked before and within the transaction: a refused review leaves no keys in the vault.
    with home.reading() as session:
        _refuse_taken(session, reference)
    review = Review(reference=reference, schedule=schedule, conventions=conventions, created_at=home.now())
    review.id, review.names_key, review.review_key = uuid4(), uuid4(), uuid4()
    keys = {review.review_key: KeyClass.REVIEW, review.names_key: KeyClass.NAMES}
    with home.vault.putting(keys), home.writing() as session:
        _refuse_taken(session, reference)
        seal_codebook(home, review, codebook)
        session.add(review)
        home.log(session, Event.REVIEW_CREATED, actor=actor.name, obj=[review.id, *keys])
    return review


def _refuse_taken(session: Session, reference: str) -> None:
    if session.scalar(select(Review).where(Review.reference == reference)):
        raise Taken(what="review", reference=reference)


def find_review(session: Session, reference: str) -> Review:
    review = session.scalar(select(Review).where(Review.reference == reference))
    if review is None:
        raise UnknownReview(reference=reference)
    return review


def codebook_of(home: Home, review: Review) -> Codebook:
    session = object_session(review)
    closed = select(Conversation.extract_key).where(
        Conversation.review_id == review.id, Conversation.state == State.WITHDRAWN
    )
    return own_words.from_bytes(home, _codebook(home, review), set(session.scalars(closed)) if session else ())


def speaking_in_codes(home: Home, session: Session, review: Review) -> list[Conversation]:
    """The conversations whose participants' words are names of codes, in order, but for those they have withdrawn."""
    keys = own_words.speaking(_codebook(home, review))
    mine = (Conversation.extract_key.in_(keys), Conversation.state != State.WITHDRAWN)
    return list(session.scalars(select(Conversation).where(*mine).order_by(Conversation.reference))) if keys else []


def in_vivo_codes(home: Home, conversation: Conversation) -> tuple[Code, ...]:
    """The codes that are named by the participant's words in a conversation."""
    key, review = conversation.extract_key, conversation.review
    if key not in own_words.speaking(_codebook(home, review)):
        return ()
    return tuple(code for code in codebook_of(home, review).codes if code.words_of == key)


def seal_codebook(home: Home, review: Review, codebook: Codebook) -> None:
    key = home.vault.get(review.review_key, KeyClass.REVIEW)
    before = _codebook(home, review) if review.codebook else None
    review.codebook = seal_value(key, f"review.codebook:{review.id}", own_words.to_bytes(home, codebook, before))


def _codebook(home: Home, review: Review) -> bytes:
    key = home.vault.get(review.review_key, KeyClass.REVIEW)
    return open_value(key, f"review.codebook:{review.id}", review.codebook)


def close_review(home: Home, actor: Person, reference: str) -> None:
    """Close a review: periods that count from its closing begin."""
    require(actor.roles, Act.CREATE_REVIEW, actor.name)
    with home.writing() as session:
        review = find_review(session, reference)
        if review.closed_at is not None:
            raise ReviewClosed(reference=reference)
        review.closed_at = home.now()
        home.log(session, Event.REVIEW_CLOSED, actor=actor.name, obj=[review.id])


def add_participant(
    home: Home, actor: Person, review_reference: str, position: str, agency: str, register: RegisterEntry | None = None
) -> Participant:
    """Add a participant by position. A real name and contact, when given, go sealed into the register."""
    require(actor.roles, Act.PLAN_CONVERSATION, actor.name)
    position, agency = _reference(position, "position", 80), _reference(agency, "agency", 80)
    with home.writing() as session:
        review = find_review(session, review_reference)
        if review.closed_at is not None:
            raise ReviewClosed(reference=review_reference)
        if session.scalar(
            select(Participant).where(Participant.review_id == review.id, Participant.position == position)
        ):
            raise Taken(what="participant", reference=position)
        participant = Participant(id=uuid4(), review_id=review.id, position=position, agency=agency)
        if register is not None:
            participant.sealed = _sealed_entry(home, review, participant, register)
        session.add(participant)
        home.log(session, Event.PARTICIPANT_ADDED, actor=actor.name, obj=[participant.id, review.id])
    return participant


def change_participant(
    home: Home,
    actor: Person,
    review_reference: str,
    position: str,
    *,
    agency: str | None = None,
    register: RegisterEntry | None = None,
) -> None:
    """Give a participant another agency, or another entry in the register, which needs the role that may read it.

    Raises:
        NotAllowed, UnknownReview, UnknownPosition, BadReference.
    """
    require(actor.roles, Act.PLAN_CONVERSATION if register is None else Act.READ_REGISTER, actor.name)
    with home.writing() as session:
        row = _participant(session, find_review(session, review_reference), position)
        if agency is not None:
            row.agency = _reference(agency, "agency", 80)
        if register is not None:
            row.sealed = _sealed_entry(home, row.review, row, register)
        home.log(session, Event.PARTICIPANT_CHANGED, actor=actor.name, obj=[row.id, row.review_id])


def remove_participant(home: Home, actor: Person, review_reference: str, position: str) -> None:
    """Take out a participant with whom no conversation was planned, register entry included.

    Raises:
        NotAllowed, UnknownReview, UnknownPosition, HasConversations.
    """
    require(actor.roles, Act.PLAN_CONVERSATION, actor.name)
    with home.writing() as session:
        row = _participant(session, find_review(session, review_reference), position)
        if session.scalar(select(Conversation.id).where(Conversation.participant_id == row.id).limit(1)):
            raise HasConversations(position=position)
        home.log(session, Event.PARTICIPANT_REMOVED, actor=actor.name, obj=[row.id, row.review_id])
        session.delete(row)


def _participant(session: Session, review: Review, position: str) -> Participant:
    row = session.scalar(
        select(Participant).where(Participant.review_id == review.id, Participant.position == position)
    )
    if row is None:
        raise UnknownPosition(position=position)
    return row


def _sealed_entry(home: Home, review: Review, row: Participant, register: RegisterEntry) -> bytes:
    key = home.vault.get(review.names_key, KeyClass.NAMES)
    body = json.dumps({"name": register.name, "contact": register.contact}).encode()
    return seal_value(key, f"participant.sealed:{row.id}", body)


def read_register(home: Home, actor: Person, review_reference: str) -> list[tuple[str, RegisterEntry | None]]:
    """Position and register entry of each participant; needs its own role, and the reading is logged."""
    require(actor.roles, Act.READ_REGISTER, actor.name)
    with home.writing() as session:
        review = find_review(session, review_reference)
        key = home.vault.get(review.names_key, KeyClass.NAMES)
        rows = session.scalars(
            select(Participant).where(Participant.review_id == review.id).order_by(Participant.position)
        ).all()
        home.log(session, Event.REGISTER_READ, actor=actor.name, obj=[review.id])
    return [(row.position, _entry(key, row)) for row in rows]


def _entry(key: bytes, row: Participant) -> RegisterEntry | None:
    if row.sealed is None:
        return None
    body = json.loads(open_value(key, f"participant.sealed:{row.id}", row.sealed))
    return RegisterEntry(name=body["name"], contact=body["contact"])


def plan_conversation(
    home: Home, actor: Person, review_reference: str, position: str, *, interviewer: str, on: date | None
) -> Conversation:
    """Plan a conversation and make its keys: from now on its slot recipient can be given to a recorder.

    Raises:
        NotAllowed, UnknownReview, UnknownPosition, ReviewClosed, VaultClosed.
    """
    require(actor.roles, Act.PLAN_CONVERSATION, actor.name)
    interviewer = _reference(interviewer, "interviewer", 80)
    # Asked before and within the transaction: a refused plan leaves no keys in the vault.
    with home.reading() as session:
        _who(session, review_reference, position)
    recording_key, extract_key = uuid4(), uuid4()
    keys = {recording_key: KeyClass.RECORDING, extract_key: KeyClass.EXTRACT}
    with home.vault.putting(keys) as secrets, home.writing() as session:
        review, participant = _who(session, review_reference, position)
        number = session.scalar(select(func.count()).select_from(Conversation)) or 0
        conversation = Conversation(
            id=uuid4(),
            reference=f"C-{number + 1:03}",
            review_id=review.id,
            participant_id=participant.id,
            interviewer=interviewer,
            on=on,
            state=State.PLANNED,
            recording_key=recording_key,
            extract_key=extract_key,
            recipient=str(slot(secrets[recording_key]).recipient()),
            created_at=home.now(),
            state_at=home.now(),
        )
        session.add(conversation)
        home.log(
            session,
            Event.CONVERSATION_PLANNED,
            actor=actor.name,
            obj=[conversation.id, *keys],
            detail={"review": str(review.id)},
        )
    return conversation


def _who(session: Session, review_reference: str, position: str) -> tuple[Review, Participant]:
    review = find_review(session, review_reference)
    if review.closed_at is not None:
        raise ReviewClosed(reference=review_reference)
    return review, _participant(session, review, position)


def find_conversation(session: Session, reference: str) -> Conversation:
    conversation = session.scalar(select(Conversation).where(Conversation.reference == reference.upper()))
    if conversation is None:
        raise UnknownConversation(reference=reference)
    return conversation


def recording_key(home: Home, conversation: Conversation) -> bytes:
    """The 32-byte key that opens everything in which a person is identifiable.

    Raises:
        ConversationGone: it has been destroyed, or is about to be.
        VaultClosed.
    """
    return _recording_key(
        home, conversation.reference, conversation.state, conversation.quarantined, conversation.recording_key
    )


def require_recording(home: Home, session: Session, reference: str) -> None:
    """Raises what `recording_key` raises, and reads no more of the conversation than that takes."""
    columns = select(Conversation.state, Conversation.quarantined, Conversation.recording_key)
    state, quarantined, key = session.execute(columns.where(Conversation.reference == reference)).one()
    _recording_key(home, reference, state, quarantined, key)


def _recording_key(home: Home, reference: str, state: State, quarantined: bool, key: UUID) -> bytes:
    if quarantined or state in {State.DESTROYED, State.WITHDRAWN}:
        raise ConversationGone(reference=reference, what="the recording")
    return home.vault.get(key, KeyClass.RECORDING)


def extract_key(home: Home, conversation: Conversation) -> bytes:
    """The 32-byte key that opens pseudonymised transcript, extracts and memos."""
    if conversation.state is State.WITHDRAWN:
        raise ConversationGone(reference=conversation.reference, what="everything")
    return home.vault.get(conversation.extract_key, KeyClass.EXTRACT)
