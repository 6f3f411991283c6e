"""What is sealed in the rows of a conversation, opened and closed again. Everything passes through memory only."""

import hashlib
import json
from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from access.people import Person
from pipeline.codes import coding
from pipeline.codes.coding import Extract
from pipeline.pseudonyms.candidates import Candidate, candidates
from pipeline.pseudonyms.names import NameKey, passages, pseudonymise
from pipeline.reviews import extract_key, recording_key
from pipeline.transcription.doubts import Doubt
from pipeline.transcription.doubts import from_json as doubt_from_json
from pipeline.transcripts.document import Document
from pipeline.transcripts.kept import NoDraft as NoDraft
from pipeline.transcripts.kept import draft as draft
from pipeline.transcripts.kept import standing
from pipeline.transcripts.transcript import Turn
from storage import models
from storage.home import Home
from storage.models import Conversation, Review, State
from storage.sealed import keyed_digest, open_value, seal_value
from storage.vault import KeyClass


def transcript(home: Home, session: Session, conversation: Conversation) -> tuple[Turn, ...]:
    """The turns of the draft with every correction.

    Raises:
        NoDraft, ConversationGone, VaultClosed.
    """
    return standing(home, session, conversation).turns


def doubts(home: Home, session: Session, conversation: Conversation) -> list[tuple[models.Doubt, Doubt]]:
    """Each doubt with its row, worst first."""
    key = recording_key(home, conversation)
    rows = session.scalars(
        select(models.Doubt).where(models.Doubt.conversation_id == conversation.id).order_by(models.Doubt.number)
    )
    return [(row, doubt_from_json(open_value(key, f"doubt.sealed:{row.id}", row.sealed))) for row in rows]


def name_key(home: Home, review: Review) -> NameKey:
    key = home.vault.get(review.names_key, KeyClass.NAMES)
    if review.name_key is None:
        return NameKey()
    return NameKey.from_json(open_value(key, f"review.name_key:{review.id}", review.name_key))


def set_name_key(home: Home, review: Review, made: NameKey) -> None:
    key = home.vault.get(review.names_key, KeyClass.NAMES)
    review.name_key = seal_value(key, f"review.name_key:{review.id}", made.to_json())


def candidate_digest(home: Home, review: Review, term: str) -> str:
    """What a decision about a candidate is kept under; without the names key it confirms no guess."""
    key = home.vault.get(review.names_key, KeyClass.NAMES)
    return keyed_digest(key, hashlib.sha256(term.encode()).digest()).hex()


def undecided(home: Home, session: Session, conversation: Conversation) -> tuple[Candidate, ...]:
    """Candidates of a conversation that nobody has decided, in order of first occurrence."""
    found = candidates(passages(transcript(home, session, conversation)), name_key(home, conversation.review), ())
    settled = set(
        session.scalars(
            select(models.NameDecision.digest).where(models.NameDecision.review_id == conversation.review_id)
        )
    )
    return tuple(c for c in found if candidate_digest(home, conversation.review, c.term) not in settled)


def pseudonymised(home: Home, session: Session, conversation: Conversation) -> Document:
    """The transcript as it stands, under the name key as it stands."""
    return pseudonymise(
        transcript(home, session, conversation),
        name_key(home, conversation.review),
        conversation=conversation.reference,
        position=conversation.participant.position,
    )


def document(home: Home, conversation: Conversation) -> Document | None:
    """The pseudonymised transcript, or None before every name is decided."""
    key = extract_key(home, conversation)
    if conversation.document is None:
        return None
    return Document.from_json(open_value(key, f"conversation.document:{conversation.id}", conversation.document))


def documented(session: Session, review: Review) -> list[Conversation]:
    """Conversations of a review with a pseudonymised transcript that may be opened, in order."""
    rows = session.scalars(
        select(Conversation)
        .where(
            Conversation.review_id == review.id,
            Conversation.document.is_not(None),
            Conversation.state != State.WITHDRAWN,
        )
        .order_by(Conversation.reference)
    )
    return list(rows)


def set_document(home: Home, conversation: Conversation, made: Document) -> None:
    key = extract_key(home, conversation)
    conversation.document = seal_value(key, f"conversation.document:{conversation.id}", made.to_json())
    conversation.document_digest = hashlib.sha256(conversation.document).hexdigest()


def extract_rows(session: Session, conversation: Conversation) -> Sequence[models.Extract]:
    return session.scalars(
        select(models.Extract)
        .where(models.Extract.conversation_id == conversation.id, models.Extract.removed_at.is_(None))
        .order_by(models.Extract.number)
    ).all()


def open_extract(home: Home, conversation: Conversation, row: models.Extract) -> Extract:
    (one,) = coding.load(open_value(extract_key(home, conversation), f"extract.sealed:{row.id}", row.sealed))
    return one


def extracts(home: Home, session: Session, conversation: Conversation) -> list[tuple[int, Extract]]:
    """Each extract with its number."""
    return [(row.number, open_extract(home, conversation, row)) for row in extract_rows(session, conversation)]


def seal_extract(home: Home, conversation: Conversation, row: models.Extract, one: Extract) -> None:
    row.sealed = seal_value(extract_key(home, conversation), f"extract.sealed:{row.id}", coding.dump([one]))


def add_extract(home: Home, session: Session, conversation: Conversation, actor: Person, one: Extract) -> int:
    newest = session.scalar(
        select(func.max(models.Extract.number)).where(models.Extract.conversation_id == conversation.id)
    )
    row = models.Extract(id=one.id, conversation_id=conversation.id, person_id=actor.id, at=one.at)
    row.number = (newest or 0) + 1
    seal_extract(home, conversation, row, one)
    session.add(row)
    return row.number


def analysis_digest(session: Session, conversation: Conversation) -> str:
    """SHA-256 in hexadecimal over the ciphertext of pseudonymised transcript and extracts: it changes when they do, and says
    nothing of what is in them."""
    rows = [hashlib.sha256(row.sealed).hexdigest() for row in extract_rows(session, conversation)]
    body = {"conversation": str(conversation.id), "document": conversation.document_digest, "extracts": rows}
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
