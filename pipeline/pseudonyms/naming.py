"""The name key of a review and the decisions about candidates, in the database: each one can be taken back."""

import secrets
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from dataclasses import replace as changed
from datetime import date

from sqlalchemy.orm import Session

from access.people import Person
from access.roles import Act, require
from pipeline import contents, history, stages
from pipeline.history import Field, Scope, Step
from pipeline.pseudonyms.candidates import Candidate, NoCandidate
from pipeline.pseudonyms.dates import Dates, Relative, Shift
from pipeline.pseudonyms.key_shelf import NameShelf, steps
from pipeline.pseudonyms.marked import Marked
from pipeline.pseudonyms.names import Kind, NameKey, Term
from pipeline.reviews import find_conversation, find_review
from pipeline.transcripts.document import Document
from storage.errors import NotFound
from storage.home import Home
from storage.log.log import Event
from storage.models import Review, State

_FEWEST_WEEKS, _MOST_WEEKS = (
    4,
    26,
)  # far enough that no date tells the real one, near enough that seasons stay about right


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


def both_ways(home: Home, actor: Person, reference: str) -> tuple[Marked, ...]:
    """Every turn as it was said and as it is shown, with the marks between: which term was found where, and how exactly.

    Raises what `preview` raises; ConversationGone once the recording is destroyed.
    """
    require(actor.roles, Act.READ_TRANSCRIPT, actor.name)
    with home.reading() as session:
        return contents.marked_turns(home, session, find_conversation(session, reference))


def listed(home: Home, actor: Person, review_reference: str) -> tuple[Term, ...]:
    """The terms of a review's name key."""
    return key_of(home, actor, review_reference).terms


def key_of(home: Home, actor: Person, review_reference: str) -> NameKey:
    """The name key of a review. Raises NotAllowed, UnknownReview."""
    require(actor.roles, Act.DECIDE_NAMES, actor.name)
    with home.reading() as session:
        return contents.name_key(home, find_review(session, review_reference))


def terms_of(home: Home, actor: Person, reference: str) -> tuple[Term, ...]:
    """The terms that a conversation is pseudonymised with. Raises NotAllowed, UnknownConversation."""
    require(actor.roles, Act.DECIDE_NAMES, actor.name)
    with home.reading() as session:
        return contents.name_key(home, find_conversation(session, reference).review).terms


def open_candidates(home: Home, actor: Person, reference: str) -> tuple[Candidate, ...]:
    """What may name somebody in a conversation and is undecided."""
    require(actor.roles, Act.DECIDE_NAMES, actor.name)
    with home.reading() as session:
        return contents.undecided(home, session, find_conversation(session, reference))


def settled_candidates(home: Home, actor: Person, reference: str) -> tuple[Candidate, ...]:
    """What somebody decided to be no name, and stands in a conversation."""
    require(actor.roles, Act.DECIDE_NAMES, actor.name)
    with home.reading() as session:
        return contents.settled(home, session, find_conversation(session, reference))


def candidates_of(home: Home, actor: Person, reference: str) -> tuple[tuple[Candidate, ...], tuple[Candidate, ...]]:
    """Those that nobody has decided, and those that are no names, found in one go."""
    require(actor.roles, Act.DECIDE_NAMES, actor.name)
    with home.reading() as session:
        return contents.all_candidates(home, session, find_conversation(session, reference))


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
    added: list[Term] = []

    def made(key: NameKey) -> NameKey:
        for real, replacement, kind in entries:
            added.append(Term(id=key.next_id(), real=real, replacement=replacement, kind=kind))
            key = key.with_term(added[-1])
        return key

    _change(home, actor, review_reference, Event.NAME_ADDED, made, detail={"count": len(entries)})
    return tuple(added)


def change(
    home: Home,
    actor: Person,
    review_reference: str,
    term: str,
    *,
    real: str | None = None,
    replacement: str | None = None,
    kind: Kind | None = None,
    also: Collection[str] | None = None,
) -> Term:
    """Change what a term is, what stands in its place, or the other ways to write it; extracts follow.

    Raises:
        UnknownTerm and what `add` raises.
    """

    def made(key: NameKey) -> NameKey:
        known = _known(key, term)
        return key.with_term(
            changed(
                known,
                real=known.real if real is None else real,
                replacement=known.replacement if replacement is None else replacement,
                kind=kind or known.kind,
                also=known.also if also is None else tuple(also),
            )
        )

    return _change(home, actor, review_reference, Event.NAME_CHANGED, made)[term]


def remove(home: Home, actor: Person, review_reference: str, term: str) -> None:
    """Take a term out of the key; its words become candidates again. Raises NotAllowed, UnknownReview, UnknownTerm."""
    _change(home, actor, review_reference, Event.NAME_CHANGED, lambda key: key.without(_known(key, term).id))


def shift_dates(home: Home, actor: Person, review_reference: str, weeks: int | None = None) -> None:
    """Say all dates of a review so many weeks later (earlier if negative), by default a number nobody is told.

    Raises NotAllowed, UnknownReview.
    """
    _set_dates(home, actor, review_reference, Shift(weeks=_drawn_weeks() if weeks is None else weeks))


def relate_dates(home: Home, actor: Person, review_reference: str, origin: date, called: str) -> None:
    """Say all dates of a review as a time before or after one day. Raises NotAllowed, UnknownReview, DateUnusable."""
    _set_dates(home, actor, review_reference, Relative(origin=origin, called=called))


def ask_about_dates(home: Home, actor: Person, review_reference: str) -> None:
    """Treat dates as candidates again. Raises NotAllowed, UnknownReview."""
    _set_dates(home, actor, review_reference, None)


def _set_dates(home: Home, actor: Person, review_reference: str, dates: Dates | None) -> None:
    _change(home, actor, review_reference, Event.NAME_CHANGED, lambda key: key.with_dates(dates))


def _drawn_weeks() -> int:
    weeks = _FEWEST_WEEKS + secrets.randbelow(_MOST_WEEKS - _FEWEST_WEEKS + 1)
    return weeks if secrets.randbelow(2) else -weeks


def decide(home: Home, actor: Person, reference: str, handle: str, decision: Decision) -> Candidate:
    """Decide a candidate of a conversation, for its whole review.

    Raises:
        NotAllowed, UnknownConversation, NoCandidate, UnknownTerm, Frozen and what the name key raises.
    """
    ((candidate, _),) = decide_all(home, actor, reference, [(handle, decision)])
    return candidate


def decide_all(
    home: Home, actor: Person, reference: str, decisions: Sequence[tuple[str, Decision]]
) -> list[tuple[Candidate, Decision]]:
    """Decide candidates of a conversation, all or nothing, and taken back as one. Raises what `decide` raises."""
    require(actor.roles, Act.DECIDE_NAMES, actor.name)
    with home.writing() as session:
        conversation = find_conversation(session, reference)
        stages.require_open(session, conversation, "names")
        review = conversation.review
        found = {c.handle: c for c in contents.undecided(home, session, conversation)}
        missing = next((handle for handle, _ in decisions if handle not in found), None)
        if missing is not None:
            raise NoCandidate(candidate=missing)
        before = key = contents.name_key(home, review)
        settled = []
        for handle, decision in decisions:
            key = _decided(key, found[handle], decision)
            if isinstance(decision, NotAName):
                settled.append(contents.candidate_digest(home, review, found[handle].term))
        _keep(home, session, review, actor, before, key, settled)
        home.log(session, Event.NAME_DECIDED, actor=actor.name, obj=[conversation.id])
        stages.settle_all(home, session, review, actor, met_alone=key is before)
        return [(found[handle], decision) for handle, decision in decisions]


def _decided(key: NameKey, candidate: Candidate, decision: Decision) -> NameKey:
    match decision:
        case New(replacement=replacement, kind=kind):
            return key.with_term(Term(id=key.next_id(), real=candidate.shown, replacement=replacement, kind=kind))
        case Is(term=term):
            return key.with_spelling(_known(key, term).id, candidate.shown)
        case NotAName():
            return key


def reopen(home: Home, actor: Person, reference: str, handle: str) -> Candidate:
    """Ask again about what was decided to be no name.

    Raises:
        NotAllowed, UnknownConversation, NoCandidate, Frozen.
    """
    require(actor.roles, Act.DECIDE_NAMES, actor.name)
    with home.writing() as session:
        conversation = find_conversation(session, reference)
        stages.require_open(session, conversation, "names")
        review = conversation.review
        found = {c.handle: c for c in contents.settled(home, session, conversation)}
        if handle not in found:
            raise NoCandidate(candidate=handle)
        place = f"settled:{contents.candidate_digest(home, review, found[handle].term)}"
        NameShelf(home, session, review, actor).put(place, None)
        history.record(home, session, _scope(review), actor, [Step(place=place, before="no name", after=None)])
        home.log(session, Event.NAME_DECIDED, actor=actor.name, obj=[conversation.id], detail={"reopened": True})
        stages.settle_all(home, session, review, actor)
        return found[handle]


def undo(home: Home, actor: Person, review_reference: str) -> None:
    """Take back one's own newest act on the names of a review: terms, decisions, the way of its dates.

    Raises:
        NotAllowed, UnknownReview, NothingToUndo, BuiltUpon, and what the name key raises.
    """
    _again(home, actor, review_reference, history.undo)


def redo(home: Home, actor: Person, review_reference: str) -> None:
    """Do again what one took back last. Raises NothingToRedo and what `undo` raises."""
    _again(home, actor, review_reference, history.redo)


def _again(home: Home, actor: Person, review_reference: str, way: Callable[..., object]) -> None:
    require(actor.roles, Act.DECIDE_NAMES, actor.name)
    with home.writing() as session:
        review = find_review(session, review_reference)
        shelf = NameShelf(home, session, review, actor)
        way(home, session, _scope(review), actor, shelf)
        contents.set_name_key(home, review, shelf.key)
        home.log(session, Event.NAME_CHANGED, actor=actor.name, obj=[review.id], detail={way.__name__: True})
        stages.settle_all(home, session, review, actor)


def _change(
    home: Home,
    actor: Person,
    review_reference: str,
    event: Event,
    made: Callable[[NameKey], NameKey],
    *,
    detail: dict[str, str | int | bool] | None = None,
) -> NameKey:
    require(actor.roles, Act.DECIDE_NAMES, actor.name)
    with home.writing() as session:
        review = find_review(session, review_reference)
        before = contents.name_key(home, review)
        key = made(before)
        _keep(home, session, review, actor, before, key)
        home.log(session, event, actor=actor.name, obj=[review.id], detail=detail)
        stages.settle_all(home, session, review, actor)
        return key


def _keep(
    home: Home,
    session: Session,
    review: Review,
    actor: Person,
    before: NameKey,
    key: NameKey,
    settled: Collection[str] = (),
) -> None:
    contents.set_name_key(home, review, key)
    shelf = NameShelf(home, session, review, actor)
    decided = [Step(place=f"settled:{digest}", before=None, after="no name") for digest in settled]
    for step in decided:
        shelf.put(step.place, step.after)
    history.record(home, session, _scope(review), actor, [*steps(before, key), *decided])


def _scope(review: Review) -> Scope:
    return Scope(field=Field.NAMES, review=review)


def _known(key: NameKey, term: str) -> Term:
    try:
        return key[term]
    except KeyError:
        raise UnknownTerm(term=term) from None
