"""The name key of a review and the decisions about candidates, in the database."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from access.people import Person
from access.roles import Act, require
from pipeline import contents, stages
from pipeline.pseudonyms.candidates import Candidate, NoCandidate
from pipeline.pseudonyms.names import Kind, NameKey, Term
from pipeline.reviews import find_conversation, find_review
from pipeline.transcripts.document import Document
from storage.errors import NotFound
from storage.home import Home
from storage.log.log import Event
from storage.models import Conversation, NameDecision, Review, State


class UnknownTerm(NotFound):
    """names: the name key has no term {term}; `candour names list` shows them"""


@dataclass(frozen=True, kw_only=True, slots=True)
class New:
    """A candidate becomes a new term of the key."""

    replacement: str
    kind: Kind


@dataclass(frozen=True, kw_only=True, slots=True)
class Is:
    """A candidate is another way to write a term of the key."""

    term: str


@dataclass(frozen=True, kw_only=True, slots=True)
class NotAName:
    """A candidate names nobody and may stay."""


Decision = New | Is | NotAName


def preview(home: Home, actor: Person, reference: str) -> Document:
    """The pseudonymised view: of the transcript as it stands, or what is kept of it when the recording is gone.

    Raises:
        NotAllowed, UnknownConversation, NoDraft, ConversationGone.
    """
    require(actor.roles, Act.READ_TRANSCRIPT, actor.name)
    with home.reading() as session:
        conversation = find_conversation(session, reference)
        kept = contents.document(home, conversation) if conversation.state is State.DESTROYED else None
        return kept or contents.pseudonymised(home, session, conversation)


def listed(home: Home, actor: Person, review_reference: str) -> tuple[Term, ...]:
    """The terms of a review's name key."""
    require(actor.roles, Act.DECIDE_NAMES, actor.name)
    with home.reading() as session:
        return contents.name_key(home, find_review(session, review_reference)).terms


def open_candidates(home: Home, actor: Person, reference: str) -> tuple[Candidate, ...]:
    require(actor.roles, Act.DECIDE_NAMES, actor.name)
    with home.reading() as session:
        return contents.undecided(home, session, find_conversation(session, reference))


def add(home: Home, actor: Person, review_reference: str, real: str, *, replacement: str, kind: Kind) -> Term:
    """Add a term to a review's name key; every conversation still at work is pseudonymised anew.

    Raises:
        NotAllowed, UnknownReview, TermUnusable, TermTaken, ReplacementNames.
    """
    (term,) = add_all(home, actor, review_reference, [(real, replacement, kind)])
    return term


def add_all(
    home: Home, actor: Person, review_reference: str, entries: Sequence[tuple[str, str, Kind]]
) -> tuple[Term, ...]:
    """Add terms, each as real term, replacement and kind; all or nothing. Raises what `add` raises."""
    require(actor.roles, Act.DECIDE_NAMES, actor.name)
    added = []
    with home.writing() as session:
        review = find_review(session, review_reference)
        key = contents.name_key(home, review)
        for real, replacement, kind in entries:
            added.append(_term(key, real, New(replacement=replacement, kind=kind)))
            key = key.with_term(added[-1])
        contents.set_name_key(home, review, key)
        home.log(session, Event.NAME_ADDED, actor=actor.name, obj=[review.id], detail={"count": len(added)})
        _settle_all(home, session, review, actor)
    return tuple(added)


def _term(key: NameKey, real: str, new: New) -> Term:
    return Term(id=f"T{len(key.terms) + 1}", real=real, replacement=new.replacement, kind=new.kind)


def decide(home: Home, actor: Person, reference: str, handle: str, decision: Decision) -> Candidate:
    """Decide a candidate of a conversation, for its whole review.

    Raises:
        NotAllowed, UnknownConversation, NoCandidate, UnknownTerm, Frozen and what the name key raises.
    """
    require(actor.roles, Act.DECIDE_NAMES, actor.name)
    with home.writing() as session:
        conversation = find_conversation(session, reference)
        stages.require_open(session, conversation, "names")
        review = conversation.review
        found = {c.handle: c for c in contents.undecided(home, session, conversation)}
        if handle not in found:
            raise NoCandidate(candidate=handle)
        candidate = found[handle]
        key = contents.name_key(home, review)
        match decision:
            case New():
                contents.set_name_key(home, review, key.with_term(_term(key, candidate.shown, decision)))
            case Is(term=term):
                if term not in {one.id for one in key.terms}:
                    raise UnknownTerm(term=term)
                contents.set_name_key(home, review, key.with_spelling(term, candidate.shown))
            case NotAName():
                digest = contents.candidate_digest(home, review, candidate.term)
                session.add(
                    NameDecision(id=uuid4(), review_id=review.id, digest=digest, person_id=actor.id, at=home.now())
                )
                session.flush()
        home.log(session, Event.NAME_DECIDED, actor=actor.name, obj=[conversation.id])
        _settle_all(home, session, review, actor)
        return candidate


def _settle_all(home: Home, session: Session, review: Review, actor: Person) -> None:
    for conversation in session.scalars(select(Conversation).where(Conversation.review_id == review.id)):
        if conversation.state in stages.AT_WORK and not stages.has_signature(session, conversation):
            stages.settle(home, session, conversation, actor)
