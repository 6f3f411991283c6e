"""Extracts found again: those of a conversation, or of a review by code, position, conversation, coder and words."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from access.people import Person
from access.roles import Act, require
from pipeline import contents
from pipeline.codes import coding
from pipeline.codes.codebook import Codebook
from pipeline.codes.coding import Extract, Fault
from pipeline.reviews import codebook_of, find_conversation, find_review
from storage.errors import NotFound
from storage.home import Home
from storage.models import Conversation, Review
from storage.models import Extract as ExtractRow
from storage.models import Person as PersonRow


class UnknownExtract(NotFound):
    """extract: {reference} has no extract {number}; `candour extract list {reference}` shows them"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Filed:
    """An extract with its number, what is wrong with it, and whether who asks may change it: those of others only when
    these have left. A removed one can be put back."""

    number: int
    extract: Extract
    faults: tuple[Fault, ...]
    changeable: bool
    removed: bool = False

    @property
    def lost(self) -> bool:
        """Whether its words no longer stand in the transcript."""
        return Fault.MOVED in self.faults


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """Which extracts are looked for. `code` is any label of one; with `below`, and for a heading always, what is filed below it
    counts too. `text` is looked for in words and memo, whatever its case. What is empty admits all."""

    code: str = ""
    below: bool = False
    position: str = ""
    conversation: str = ""
    coder: str = ""
    text: str = field(default="", repr=False)
    to_mend: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """All extracts of a review with its codebook, by conversation and in the order of what was said, and those wanted."""

    book: Codebook
    every: tuple[Filed, ...]
    wanted: tuple[Filed, ...]


def of_conversation(home: Home, actor: Person, reference: str) -> list[Filed]:
    """Raises NotAllowed, UnknownConversation."""
    require(actor.roles, Act.CODE, actor.name)
    with home.reading() as session:
        conversation = find_conversation(session, reference)
        return filed(home, session, actor, conversation, codebook_of(home, conversation.review))


def one(home: Home, actor: Person, reference: str, number: int) -> Filed:
    """One extract, also one that was removed.

    Raises:
        NotAllowed, UnknownConversation, UnknownExtract.
    """
    require(actor.roles, Act.CODE, actor.name)
    with home.reading() as session:
        conversation = find_conversation(session, reference)
        rows = contents.extract_rows(session, conversation, removed=True, number=number)
        found = _filed(home, session, actor, conversation, codebook_of(home, conversation.review), rows)
    if not found:
        raise UnknownExtract(reference=conversation.reference, number=number)
    return found[0]


def of_review(home: Home, actor: Person, reference: str, wanted: Wanted) -> Found:
    """Raises NotAllowed, UnknownReview, UnknownCode."""
    require(actor.roles, Act.CODE, actor.name)
    with home.reading() as session:
        review = find_review(session, reference)
        book = codebook_of(home, review)
        every = tuple(
            one
            for row in contents.documented(session, review)
            for one in sorted(filed(home, session, actor, row, book), key=_place)
        )
    return Found(book=book, every=every, wanted=select_from(every, book, wanted))


def of_target(home: Home, actor: Person, target: str, wanted: Wanted) -> Found:
    """The same of a conversation or a review; one conversation's are in the order in which they were made.

    Raises NotAllowed, UnknownConversation, UnknownCode.
    """
    with home.reading() as session:
        known = session.scalar(select(Review.reference).where(Review.reference == target))
        review = known or find_conversation(session, target).review.reference
    if known:
        return of_review(home, actor, review, wanted)
    found = of_review(home, actor, review, replace(wanted, conversation=target))
    return replace(found, wanted=tuple(sorted(found.wanted, key=lambda one: one.number)))


def select_from(every: Sequence[Filed], book: Codebook, wanted: Wanted) -> tuple[Filed, ...]:
    """Those that are wanted, in their order. Raises UnknownCode."""
    codes: frozenset[str] | None = None
    if wanted.code:
        top = book.find(wanted.code)
        deep = wanted.below or not top.codable
        codes = frozenset(code.id for code in book.codes if code.id == top.id or (deep and top in book.lineage(code)))
    return tuple(one for one in every if _admits(wanted, codes, one))


def filed(home: Home, session: Session, actor: Person, conversation: Conversation, book: Codebook) -> list[Filed]:
    """The extracts of one conversation, by number."""
    return _filed(home, session, actor, conversation, book, contents.extract_rows(session, conversation))


def _filed(
    home: Home,
    session: Session,
    actor: Person,
    conversation: Conversation,
    book: Codebook,
    rows: Sequence[ExtractRow],
) -> list[Filed]:
    document = contents.document(home, conversation)
    if document is None:
        return []
    extracts = contents.open_extracts(home, conversation, rows)
    faults: dict[UUID, list[Fault]] = {}
    for problem in coding.check(extracts, book, document):
        faults.setdefault(problem.extract, []).append(problem.fault)
    others = working_others(session, actor)
    return [
        Filed(
            number=row.number,
            extract=one,
            faults=tuple(faults.get(one.id, ())),
            changeable=row.person_id not in others,
            removed=row.removed_at is not None,
        )
        for row, one in zip(rows, extracts, strict=True)
    ]


def working_others(session: Session, actor: Person) -> set[UUID]:
    """Everybody else who has not left: nobody but they themselves changes their extracts."""
    return set(session.scalars(select(PersonRow.id).where(PersonRow.id != actor.id, PersonRow.disabled_at.is_(None))))


def _place(one: Filed) -> tuple[float, int]:
    return one.extract.start, one.number


def _admits(wanted: Wanted, codes: frozenset[str] | None, one: Filed) -> bool:
    extract = one.extract
    return (
        (codes is None or not codes.isdisjoint(extract.codes))
        and wanted.position in {"", extract.position}
        and wanted.conversation.upper() in {"", extract.conversation}
        and wanted.coder in {"", extract.coder}
        and (not wanted.to_mend or bool(one.faults))
        and wanted.text.casefold() in f"{extract.quote}\n{extract.memo}".casefold()
    )
