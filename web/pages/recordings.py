"""The table of all conversations: the whole project's position in five seconds, never a personal name."""

from dataclasses import dataclass

from starlette.responses import JSONResponse, Response

from storage.models import State
from web import arrivals, overview, steps
from web.overview import Row
from web.rendering import render
from web.visit import Visit


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """The filter, which is the address: `/conversations?review=LT-7&state=transcribed&with=ruth`."""

    review: str = ""
    state: str = ""
    person: str = ""

    def admits(self, row: Row) -> bool:
        return (
            self.review in {"", row.review}
            and self.state in {"", row.state.value}
            and self.person in {"", row.worked_on_by}
        )


def page(visit: Visit) -> Response:
    wanted = Wanted(review=visit.query("review"), state=visit.query("state"), person=visit.query("with"))
    everything = overview.rows(visit.home, arrivals.of(visit).coming())
    rows = [row for row in everything if wanted.admits(row)]
    return render(
        visit,
        "recordings.html",
        rows=rows,
        next={row.reference: steps.path(visit, row) for row in rows},
        total=len(everything),
        wanted=wanted,
        reviews=sorted({row.review for row in everything}),
        states=[state.value for state in State if any(row.state is state for row in everything)],
        people=sorted({row.worked_on_by for row in everything} - {""}),
    )


def progress(visit: Visit) -> Response:
    """State and next step of every conversation, for the table that is on somebody's screen."""
    return JSONResponse(
        {
            row.reference: {
                "state": row.state.value,
                "next": row.next_step,
                "path": steps.path(visit, row),
                "transcribed": round(row.transcribed, 3),
            }
            for row in overview.rows(visit.home, arrivals.of(visit).coming())
        }
    )
