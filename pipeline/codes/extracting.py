"""Codes and extracts of a conversation, in the database: add, list, remove, import, matrix."""

from collections.abc import Callable
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from access.people import Person
from access.roles import Act, require
from pipeline import contents, stages
from pipeline.codes import agreement, coding
from pipeline.codes.agreement import Agreement, Unit
from pipeline.codes.codebook import Codebook
from pipeline.codes.coding import Extract
from pipeline.codes.matrix import Matrix, matrix
from pipeline.codes.quotes import Anchor, find_quote
from pipeline.reviews import codebook_of, find_conversation, find_review, set_codebook
from pipeline.transcripts.document import Document
from storage.errors import BadInput, NotFound, Refused
from storage.home import Home
from storage.log.log import Event
from storage.models import Conversation, Review
from storage.models import Extract as ExtractRow


class NoDocument(Refused):
    """extract: {reference} has no pseudonymised transcript yet; first: {todo}"""


class UnknownExtract(NotFound):
    """extract: {reference} has no extract {number}; `candour extract list {reference}` shows them"""


class CodeInUse(Refused):
    """codebook: the new codebook lacks codes that extracts have ({codes}); keep them or change the extracts first"""


def _document(home: Home, session: Session, conversation: Conversation) -> Document:
    document = contents.document(home, conversation)
    if document is None:
        todo = "; ".join(
            c.todo for c in stages.conditions(home, session, conversation) if not c.met and c.name != "extracts"
        )
        raise NoDocument(reference=conversation.reference, todo=todo)
    return document


def _add(
    home: Home, actor: Person, reference: str, make: Callable[[Document, Codebook], tuple[Extract, ...]]
) -> list[tuple[int, Extract]]:
    require(actor.roles, Act.CODE, actor.name)
    with home.writing() as session:
        conversation = find_conversation(session, reference)
        stages.require_open(session, conversation, "extract")
        made = make(_document(home, session, conversation), codebook_of(home, conversation.review))
        numbered = []
        for one in made:
            numbered.append((contents.add_extract(home, session, conversation, actor, one), one))
            session.flush()
        if made:
            home.log(session, Event.EXTRACT_ADDED, actor=actor.name, obj=[conversation.id], detail={"count": len(made)})
        stages.settle(home, session, conversation, actor)
        return numbered


def add(
    home: Home, actor: Person, reference: str, *, codes: tuple[str, ...], quote: str | None, turn: int | None, memo: str
) -> tuple[int, Extract]:
    """Add an extract by its quote, or a whole turn when only its number is given.

    Raises:
        NotAllowed, UnknownConversation, NoDocument, Frozen, QuoteNotFound, QuoteAmbiguous, UnknownCode, HeadingUsed.
    """

    def make(document: Document, codebook: Codebook) -> tuple[Extract, ...]:
        anchor = find_quote(document, quote, turn) if quote is not None else _whole_turn(document, turn)
        return (coding.extract(document, anchor, codes, codebook=codebook, coder=actor.name, at=home.now(), memo=memo),)

    (one,) = _add(home, actor, reference, make)
    return one


def _whole_turn(document: Document, turn: int | None) -> Anchor:
    text = next((p.text for p in document.passages if p.turn == turn), "")
    return Anchor(first_turn=turn or 0, first_char=0, last_turn=turn or 0, last_char=len(text))


def import_table(home: Home, actor: Person, reference: str, data: bytes) -> list[tuple[int, Extract]]:
    """Add all extracts of a CSV table with the columns turn, quote, codes, memo; all or nothing.

    Raises:
        BadTable and what `add` raises.
    """
    return _add(
        home,
        actor,
        reference,
        lambda document, codebook: coding.from_table(
            document, data, codebook=codebook, coder=actor.name, at=home.now()
        ),
    )


def remove(home: Home, actor: Person, reference: str, number: int) -> None:
    """Take an extract out; it can be put back with `restore`."""
    _set_removed(home, actor, reference, number, removed=True)


def restore(home: Home, actor: Person, reference: str, number: int) -> None:
    """Put a removed extract back."""
    _set_removed(home, actor, reference, number, removed=False)


def _set_removed(home: Home, actor: Person, reference: str, number: int, *, removed: bool) -> None:
    require(actor.roles, Act.CODE, actor.name)
    with home.writing() as session:
        conversation = find_conversation(session, reference)
        stages.require_open(session, conversation, "extract")
        row = session.scalar(
            select(ExtractRow).where(ExtractRow.conversation_id == conversation.id, ExtractRow.number == number)
        )
        if row is None or (row.removed_at is not None) is removed:
            raise UnknownExtract(reference=reference, number=number)
        row.removed_at = home.now() if removed else None
        event = Event.EXTRACT_REMOVED if removed else Event.EXTRACT_ADDED
        home.log(session, event, actor=actor.name, obj=[conversation.id, row.id])
        session.flush()
        stages.settle(home, session, conversation, actor)


def listed(home: Home, actor: Person, reference: str) -> list[tuple[int, Extract, tuple[str, ...]]]:
    """Each extract with its number and what is wrong with it."""
    require(actor.roles, Act.CODE, actor.name)
    with home.reading() as session:
        conversation = find_conversation(session, reference)
        found = contents.extracts(home, session, conversation)
        document = contents.document(home, conversation)
        if document is None:
            return []
        problems = coding.check([one for _, one in found], codebook_of(home, conversation.review), document)
    faults: dict[UUID, list[str]] = {}
    for problem in problems:
        faults.setdefault(problem.extract, []).append(problem.fault.value)
    return [(number, one, tuple(faults.get(one.id, ()))) for number, one in found]


def framework(home: Home, actor: Person, review_reference: str) -> Matrix:
    """The framework matrix of a review: a row a conversation by position, a column a code, the extracts in the cells."""
    require(actor.roles, Act.CODE, actor.name)
    with home.reading() as session:
        review = find_review(session, review_reference)
        rows = contents.documented(session, review)
        documents = [one for row in rows if (one := contents.document(home, row)) is not None]
        found = [one for row in rows for _, one in contents.extracts(home, session, row)]
        return matrix(documents, codebook_of(home, review), found)


class WhichCoders(BadInput):
    """agreement: {count} people have coded {target} ({coders}); name the two to compare with --coder"""


def compare(
    home: Home, actor: Person, target: str, *, coders: tuple[str, ...] = (), unit: Unit = Unit.TURNS
) -> tuple[tuple[str, str], tuple[Agreement, ...]]:
    """How far two coders agree about a conversation, or about all of a review that both have coded: who, and code by code.

    Without `coders` it is the two who have coded, if there are two.

    Raises:
        NotAllowed, UnknownConversation, NoDocument, WhichCoders, SameCoder, NothingCoded.
    """
    require(actor.roles, Act.CODE, actor.name)
    with home.reading() as session:
        review = session.scalar(select(Review).where(Review.reference == target))
        conversations = contents.documented(session, review) if review else [find_conversation(session, target)]
        documents = [_document(home, session, one) for one in conversations]
        found = [one for row in conversations for _, one in contents.extracts(home, session, row)]
        book = codebook_of(home, review or conversations[0].review)
    known = coders or tuple(sorted({one.coder for one in found}))
    if len(known) != 2:
        raise WhichCoders(count=len(known), target=target, coders=", ".join(known) or "nobody")
    first, second = known
    return (first, second), agreement.agreement(documents, book, found, first, second, unit)


def used_codes(home: Home, session: Session, review: Review) -> set[str]:
    """Ids of the codes that extracts of a review have."""
    rows = contents.documented(session, review)
    return {code for row in rows for _, one in contents.extracts(home, session, row) for code in one.codes}


def replace_codebook(home: Home, actor: Person, review_reference: str, codebook: Codebook) -> None:
    """Give a review another codebook; every code in use must be in it.

    Raises:
        NotAllowed, UnknownReview, CodeInUse.
    """
    require(actor.roles, Act.CODE, actor.name)
    with home.reading() as session:
        used = used_codes(home, session, find_review(session, review_reference))
    missing = used - {code.id for code in codebook.codes if code.codable}
    if missing:
        raise CodeInUse(codes=", ".join(sorted(missing)))
    set_codebook(home, actor, review_reference, codebook)
