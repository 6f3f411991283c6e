"""Extracts of several conversations and coders beside each other: the matrix, and how far two coders agree."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import select

from access.people import Person
from access.roles import Act, require
from pipeline import contents
from pipeline.codes import agreement
from pipeline.codes.accounts import Account
from pipeline.codes.accounts import accounts as side_by_side
from pipeline.codes.agreement import Agreement, Place, Unit
from pipeline.codes.codebook import Codebook
from pipeline.codes.coding import Extract
from pipeline.codes.extracting import document_of
from pipeline.codes.matrix import Matrix, matrix
from pipeline.reviews import codebook_of, find_conversation
from pipeline.transcripts.document import Document
from storage.errors import BadInput
from storage.home import Home
from storage.models import Review


class WhichCoders(BadInput):
    """agreement: {count} people have coded {target} ({coders}); name the two to compare with --coder"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Coded:
    """The documents of a review, or of one conversation, with the codebook and all extracts."""

    documents: Sequence[Document] = field(repr=False)
    book: Codebook = field(repr=False)
    extracts: Sequence[Extract] = field(repr=False)

    @property
    def coders(self) -> dict[str, set[str]]:
        """Who has coded each of these conversations, by reference."""
        by = agreement.coders(self.extracts)
        return {one.conversation: by[one.conversation] for one in self.documents}


@dataclass(frozen=True, kw_only=True, slots=True)
class Framework:
    """The framework matrix of a review, what sets accounts apart code by code, its codebook, and who has coded."""

    matrix: Matrix
    accounts: tuple[Account, ...]
    book: Codebook
    coders: tuple[str, ...]


def framework(
    home: Home,
    actor: Person,
    target: str,
    *,
    rolled_up: bool = False,
    coder: str | None = None,
    branch: str | None = None,
) -> Framework:
    """The framework matrix of a review: a row a conversation by position, a column a code, the extracts in the cells.

    `branch` is any label of a code: then only that code and those below it.

    Raises NotAllowed, UnknownConversation, NoDocument, UnknownCode.
    """
    every = coded(home, actor, target)
    found = [one for one in every.extracts if coder in (None, one.coder)]
    below = None if branch is None else every.book.find(branch)
    return Framework(
        matrix=matrix(every.documents, every.book, found, rolled_up=rolled_up, branch=below),
        accounts=side_by_side(every.documents, every.book, found),
        book=every.book,
        coders=tuple(sorted({one.coder for one in every.extracts})),
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Comparison:
    """How far two coders agree, code by code. `counted` are the conversations that both have coded, of those asked for, and
    `texts` what was said in each turn in which they differ."""

    first: str
    second: str
    codes: tuple[Agreement, ...]
    counted: tuple[str, ...]
    texts: Mapping[Place, str] = field(repr=False)


def compare(
    home: Home,
    actor: Person,
    target: str,
    *,
    coders: tuple[str, ...] = (),
    unit: Unit = Unit.TURNS,
) -> Comparison:
    """How far two coders agree about a conversation, or about all of a review that both have coded.

    Without `coders` it is the two who have coded, if there are two.

    Raises:
        NotAllowed, UnknownConversation, NoDocument, WhichCoders, SameCoder, NothingCoded.
    """
    found = coded(home, actor, target)
    known = coders or tuple(sorted({one.coder for one in found.extracts}))
    if len(known) != 2:
        raise WhichCoders(count=len(known), target=target, coders=", ".join(known) or "nobody")
    first, second = known
    return between(found, first, second, unit)


def between(
    found: Coded, first: str, second: str, unit: Unit = Unit.TURNS, conversations: Collection[str] = ()
) -> Comparison:
    """How far two coders agree about all of this that both have coded, or some of it. Raises SameCoder, NothingCoded."""
    documents = [one for one in found.documents if not conversations or one.conversation in conversations]
    codes = agreement.agreement(documents, found.book, found.extracts, first, second, unit)
    by = found.coders
    apart = {place for one in codes for place in (*one.only_first, *one.only_second)}
    return Comparison(
        first=first,
        second=second,
        codes=codes,
        counted=tuple(one.conversation for one in documents if {first, second} <= by[one.conversation]),
        texts={
            (one.conversation, passage.turn): passage.text
            for one in documents
            for passage in one.passages
            if (one.conversation, passage.turn) in apart
        },
    )


def accounts(
    home: Home, actor: Person, target: str, *, label: str | None = None, every: bool = False
) -> tuple[Account, ...]:
    """What each position said under each code: those on which accounts differ, or `every` one, or one code and those below.

    Raises NotAllowed, UnknownConversation, NoDocument, UnknownCode.
    """
    of = coded(home, actor, target)
    found = side_by_side(of.documents, of.book, of.extracts)
    if label is None:
        return tuple(one for one in found if every or one.differs)
    wanted = of.book.find(label).id
    return tuple(one for one in found if wanted in {above.id for above in of.book.lineage(one.code)})


def coded(home: Home, actor: Person, target: str) -> Coded:
    """What was coded of a review, or of one conversation. Raises NotAllowed, UnknownConversation, NoDocument."""
    require(actor.roles, Act.CODE, actor.name)
    with home.reading() as session:
        review = session.scalar(select(Review).where(Review.reference == target))
        rows = contents.documented(session, review) if review else [find_conversation(session, target)]
        return Coded(
            documents=[document_of(home, session, row) for row in rows],
            extracts=[one for row in rows for _, one in contents.extracts(home, session, row)],
            book=codebook_of(home, review or rows[0].review),
        )
