"""Where the terms of a name key stand in the conversations of a review, and in which forms."""

from collections import Counter
from dataclasses import dataclass, field

from sqlalchemy import select

from access.people import Person
from access.roles import Act, require
from pipeline import contents
from pipeline.pseudonyms.candidates import around
from pipeline.reviews import find_review
from pipeline.stages import AT_WORK
from storage.home import Home
from storage.models import Conversation


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """One replacement: in which conversation and turn, what was said, and up to six words on either side."""

    conversation: str
    turn: int
    said: str = field(repr=False)
    exact: bool
    before: str = field(repr=False)
    after: str = field(repr=False)


def of_terms(home: Home, actor: Person, review_reference: str) -> dict[str, list[Place]]:
    """Every place by its term, in order, in the conversations that can still be worked on.

    Raises NotAllowed, UnknownReview.
    """
    require(actor.roles, Act.DECIDE_NAMES, actor.name)
    found: dict[str, list[Place]] = {}
    with home.reading() as session:
        review = find_review(session, review_reference)
        mine = (
            Conversation.review_id == review.id,
            Conversation.state.in_(AT_WORK),
            Conversation.quarantined.is_(False),
        )
        for one in session.scalars(select(Conversation).where(*mine).order_by(Conversation.reference)):
            for turn in contents.marked_turns(home, session, one):
                for mark in turn.shown.marks:
                    text = turn.said.text
                    before, after = around(text, mark.start, mark.end)
                    found.setdefault(mark.term, []).append(
                        Place(
                            conversation=one.reference,
                            turn=turn.said.turn,
                            said=text[mark.start : mark.end],
                            exact=mark.exact,
                            before=before,
                            after=after,
                        )
                    )
    return found


def forms(places: list[Place]) -> list[tuple[str, bool, int]]:
    """The ways a term was written: each with whether it is one of its own, and not taken for a misspelling, and how often."""
    counts = Counter((place.said, place.exact) for place in places)
    return [(said, exact, count) for (said, exact), count in counts.most_common()]
