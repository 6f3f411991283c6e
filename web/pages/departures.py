"""Where a transcript is not written as its conventions say: a list that leads to the turns. Nothing waits for it."""

from starlette.responses import Response

from pipeline.transcripts import agreeing
from web.rendering import render
from web.visit import Visit


def page(visit: Visit) -> Response:
    reference = visit.part("conversation").upper()
    chosen, found = agreeing.look(visit.home, visit.person, reference)
    return render(visit, "departures.html", reference=reference, conventions=chosen, departures=found)
