"""What an auditor takes along to verify elsewhere, and what a witness brings back."""

from starlette.responses import Response

from access.roles import Act, require
from storage.errors import NotVerified
from storage.log.events import Event
from storage.log.heads import add_cosignature, latest_checkpoint
from storage.log.note import VerifierKey
from web.rendering import render, see_other, sentence
from web.visit import Visit

NOTICES = {"witness": "The witness's signature is kept under the head of the log."}


def page(visit: Visit) -> Response:
    return _page(visit, 200, {})


def witness(visit: Visit) -> Response:
    """A checkpoint with a witness's signature, handed in."""
    require(visit.person.roles, Act.VERIFY, visit.person.name)
    errors = {}
    try:
        key = VerifierKey.parse(visit.text("witness"))
    except NotVerified as error:
        errors["witness"] = sentence(str(error))
    else:
        try:
            _keep(visit, key)
        except NotVerified as error:
            errors["note"] = sentence(str(error))
    return _page(visit, 422, errors) if errors else see_other("/audit/elsewhere?done=witness")


def _keep(visit: Visit, key: VerifierKey) -> None:
    # A form sends line breaks as two characters; a note has one.
    note = visit.form.get("note", "").replace("\r\n", "\n").strip() + "\n"
    home = visit.home
    with home.writing() as session:
        size = add_cosignature(session, note, home.signer.verifier, key)
        detail: dict[str, str | int | bool] = {"size": size, "witness": key.name}
        home.log(session, Event.LOG_CHECKPOINT_COSIGNED, actor=visit.person.name, detail=detail)


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
        witness=visit.text("witness"),
        note=visit.text("note"),
        notice=NOTICES.get(visit.query("done"), ""),
    )
