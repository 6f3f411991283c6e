"""Where the terms of a name key stand in the conversations of a review, and in which forms."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.orm import Session

from access.people import Person
from access.roles import Act, require
from pipeline import contents
from pipeline.pseudonyms.candidates import around
from pipeline.pseudonyms.marked import Marked
from pipeline.pseudonyms.names import Mark
from pipeline.reviews import find_review
from pipeline.stages import AT_WORK
from storage.home import Home
from storage.models import Conversation, Review


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
        for one in _at_work(session, find_review(session, review_reference)):
            for turn in contents.marked_turns(home, session, one):
                for mark in turn.shown.marks:
                    found.setdefault(mark.term, []).append(_place(one, turn, mark))
    return found


def open_counts(home: Home, actor: Person, review_reference: str) -> dict[str, int]:
    """How many candidates are open in each of these conversations. Raises NotAllowed, UnknownReview."""
    require(actor.roles, Act.DECIDE_NAMES, actor.name)
    with home.reading() as session:
        review = find_review(session, review_reference)
        return {one.reference: len(contents.undecided(home, session, one)) for one in _at_work(session, review)}


def _at_work(session: Session, review: Review) -> Sequence[Conversation]:
    mine = (Conversation.review_id == review.id, Conversation.state.in_(AT_WORK), Conversation.quarantined.is_(False))
    return session.scalars(select(Conversation).where(*mine).order_by(Conversation.reference)).all()


def _place(conversation: Conversation, turn: Marked, mark: Mark) -> Place:
    text = turn.said.text
    before, after = around(text, mark.start, mark.end)
    return Place(
        conversation=conversation.reference,
        turn=turn.said.turn,
        said=text[mark.start : mark.end],
        exact=mark.exact,
        before=before,
        after=after,
    )


def forms(places: list[Place]) -> list[tuple[str, bool, int]]:
    """The ways a term was written: each with whether it is one of its own, and not taken for a misspelling, and how often."""
    counts = Counter((place.said, place.exact) for place in places)
    return [(said, exact, count) for (said, exact), count in counts.most_common()]
