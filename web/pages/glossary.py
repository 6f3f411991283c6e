"""The glossary of a review: names and terms that will be spoken, told to the speech model before it hears."""

from collections.abc import Mapping
from typing import Final

from starlette.responses import Response

from pipeline.transcription import chosen, glossary
from pipeline.transcription.glossary import BadTerm
from web.rendering import render, see_other, sentence
from web.visit import Visit

NOTICES: Final[Mapping[str, str]] = {"added": "Added. They count from the next recording on.", "removed": "Removed."}


def page(visit: Visit) -> Response:
    return _page(visit, {})


def add(visit: Visit) -> Response:
    """Terms, one a line, at the end of the glossary."""
    lines = [line for line in visit.text("terms").splitlines() if line.strip()]
    try:
        glossary.change(visit.home, visit.person, visit.part("review"), add=lines)
    except BadTerm as error:
        return _page(visit, {"terms": sentence(str(error))})
    return see_other(f"/reviews/{visit.part('review')}/glossary?done=added")


def remove(visit: Visit) -> Response:
    glossary.change(visit.home, visit.person, visit.part("review"), remove=[visit.text("term")])
    return see_other(f"/reviews/{visit.part('review')}/glossary?done=removed")


def _page(visit: Visit, errors: dict[str, str]) -> Response:
    terms = glossary.read(visit.home, visit.person, visit.part("review"))
    fits = chosen.told(visit.home, terms)
    return render(
        visit,
        "glossary.html",
        status=422 if errors else 200,
        review=visit.part("review"),
        terms=terms,
        missed=len(terms) - len(fits) if fits is not None else 0,
        errors=errors,
        notice=NOTICES.get(visit.query("done"), ""),
    )
