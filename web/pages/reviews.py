"""Reviews: the list, opening one, and the page of one, from which everything in it is reached."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.responses import Response

import configs
from pipeline import reviews
from pipeline.codes import codebook
from pipeline.codes.codebook import Codebook
from pipeline.reviews import find_review
from retention import holds, policy
from retention.policy import Period, Rule
from storage.errors import BadInput
from storage.home import Home
from storage.models import Conversation, Participant, Review
from storage.vault import KeyGone
from web import arrivals, overview, steps
from web.pages import signed
from web.rendering import plural, render, see_other, sentence
from web.visit import Visit

SCHEDULES, CODEBOOKS = "retention", "codebooks"


@dataclass(frozen=True, kw_only=True, slots=True)
class Summary:
    """A review in the list; `states` counts its conversations by where they stand."""

    reference: str
    schedule: str
    created_at: datetime
    closed_at: datetime | None
    states: Counter[str]


def index(visit: Visit) -> Response:
    return _index(visit, {})


def create(visit: Visit) -> Response:
    """Open a review with a shipped schedule and codebook."""
    schedule = _chosen(visit.text("schedule"), SCHEDULES)
    book = codebook.parse(_chosen(visit.text("codebook"), CODEBOOKS))
    try:
        made = reviews.create_review(
            visit.home, visit.person, visit.text("reference"), schedule=schedule, codebook=book
        )
    except (BadInput, reviews.Taken) as error:
        return _index(visit, {"reference": sentence(str(error))})
    return see_other(f"/reviews/{made.reference}?done=opened")


def page(visit: Visit) -> Response:
    """One review: where its conversations stand, who takes part, and what holds it."""
    return _page(visit, {})


def close(visit: Visit) -> Response:
    """Close a review, by typing its reference."""
    with visit.home.reading() as session:
        reference = find_review(session, visit.part("review")).reference
    errors = signed.mistyped(visit, reference)
    if errors:
        return _page(visit, errors)
    reviews.close_review(visit.home, visit.person, reference)
    return see_other(f"/reviews/{reference}?done=closed")


def _page(visit: Visit, errors: dict[str, str]) -> Response:
    home = visit.home
    with home.reading() as session:
        one = find_review(session, visit.part("review"))
        people = _participants(session, one)
        book = _codebook(home, one)
        standing = [hold for hold in holds.views(home, one.reference) if hold.lifted_at is None]
    rows = [row for row in overview.rows(home, arrivals.of(visit).coming()) if row.review == one.reference]
    return render(
        visit,
        "review.html",
        status=422 if errors else 200,
        one=one,
        working=visit.may(*overview.WORKING),
        rows=[(row, steps.path(visit, row)) for row in rows],
        people=[(person, sum(row.position == person.position for row in rows)) for person in people],
        holds=standing,
        schedule=policy.parse(one.schedule),
        rules=[_in_words(rule) for rule in policy.parse(one.schedule).rules],
        book=book,
        themes=sum(code.codable for code in book.codes) if book else 0,
        notice={
            "opened": f"{one.reference} is open. Add its participants next.",
            "closed": f"{one.reference} is closed.",
        }.get(visit.query("done"), ""),
        errors=errors,
    )


def _index(visit: Visit, errors: dict[str, str]) -> Response:
    with visit.home.reading() as session:
        found = [_summary(session, one) for one in session.scalars(select(Review).order_by(Review.reference))]
    return render(
        visit,
        "reviews.html",
        status=422 if errors else 200,
        reviews=found,
        schedules=configs.names(SCHEDULES),
        codebooks=configs.names(CODEBOOKS),
        errors=errors,
    )


def _summary(session: Session, one: Review) -> Summary:
    states = session.scalars(select(Conversation.state).where(Conversation.review_id == one.id))
    return Summary(
        reference=one.reference,
        schedule=policy.parse(one.schedule).name,
        created_at=one.created_at,
        closed_at=one.closed_at,
        states=Counter(state.value for state in states),
    )


def _codebook(home: Home, one: Review) -> Codebook | None:
    """Its codebook, or None once the review's own key is gone."""
    try:
        return reviews.codebook_of(home, one)
    except KeyGone:
        return None


def _chosen(name: str, folder: str) -> str:
    """The text of a shipped file; the page offers these alone."""
    known = configs.names(folder)
    return configs.read(f"{folder}/{name if name in known else known[0]}.toml")


def _participants(session: Session, one: Review) -> Sequence[Participant]:
    mine = select(Participant).where(Participant.review_id == one.id)
    return session.scalars(mine.order_by(Participant.position)).all()


def _in_words(rule: Rule) -> tuple[str, str]:
    """What goes, and when: ("recording", "14 days after signed off, and never later than 6 months after recorded")."""
    when = _moment(rule.period, rule.trigger)
    if rule.backstop is not None:
        when += f", and never later than {_moment(rule.backstop, policy.Trigger.RECORDED)}"
    return rule.object_class.value, when


def _moment(period: Period, trigger: policy.Trigger) -> str:
    event = {
        policy.Trigger.SIGNED_OFF: "it is signed off",
        policy.Trigger.RECORDED: "it was recorded",
        policy.Trigger.REVIEW_CLOSED: "the review is closed",
    }[trigger]
    years, months = divmod(period.months, 12)
    parts = [plural(count, unit) for count, unit in ((years, "year"), (months, "month"), (period.days, "day")) if count]
    return f"{' and '.join(parts)} after {event}" if parts else f"as soon as {event}"
