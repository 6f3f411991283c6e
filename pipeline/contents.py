"""What is sealed in the rows of a conversation, opened and closed again. Everything passes through memory only."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from access.people import Person
from pipeline.codes import coding
from pipeline.codes.codebook import Codebook
from pipeline.codes.coding import Extract
from pipeline.pseudonyms import code_words, marked
from pipeline.pseudonyms.candidates import Candidate, candidates, terms
from pipeline.pseudonyms.marked import Marked, Said, mark
from pipeline.pseudonyms.names import NameKey, passages
from pipeline.reviews import codebook_of, extract_key, in_vivo_codes, recording_key
from pipeline.transcription.doubts import Doubt
from pipeline.transcription.doubts import from_json as doubt_from_json
from pipeline.transcripts.document import Document, Passage
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
    return _digest(home.vault.get(review.names_key, KeyClass.NAMES), term)


def _digest(key: bytes, term: str) -> str:
    return keyed_digest(key, hashlib.sha256(term.encode()).digest()).hex()


def undecided(home: Home, session: Session, conversation: Conversation) -> tuple[Candidate, ...]:
    """Candidates of a conversation that nobody has decided, in order of first occurrence."""
    return all_candidates(home, session, conversation)[0]


def settled(home: Home, session: Session, conversation: Conversation) -> tuple[Candidate, ...]:
    """Candidates of a conversation that somebody decided to be no names, in order of first occurrence."""
    return all_candidates(home, session, conversation)[1]


def has_undecided(home: Home, session: Session, conversation: Conversation) -> bool:
    """Whether a candidate of a conversation is undecided; looks no further than the first."""
    known = _known(session, conversation)
    key = home.vault.get(conversation.review.names_key, KeyClass.NAMES)
    texts = _texts(home, session, conversation)
    seen: set[str] = set()
    for term in terms(texts, name_key(home, conversation.review)):
        if term not in seen and _digest(key, term) not in known:
            return True
        seen.add(term)
    return False


def _texts(home: Home, session: Session, conversation: Conversation) -> tuple[Passage, ...]:
    """Where names are looked for: every turn as it was said, then the codes that are named by words of it."""
    codes = in_vivo_codes(home, conversation)
    said = passages(transcript(home, session, conversation))
    return (*said, code_words.to_decide(codes)) if codes else said


def _known(session: Session, conversation: Conversation) -> set[str]:
    mine = models.NameDecision.review_id == conversation.review_id
    return set(session.scalars(select(models.NameDecision.digest).where(mine)))


def all_candidates(
    home: Home, session: Session, conversation: Conversation
) -> tuple[tuple[Candidate, ...], tuple[Candidate, ...]]:
    """The candidates of a conversation: those that nobody has decided, and those that are no names."""
    known = _known(session, conversation)
    found = candidates(_texts(home, session, conversation), name_key(home, conversation.review), ())
    # The vault looks at its files each time it is asked for a key; all candidates have one.
    key = home.vault.get(conversation.review.names_key, KeyClass.NAMES)
    is_settled = [_digest(key, one.term) in known for one in found]
    return (
        tuple(one for one, yes in zip(found, is_settled, strict=True) if not yes),
        tuple(one for one, yes in zip(found, is_settled, strict=True) if yes),
    )


def marked_turns(home: Home, session: Session, conversation: Conversation) -> tuple[Marked, ...]:
    """The transcript as it stands, both ways: as it was said, and under the name key as it stands."""
    return mark(transcript(home, session, conversation), name_key(home, conversation.review))


def pseudonymised(home: Home, session: Session, conversation: Conversation) -> Document:
    """The transcript as it stands, under the name key as it stands."""
    return document_of(conversation, marked_turns(home, session, conversation))


def document_of(conversation: Conversation, turns: Sequence[Marked]) -> Document:
    position = conversation.participant.position
    return marked.document(turns, conversation=conversation.reference, position=position)


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


def said(home: Home, conversation: Conversation) -> tuple[Said, ...] | None:
    """What was said in the turns that the document was made of, or None when there is none yet."""
    if conversation.said is None:
        return None
    return marked.from_json(
        open_value(recording_key(home, conversation), f"conversation.said:{conversation.id}", conversation.said)
    )


def set_said(home: Home, conversation: Conversation, turns: Sequence[Said]) -> None:
    key = recording_key(home, conversation)
    conversation.said = seal_value(key, f"conversation.said:{conversation.id}", marked.to_json(turns))


def extract_rows(
    session: Session, conversation: Conversation, *, removed: bool = False, number: int | None = None
) -> Sequence[models.Extract]:
    """The rows of the extracts of a conversation, in order; with `removed` also those that were taken out; only the one with
    a `number` if one is given."""
    query = select(models.Extract).where(models.Extract.conversation_id == conversation.id)
    if not removed:
        query = query.where(models.Extract.removed_at.is_(None))
    if number is not None:
        query = query.where(models.Extract.number == number)
    return session.scalars(query.order_by(models.Extract.number)).all()


def open_extract(home: Home, conversation: Conversation, row: models.Extract) -> Extract:
    (one,) = open_extracts(home, conversation, [row])
    return one


class Sealed(NamedTuple):
    """What is needed of the row of an extract to read it; thousands of whole rows take longer than opening them."""

    id: UUID
    number: int
    sealed: bytes


def open_extracts(home: Home, conversation: Conversation, rows: Iterable[models.Extract | Sealed]) -> list[Extract]:
    """The extracts in rows of one conversation, in their order."""
    # The vault looks at its files each time it is asked for a key; a thousand extracts have one.
    key = extract_key(home, conversation)
    return [one for row in rows for one in coding.load(open_value(key, f"extract.sealed:{row.id}", row.sealed))]


def coded(home: Home, session: Session, conversation: Conversation) -> list[tuple[Sealed, Extract]]:
    """Each extract as it is sealed and as it is, in order."""
    columns = select(models.Extract.id, models.Extract.number, models.Extract.sealed)
    mine = (models.Extract.conversation_id == conversation.id, models.Extract.removed_at.is_(None))
    rows = [Sealed(*row) for row in session.execute(columns.where(*mine).order_by(models.Extract.number))]
    return list(zip(rows, open_extracts(home, conversation, rows), strict=True))


def extracts(home: Home, session: Session, conversation: Conversation) -> list[tuple[int, Extract]]:
    """Each extract with its number."""
    return [(row.number, one) for row, one in coded(home, session, conversation)]


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


def analysis_digest(home: Home, session: Session, conversation: Conversation) -> str:
    """SHA-256 in hexadecimal of an analysis: it changes when transcript, extracts or the meaning of a code in use do.

    It is taken over ciphertext, and over the codes under the extract key, so that it says nothing of what is in them.
    """
    book = codebook_of(home, conversation.review)
    return digest_of(home, conversation, coded(home, session, conversation), book)


def digest_of(home: Home, conversation: Conversation, found: Sequence[tuple[Sealed, Extract]], book: Codebook) -> str:
    """The digest of an analysis of which extracts, all of them, and codebook are open already."""
    used = {code for _, one in found for code in one.codes}
    meanings = json.dumps([[id, book.meaning(id)] for id in sorted(used)]).encode()
    body = {
        "conversation": str(conversation.id),
        "document": conversation.document_digest,
        "extracts": [hashlib.sha256(row.sealed).hexdigest() for row, _ in found],
        "codes": keyed_digest(extract_key(home, conversation), hashlib.sha256(meanings).digest()).hex(),
    }
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
