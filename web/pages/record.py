"""A conversation is recorded at the page: what the browser hears goes to `upload.part` second by second, and is sealed there.

What a browser has sent is here for good. If the browser goes before it has ended the recording, whoever opens this page again
keeps what has arrived as the recording, with an incident at its end, or gives it up.
"""

from starlette.responses import Response

from pipeline.recording import arriving, intake
from retention import giving_up
from storage.errors import BadInput
from web import arrivals, headers
from web.pages import upload
from web.rendering import render, see_other, sentence
from web.visit import Visit


class NotMeant(BadInput):
    """record: type {reference} to show that you mean this one"""


class NotSeconds(BadInput):
    """record: a marked moment is a number of seconds from the beginning; nothing was marked"""


def page(visit: Visit) -> Response:
    """The microphones, or what became of the recording that broke off."""
    return _page(visit)


def _page(visit: Visit, errors: dict[str, str] | None = None, status: int = 200) -> Response:
    home, reference = visit.home, visit.part("conversation").upper()
    before = arriving.known(home, reference)
    conversation, _ = intake.waiting(home, visit.person, reference, own=before.id if before else None)
    if before is not None and before.size is not None:
        raise intake.OnItsWay(reference=reference)
    answer = render(
        visit,
        "record.html" if before is None else "record_broken_off.html",
        status=status,
        reference=reference,
        errors=errors or {},
        hearers=upload.hearers(home),
        ends=upload.ends(home, conversation),
        before=before,
        comes=arrivals.of(visit).comes(reference),
    )
    answer.headers["Permissions-Policy"] = headers.permissions("microphone", "screen-wake-lock")
    return answer


def moments(visit: Visit) -> Response:
    """The seconds that were marked so far, all of them."""
    held = upload.found(visit)
    try:
        marked = [float(text) for text in visit.form.getlist("at")]
    except ValueError:
        raise NotSeconds from None
    if not all(0 <= one < 86_400 for one in marked):
        raise NotSeconds
    with held.alone() as arrival:
        arrival.mark_moments(marked)
    return Response(status_code=204)


def keep(visit: Visit) -> Response:
    """What has arrived is the recording; somebody must say later that they know of its end."""
    reference = visit.part("conversation").upper()
    with arrivals.of(visit).take(visit.person, reference) as arrival:
        arrival.finish(broken_off=True)
    return see_other(f"/conversations/{reference}/recording?done=sealed")


def discard(visit: Visit) -> Response:
    """Nothing of it stays; the conversation is as it was planned."""
    reference = visit.part("conversation").upper()
    if visit.text("typed").upper() != reference:
        message = sentence(str(NotMeant(reference=reference)))
        return _page(visit, {"typed": message}, status=422)
    with arrivals.of(visit).take(visit.person, reference) as arrival:
        giving_up.give_up(visit.home, reference, arrival)
    return see_other(f"/conversations/{reference}")
