"""What the script of a transcript's page sends: each is one step of `pipeline.transcripts`, answered with the turns it was about.

A save names the version of the turn that the person has seen (`base`); where somebody else was faster nothing is written, and
the answer is 409 with the turn as it stands, so that both texts can be shown.
"""

import re
from collections.abc import Callable
from typing import Final, TypeAlias

from starlette.responses import JSONResponse, Response

from access.people import Person
from pipeline.transcripts import editing, reviewing
from pipeline.transcripts.editing import Saved, Stale
from pipeline.transcripts.searching import Hit
from pipeline.transcripts.transcript import Span, Speaker
from storage.errors import BadInput
from storage.home import Home
from web.errors import status_of, wants_json
from web.pages.transcript_leases import LEASES, Place
from web.pages.transcript_turns import changed, heard, shown, spans_text
from web.rendering import see_other
from web.visit import Visit

Edit: TypeAlias = Callable[[Home, Person, str], Saved]

_SPAN: Final = re.compile(r"(\d{1,6}(?:\.\d{1,3})?)-(\d{1,6}(?:\.\d{1,3})?)")
_HIT: Final = re.compile(r"(\d{1,9}):(\d{1,9})-(\d{1,9})")


class Unreadable(BadInput):
    """page: the field {field} is not what this page sends; nothing was changed, load the page again"""


def place(visit: Visit) -> Place:
    """The home and the conversation of a visit."""
    return visit.home.folder, visit.part("conversation").upper()


def text(visit: Visit) -> Response:
    """A turn gets a new text; `typing` while somebody goes on writing in it."""
    said = " ".join(visit.text("text").split())
    turn, base, typing = _number(visit, "turn"), _number(visit, "base"), visit.text("typing") == "yes"
    return _edited(visit, lambda home, who, ref: editing.rewrite(home, who, ref, turn, said, base=base, typing=typing))


def speaker(visit: Visit) -> Response:
    """Turns are given to a speaker."""
    speakers, base = dict.fromkeys(_numbers(visit, "turns"), _speaker(visit)), _number(visit, "base")
    return _edited(visit, lambda home, who, ref: editing.assign(home, who, ref, speakers, base=base))


def swap(visit: Visit) -> Response:
    """Interviewer and Participant change places everywhere."""
    return _edited(visit, lambda home, who, ref: editing.swap(home, who, ref))


def split(visit: Visit) -> Response:
    """A turn is cut in two after `at` characters."""
    turn, at, base = _number(visit, "turn"), _number(visit, "at"), _number(visit, "base")
    return _edited(visit, lambda home, who, ref: editing.split(home, who, ref, turn, at, base=base))


def merge(visit: Visit) -> Response:
    """A turn and the next become one."""
    turn, base = _number(visit, "turn"), _number(visit, "base")
    return _edited(visit, lambda home, who, ref: editing.merge(home, who, ref, turn, base=base))


def find(visit: Visit) -> Response:
    """Where a term stands. Sent like a form, so that no word of a conversation is part of an address."""
    whole, case = visit.text("whole") == "yes", visit.text("case") == "yes"
    sought, (_, reference) = visit.text("sought"), place(visit)
    preview = editing.find(visit.home, visit.person, reference, sought, whole=whole, case=case)
    hits = [
        {
            "turn": one.turn,
            "start": one.start,
            "end": one.end,
            "before": one.before,
            "text": one.text,
            "after": one.after,
        }
        for one in preview.hits
    ]
    return JSONResponse({"version": preview.version, "hits": hits})


def replace(visit: Visit) -> Response:
    """Other words in the places that were found and picked: one step to undo."""
    hits = [
        Hit(turn=int(turn), start=int(start), end=int(end), before="", text="", after="")
        for turn, start, end in _all(_HIT, visit, "hits")
    ]
    other, base = visit.text("replacement"), _number(visit, "base")
    return _edited(visit, lambda home, who, ref: editing.replace(home, who, ref, hits, other, base=base))


def check(visit: Visit) -> Response:
    """Turns are right as they stand, or no longer said to be."""
    turns, base, right = _numbers(visit, "turns"), _number(visit, "base"), visit.text("checked") == "yes"
    return _edited(visit, lambda home, who, ref: editing.check(home, who, ref, turns, checked=right, base=base))


def note(visit: Visit) -> Response:
    """A remark on a turn, in place of another one, or away with that one."""
    turn, of = _number(visit, "turn"), _number(visit, "of") if visit.text("of") else None
    return _edited(visit, lambda home, who, ref: editing.note(home, who, ref, turn, visit.text("text"), of=of))


def undo(visit: Visit) -> Response:
    return _edited(visit, lambda home, who, ref: editing.undo(home, who, ref))


def redo(visit: Visit) -> Response:
    return _edited(visit, lambda home, who, ref: editing.redo(home, who, ref))


def played(visit: Visit) -> Response:
    """Stretches that were played to the person."""
    spans = [Span(start=float(start), end=float(end)) for start, end in _all(_SPAN, visit, "spans")]
    return _listened(reviewing.played(visit.home, visit.person, place(visit)[1], spans))


def waive(visit: Visit) -> Response:
    """Nobody needs to listen to these turns, and why."""
    LEASES.take(place(visit), visit.person.name)
    turns, (_, reference) = _numbers(visit, "turns"), place(visit)
    reviewing.waive(visit.home, visit.person, reference, turns, visit.text("reason"))
    return _listened(reviewing.read(visit.home, visit.person, reference))


def resolve(visit: Visit) -> Response:
    """Doubts that the person has listened to."""
    LEASES.take(place(visit), visit.person.name)
    left = reviewing.resolve(visit.home, visit.person, place(visit)[1], _numbers(visit, "doubts"))
    return _done(visit, {"left": left})


def damage(visit: Visit) -> Response:
    """The person knows of the damaged stretches."""
    return _done(visit, {"known": reviewing.acknowledge_damage(visit.home, visit.person, place(visit)[1])})


def lease(visit: Visit) -> Response:
    """The person takes the conversation over from somebody else, or leaves it."""
    if visit.text("leave") == "yes":
        LEASES.leave(place(visit), visit.person.name)
    else:
        LEASES.take(place(visit), visit.person.name, over=True)
    return JSONResponse({"holder": LEASES.holder(place(visit))})


def _edited(visit: Visit, edit: Edit) -> Response:
    where = place(visit)
    LEASES.take(where, visit.person.name)
    try:
        saved = edit(visit.home, visit.person, where[1])
    except Stale as error:
        problem = {"kind": "Stale", "message": str(error)}
        return JSONResponse({"error": problem, "standing": shown(error.standing).to_json()}, status_of(error))
    return JSONResponse(changed(saved.transcript, saved.turns))


def _done(visit: Visit, said: dict[str, int]) -> Response:
    """The answer to what works without script too: then back to the page."""
    return JSONResponse(said) if wants_json(visit) else see_other(f"/conversations/{place(visit)[1]}/transcript")


def _listened(reading: reviewing.Reading) -> Response:
    return JSONResponse({"heard": spans_text(heard(reading))})


def _number(visit: Visit, field: str) -> int:
    number = visit.text(field)
    if not number.isdecimal() or len(number) > 9:
        raise Unreadable(field=field)
    return int(number)


def _numbers(visit: Visit, field: str) -> list[int]:
    numbers = visit.text(field).split()
    if not numbers or not all(one.isdecimal() and len(one) <= 9 for one in numbers):
        raise Unreadable(field=field)
    return [int(one) for one in numbers]


def _speaker(visit: Visit) -> Speaker:
    try:
        return Speaker(visit.text("speaker"))
    except ValueError:
        raise Unreadable(field="speaker") from None


def _all(pattern: re.Pattern[str], visit: Visit, field: str) -> list[tuple[str, ...]]:
    found = [pattern.fullmatch(one) for one in visit.text(field).split()]
    if not found or None in found:
        raise Unreadable(field=field)
    return [match.groups() for match in found if match]
