"""The names of one conversation: what may name somebody and nobody has decided, one after another, and what was decided."""

from collections.abc import Mapping, Sequence
from typing import Final

from sqlalchemy.orm import Session
from starlette.responses import JSONResponse, Response

from access.roles import NotAllowed
from pipeline.pseudonyms import naming, proposals
from pipeline.pseudonyms.candidates import Candidate
from pipeline.pseudonyms.names import Kind, NameKey
from pipeline.pseudonyms.naming import Decision, Is, New, NotAName
from pipeline.reviews import find_conversation
from storage.errors import BadInput, NotFound, Refused
from storage.models import Conversation
from web import errors as answers
from web.rendering import render, see_other, sentence
from web.visit import NoSuchPage, Visit

MOST_PLACES: Final = 3  # of a candidate are shown
NOTICES: Final[Mapping[str, str]] = {"undo": "Taken back.", "redo": "Done again."}


def page(visit: Visit) -> Response:
    return _page(visit, {})


def decide(visit: Visit) -> Response:
    """Decide one candidate for the whole review, or ask again about one that was decided to be no name."""
    home, reference, candidate = visit.home, visit.part("conversation"), visit.text("candidate")
    try:
        if visit.text("decision") == "reopen":
            naming.reopen(home, visit.person, reference, candidate)
        else:
            naming.decide(home, visit.person, reference, candidate, _decision(visit))
    except NotAllowed:
        raise
    except (BadInput, Refused, NotFound) as error:
        if answers.wants_json(visit) or isinstance(error, NoSuchPage):
            raise
        return _page(visit, {_field(visit): sentence(str(error))})
    if answers.wants_json(visit):
        # What is no name changes nothing about the others.
        return JSONResponse({}) if visit.text("decision") == "not-a-name" else _left(visit, reference)
    return see_other(f"/conversations/{reference}/names?after={candidate}")


def again(visit: Visit) -> Response:
    """Take back, or do again, what this person did last to the names of the review."""
    reference, way = visit.part("conversation"), "redo" if visit.text("way") == "redo" else "undo"
    with visit.home.reading() as session:
        review = _one(visit, session).review.reference
    (naming.redo if way == "redo" else naming.undo)(visit.home, visit.person, review)
    if answers.wants_json(visit):
        return _left(visit, reference)
    return see_other(f"/conversations/{reference}/names?done={way}")


def _one(visit: Visit, session: Session) -> Conversation:
    return find_conversation(session, visit.part("conversation"))


def _decision(visit: Visit) -> Decision:
    match visit.text("decision"):
        case "is":
            return Is(term=visit.text("pick") or visit.text("term"))
        case "new":
            kind = Kind(_kind(visit.text("kind"), None) or Kind.OTHER)
            return New(replacement=visit.text("replacement"), kind=kind)
        case "not-a-name":
            return NotAName()
    raise NoSuchPage


def _field(visit: Visit) -> str:
    return {"is": "term", "new": "replacement"}.get(visit.text("decision"), "")


def _left(visit: Visit, reference: str) -> JSONResponse:
    """What is open now and what may be proposed, for a page that has the candidates already."""
    with visit.home.reading() as session:
        review = _one(visit, session).review.reference
    left = naming.open_candidates(visit.home, visit.person, reference)
    key = naming.key_of(visit.home, visit.person, review)
    near = {one.handle: [term.id for term in proposals.nearest(one.shown, key)] for one in left}
    return JSONResponse({"open": near, "terms": _options(key), "proposals": _proposals(key)})


def _page(visit: Visit, errors: dict[str, str]) -> Response:
    home, reference = visit.home, visit.part("conversation")
    with home.reading() as session:
        one = _one(visit, session)
        review, position = one.review.reference, one.participant.position
    left, settled = naming.candidates_of(home, visit.person, reference)
    key = naming.key_of(home, visit.person, review)
    here = _here(visit, left)
    return render(
        visit,
        "candidates.html",
        status=422 if errors else 200,
        one=one,
        review=review,
        position=position,
        left=left,
        here=here,
        passed_all=bool(left) and visit.query("after") != "" and here is left[0],
        settled=settled,
        nearest={candidate.handle: proposals.nearest(candidate.shown, key) for candidate in left},
        terms=key.terms,
        options=_options(key),
        kind=_kind(visit.text("kind"), here),
        proposals=_proposals(key),
        most=MOST_PLACES,
        errors=errors,
        notice=NOTICES.get(visit.query("done"), ""),
    )


def _options(key: NameKey) -> list[tuple[str, str]]:
    """The terms to choose from: id, and what stands for which words."""
    named = [(term.id, f"{term.shown} {', '.join((term.real, *term.also))}") for term in key.terms]
    return sorted(named, key=lambda one: one[1].casefold())


def _proposals(key: NameKey) -> dict[str, str]:
    """Each kind with a replacement that no term has yet."""
    return {kind.value: proposals.replacement(kind, key) for kind in Kind}


def _kind(asked: str, here: Candidate | None) -> str:
    if asked in {kind.value for kind in Kind}:
        return asked
    return here.kind.value if here else ""


def _here(visit: Visit, left: Sequence[Candidate]) -> Candidate | None:
    """The candidate in hand: the one that is asked for, or the first behind the one that was decided or skipped."""
    asked = visit.text("candidate") or visit.query("at")
    for one in left:
        if one.handle == asked:
            return one
    after = _order(visit.query("after"))
    return next((one for one in left if _order(one.handle) > after), left[0] if left else None)


def _order(handle: str) -> tuple[int, ...]:
    parts = handle.split(".")
    return tuple(int(part) for part in parts) if all(part.isdecimal() and len(part) < 9 for part in parts) else ()
