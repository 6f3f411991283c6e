"""Where a transcript is not written as its conventions say: a list that leads to the turns, and mending what takes no ear.

Nothing waits for it.
"""

from starlette.responses import Response

from access.roles import Act
from pipeline import stages
from pipeline.reviews import find_conversation
from pipeline.transcripts import editing, mending
from web.pages.transcript_edits import place
from web.pages.transcript_leases import LEASES
from web.rendering import plural, render, see_other
from web.visit import Visit


def page(visit: Visit) -> Response:
    """`?mended=3&version=17` says what was done, as long as nothing was done after it."""
    reference = place(visit)[1]
    found = mending.look(visit.home, visit.person, reference)
    with visit.home.reading() as session:
        signed = stages.has_signature(session, find_conversation(session, reference))
    editable = visit.may(Act.CORRECT) and not signed
    mended = visit.query("mended") if visit.query("version") == str(found.version) else ""
    return render(
        visit,
        "departures.html",
        reference=reference,
        conventions=found.conventions,
        departures=found.departures,
        mendable=found.turns if editable else (),
        can_undo=editable and mended not in {"", "0"},
        notice=_notice(mended),
    )


def mend(visit: Visit) -> Response:
    """Write what takes no ear as the conventions say."""
    LEASES.take(place(visit), visit.person.name)
    saved = mending.mend(visit.home, visit.person, place(visit)[1])
    return see_other(f"{_path(visit)}?mended={len(saved.turns)}&version={saved.transcript.version}")


def undo(visit: Visit) -> Response:
    """Take it back, as a person's newest correction."""
    LEASES.take(place(visit), visit.person.name)
    editing.undo(visit.home, visit.person, place(visit)[1])
    return see_other(_path(visit))


def _path(visit: Visit) -> str:
    return f"/conversations/{place(visit)[1]}/transcript/conventions"


def _notice(mended: str) -> str:
    if not mended.isdecimal() or len(mended) > 9:
        return ""
    return f"{plural(int(mended), 'turn')} mended." if int(mended) else "Nothing was left to mend."
