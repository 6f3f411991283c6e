"""Which conventions a transcript is written in: chosen for a review, and for a conversation where it differs; each choice is
logged by the digest of the profile."""

from sqlalchemy import select

from access.people import Person
from access.roles import Act, require
from pipeline import stages
from pipeline.reviews import ConversationGone, ReviewClosed, find_conversation, find_review
from pipeline.transcripts import conventions, kept
from pipeline.transcripts.conventions import Conventions
from pipeline.transcripts.departures import Departure, departures
from storage.errors import NotFound
from storage.home import Home
from storage.log.log import Event
from storage.models import Conversation, Review, State


class NoConventions(NotFound):
    """conventions: none are recorded for {reference}; choose some with `candour review conventions REVIEW \
intelligent-verbatim`"""


def of(conversation: Conversation) -> Conventions | None:
    """What a conversation is written in: its own conventions, or those of its review."""
    row = conversation.conventions or conversation.review.conventions
    return None if row is None else conventions.from_row(row)


def of_review(review: Review) -> Conventions | None:
    return None if review.conventions is None else conventions.from_row(review.conventions)


def read(home: Home, reference: str) -> Conventions | None:
    """What a conversation is written in. Raises UnknownConversation."""
    with home.reading() as session:
        return of(find_conversation(session, reference))


def choose_for_review(home: Home, actor: Person, reference: str, chosen: Conventions) -> None:
    """Say how the transcripts of a review are written. Those that somebody signed keep what they were signed with.

    Raises:
        NotAllowed, UnknownReview, ReviewClosed.
    """
    require(actor.roles, Act.CREATE_REVIEW, actor.name)
    with home.writing() as session:
        review = find_review(session, reference)
        if review.closed_at is not None:
            raise ReviewClosed(reference=review.reference)
        for one in session.scalars(select(Conversation).where(Conversation.review_id == review.id)):
            if one.conventions is None and stages.has_signature(session, one):
                one.conventions = review.conventions
        review.conventions = conventions.to_row(chosen)
        home.log(
            session,
            Event.CONVENTIONS_CHOSEN,
            actor=actor.name,
            obj=[review.id],
            detail={"conventions": chosen.digest},
        )


def choose(home: Home, actor: Person, reference: str, chosen: Conventions | None) -> None:
    """Say how the transcript of one conversation is written; None for as its review says.

    Raises:
        NotAllowed, UnknownConversation, Frozen, ConversationGone.
    """
    require(actor.roles, Act.PLAN_CONVERSATION, actor.name)
    with home.writing() as session:
        conversation = find_conversation(session, reference)
        if conversation.quarantined or conversation.state in {State.DESTROYED, State.WITHDRAWN}:
            raise ConversationGone(reference=conversation.reference, what="the transcript")
        stages.require_open(session, conversation, "conventions")
        conversation.conventions = None if chosen is None else conventions.to_row(chosen)
        home.log(
            session,
            Event.CONVENTIONS_CHOSEN,
            actor=actor.name,
            obj=[conversation.id],
            detail={"conventions": chosen.digest if chosen else ""},
        )


def look(home: Home, actor: Person, reference: str) -> tuple[Conventions, tuple[Departure, ...]]:
    """The conventions of a transcript, and where it is not written as they say.

    Raises:
        NotAllowed, UnknownConversation, NoConventions, NoDraft, ConversationGone, VaultClosed.
    """
    require(actor.roles, Act.READ_TRANSCRIPT, actor.name)
    with home.reading() as session:
        conversation = find_conversation(session, reference)
        chosen = of(conversation)
        if chosen is None:
            raise NoConventions(reference=conversation.reference)
        return chosen, departures(kept.standing(home, session, conversation).turns, chosen)
