"""The page on which a conversation is coded: the pseudonymised transcript with one's own extracts in it.

Two coders are kept apart: each sees their own, and another's only where they ask to (`?with=lee`). What the work of a person who
has left needs, anybody does. Without script it is read whole, and coded turn by turn (`?turn=12`).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from starlette.responses import JSONResponse, Response

from pipeline import stages
from pipeline.codes import bookkeeping, extracting, finding
from pipeline.codes.codebook import Code, Codebook
from pipeline.codes.finding import Filed
from pipeline.reviews import find_conversation
from storage.errors import BadInput, NotFound, Refused
from storage.models import State
from web.errors import status_of, wants_json
from web.pages.extract import labels, place, playable, told
from web.rendering import render, see_other, sentence
from web.visit import Visit

DONE = {"added": "It is coded.", "undo": "Taken back.", "redo": "Done again."}


class WhichWords(BadInput):
    """page: no words were named; choose a turn, or select the words"""


class NoCodeNamed(BadInput):
    """page: no code was named; name one, or code the words in vivo"""


@dataclass(frozen=True, kw_only=True, slots=True)
class About:
    """What the page says around the turns."""

    reference: str
    review: str
    position: str
    state: State
    signed: bool
    playable: bool


def page(visit: Visit) -> Response:
    return _page(visit, {}, turn=visit.query("turn"))


def listed(visit: Visit) -> Response:
    """The extracts and the codes as they are now, for the script."""
    about = _about(visit)
    book = bookkeeping.read(visit.home, visit.person, about.review)
    _, shown = _shown(visit, about)
    return JSONResponse(_coded(shown, book))


def _coded(shown: list[Filed], book: Codebook) -> dict[str, Any]:
    return {"extracts": [told(one) for one in shown], "codes": [_code(book, code) for code in book.codes]}


def add(visit: Visit) -> Response:
    """File words under codes, or under a code of their own."""

    def act() -> dict[str, Any]:
        codes, in_vivo, where = labels(visit, "codes"), visit.text("in_vivo") == "yes", place(visit)
        if where is None:
            raise WhichWords
        if not codes and not in_vivo:
            raise NoCodeNamed
        reference, memo = visit.part("conversation"), visit.text("memo")
        number = extracting.file(visit.home, visit.person, reference, where, codes=codes, memo=memo, in_vivo=in_vivo)
        return told(finding.one(visit.home, visit.person, reference, number)) if wants_json(visit) else {}

    return _acted(visit, "added", act)


def undo(visit: Visit) -> Response:
    return _acted(
        visit, "undo", lambda: {"about": extracting.undo(visit.home, visit.person, visit.part("conversation"))}
    )


def redo(visit: Visit) -> Response:
    return _acted(
        visit, "redo", lambda: {"about": extracting.redo(visit.home, visit.person, visit.part("conversation"))}
    )


def _acted(visit: Visit, done: str, act: Callable[[], dict[str, Any]]) -> Response:
    turn = visit.text("turn")
    try:
        said = act()
    except (BadInput, Refused, NotFound) as error:
        if wants_json(visit):
            raise
        return _page(visit, {"": sentence(str(error))}, turn=turn, status=status_of(error))
    if wants_json(visit):
        return JSONResponse(said)
    to = f"&turn={turn}#turn-{turn}" if turn.isdecimal() else ""
    return see_other(f"/conversations/{_about(visit).reference}/coding?done={done}{to}")


def _page(visit: Visit, errors: dict[str, str], *, turn: str, status: int = 200) -> Response:
    about = _about(visit)
    document = extracting.read(visit.home, visit.person, about.reference)
    book = bookkeeping.read(visit.home, visit.person, about.review)
    every, shown = _shown(visit, about)
    beginning: dict[int, list[Filed]] = {}
    for one in sorted(shown, key=lambda one: one.extract.anchor):
        if not one.lost:
            beginning.setdefault(one.extract.anchor.first_turn, []).append(one)
    return render(
        visit,
        "coding.html",
        status=status,
        about=about,
        passages=document.passages,
        beginning=beginning,
        coded=_coded(shown, book),
        mend=[one for one in shown if one.faults and one.changeable],
        mend_elsewhere=sum(1 for one in every if one.faults and not one.changeable),
        count=sum(1 for one in shown if one.extract.coder == visit.person.name),
        others=sorted({one.extract.coder for one in every} - {visit.person.name}),
        beside=visit.query("with"),
        codes={code.id: code for code in book.codes},
        choices=[code for code in book.codes if code.codable and not code.retired],
        turn=int(turn) if turn.isdecimal() else 0,
        notice="" if errors else DONE.get(visit.query("done"), ""),
        errors=errors,
    )


def _about(visit: Visit) -> About:
    with visit.home.reading() as session:
        one = find_conversation(session, visit.part("conversation"))
        return About(
            reference=one.reference,
            review=one.review.reference,
            position=one.participant.position,
            state=one.state,
            signed=stages.has_signature(session, one),
            playable=playable(visit, one),
        )


def _shown(visit: Visit, about: About) -> tuple[list[Filed], list[Filed]]:
    """All extracts, and those this person works on or has asked to see."""
    every = finding.of_conversation(visit.home, visit.person, about.reference)
    return every, [one for one in every if one.changeable or one.extract.coder == visit.query("with")]


def _code(book: Codebook, code: Code) -> dict[str, Any]:
    """A code as the script is told of it."""
    return {
        "id": code.id,
        "name": code.name,
        "colour": code.colour,
        "shortcut": code.shortcut,
        "aliases": list(code.aliases),
        "codable": code.codable and not code.retired,
        "description": code.description,
        "above": [one.name for one in book.lineage(code)[:-1]],
    }
