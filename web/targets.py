"""What leaves, or comes in: a conversation, or all of a review."""

from dataclasses import dataclass

from sqlalchemy import select

from pipeline.reviews import find_conversation, find_review
from storage.models import Participant
from web.visit import Visit


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """A conversation, or a `whole` review, with the page that is about it and the positions that could receive it."""

    reference: str
    review: str
    path: str
    receivers: tuple[str, ...]
    whole: bool


def conversation(visit: Visit, page: str) -> Target:
    """The conversation in the address. Raises UnknownConversation."""
    with visit.home.reading() as session:
        one = find_conversation(session, visit.part("conversation"))
        return Target(
            reference=one.reference,
            review=one.review.reference,
            path=f"/conversations/{one.reference}/{page}",
            receivers=(one.participant.position,),
            whole=False,
        )


def review(visit: Visit, page: str) -> Target:
    """The review in the address. Raises UnknownReview."""
    with visit.home.reading() as session:
        one = find_review(session, visit.part("review"))
        positions = session.scalars(select(Participant.position).where(Participant.review_id == one.id))
        return Target(
            reference=one.reference,
            review=one.reference,
            path=f"/reviews/{one.reference}/{page}",
            receivers=tuple(sorted(positions)),
            whole=True,
        )
