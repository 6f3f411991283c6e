"""What an auditor takes along to verify elsewhere, and what a witness is sent and brings back."""

from starlette.responses import PlainTextResponse, Response

from access.roles import Act, require
from retention import witnessing
from storage.errors import NotVerified
from storage.log.log import latest_checkpoint
from web.rendering import render, see_other, sentence
from web.visit import Visit

NOTICES = {"witness": "The witness's signature is kept under the head of the log."}


def page(visit: Visit) -> Response:
    return _page(visit, 200, {})


def request(visit: Visit) -> Response:
    """What a witness needs to cosign the newest head, as a file."""
    wanted = witnessing.request(visit.home, visit.query("witness"))
    headers = {"Content-Disposition": 'attachment; filename="request.txt"'}
    return PlainTextResponse(str(wanted), headers=headers)


def witness(visit: Visit) -> Response:
    """A checkpoint with a witness's signature, handed in."""
    require(visit.person.roles, Act.VERIFY, visit.person.name)
    try:
        # A form sends line breaks as two characters; a note has one.
        note = visit.form.get("note", "").replace("\r\n", "\n").strip() + "\n"
        witnessing.take(visit.home, visit.person.name, note)
    except NotVerified as error:
        return _page(visit, 422, {"note": sentence(str(error))})
    return see_other("/audit/elsewhere?done=witness")


def _page(visit: Visit, status: int, errors: dict[str, str]) -> Response:
    with visit.home.reading() as session:
        checkpoint = latest_checkpoint(session) or ""
    return render(
        visit,
        "audit_elsewhere.html",
        status=status,
        errors=errors,
        checkpoint=checkpoint,
        key=visit.home.signer.verifier_key,
        witnesses=witnessing.standings(visit.home),
        seen=witnessing.quorate(visit.home),
        note=visit.text("note"),
        notice=NOTICES.get(visit.query("done"), ""),
    )
