"""Bringing in what was coded in another program: read, laid on conversations of ours, added as extracts, told and logged.

All or nothing, and undone as one act a conversation. What is there already stays as it is, so that a file can be imported
again after more was coded in it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import BinaryIO, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from access.people import Person
from access.roles import Act, require
from pipeline import contents, history, stages
from pipeline.codes import bookkeeping
from pipeline.history import Field, Scope
from pipeline.imports import storing, taguette
from pipeline.imports.guard import NotReadable
from pipeline.imports.incoming import Incoming
from pipeline.imports.planning import Plan, plan
from pipeline.reviews import codebook_of, find_conversation
from storage.errors import Refused
from storage.home import Home
from storage.log.log import Event
from storage.models import Conversation, Review, State


class NoText(Refused):
    """import: {target} has no pseudonymised transcript yet; `candour conversation show {target}` says what is open"""


class NotOurs(Refused):
    """import: no text in this file is a conversation of {target}; check that it was made from an export of this review"""


_ZIP: Final = b"PK"


@dataclass(frozen=True, kw_only=True, slots=True)
class Imported:
    """What came in: how many `extracts` and `codes`, how many extracts were there `already`, and what could not be carried."""

    program: str
    dialect: str
    extracts: int
    already: int
    codes: int
    lost: tuple[str, ...]


def is_project(data: bytes) -> bool:
    """Whether a file begins as a project does that can be read."""
    return data.startswith((_ZIP, taguette.MAGIC))


def read(file: BinaryIO) -> Incoming:
    """A file of another program, of whatever kind it is. Raises NotReadable, Suspect."""
    beginning = file.read(16)
    file.seek(0)
    if beginning.startswith(taguette.MAGIC):
        return taguette.read(file)
    if beginning.startswith(_ZIP):
        # Imported for this kind of file alone, with the library for XML.
        from pipeline.imports import refi

        return refi.read(file)
    raise NotReadable(problem="is neither a REFI-QDA project nor a Taguette project")


def bring_in(
    home: Home, actor: Person, target: str, file: BinaryIO, *, add_codes: bool = False, dry_run: bool = False
) -> Imported:
    """Add what was coded in a file to a conversation, or to the conversations of a review.

    With `dry_run` nothing is written.

    Raises:
        NotAllowed, UnknownConversation, NoText, NotReadable, Suspect, NotOurs, Frozen.
    """
    require(actor.roles, Act.CODE, actor.name)
    incoming = read(file)
    with home.reading() if dry_run else home.writing() as session:
        review, conversations = _target(session, target)
        made = _plan(home, session, actor, review, conversations, incoming, add_codes)
        if not made.texts:
            raise NotOurs(target=target)
        if not dry_run:
            _write(home, session, actor, review, conversations, made)
    return Imported(
        program=incoming.program,
        dialect=incoming.dialect,
        extracts=len(made.extracts),
        already=made.already,
        codes=made.codes,
        lost=made.lost,
    )


def _target(session: Session, target: str) -> tuple[Review, Sequence[Conversation]]:
    review = session.scalar(select(Review).where(Review.reference == target))
    if review is not None:
        conversations = contents.documented(session, review)
    else:
        one = find_conversation(session, target)
        review, conversations = one.review, [one] if one.document is not None else []
    if not conversations:
        raise NoText(target=target)
    return review, conversations


def _plan(
    home: Home,
    session: Session,
    actor: Person,
    review: Review,
    conversations: Sequence[Conversation],
    incoming: Incoming,
    add_codes: bool,
) -> Plan:
    documents = [document for one in conversations if (document := contents.document(home, one)) is not None]
    existing = [extract for one in conversations for _, extract in contents.extracts(home, session, one)]
    return plan(
        incoming,
        documents,
        existing,
        book=codebook_of(home, review),
        review=review.reference,
        add_codes=add_codes,
        coder=actor.name,
        now=home.now(),
    )


def _write(
    home: Home, session: Session, actor: Person, review: Review, conversations: Sequence[Conversation], made: Plan
) -> None:
    if made.codes:
        before = codebook_of(home, review)
        bookkeeping.keep(home, session, review, made.book)
        scope = Scope(field=Field.CODES, review=review)
        history.record(home, session, scope, actor, bookkeeping.steps(home, before, made.book))
        home.log(session, Event.CODE_ADDED, actor=actor.name, obj=[review.id], detail={"count": made.codes})
    for conversation in conversations:
        own = [one for one in made.extracts if one.conversation == conversation.reference]
        if own:
            stages.require_open(session, conversation, "import")
            storing.put_in(home, session, conversation, actor, own)
            stages.settle(home, session, conversation, actor, first=State.CODED)
