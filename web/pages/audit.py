"""The auditors' pages: the log in words, one entry with its proof, and all that is needed to verify elsewhere."""

import inspect
import time
from collections.abc import Iterator
from datetime import date
from itertools import islice
from math import ceil
from typing import Final

from sqlalchemy import select
from starlette.datastructures import URL
from starlette.responses import PlainTextResponse, Response, StreamingResponse

from retention import bundling, standalone
from storage.log import tree
from storage.log.log import entries, latest_checkpoint, prove, stored_size
from storage.log.note import Checkpoint, Note
from storage.log.tables import AuditLeaf
from web import auditing, headers, log_table
from web.log_table import Wanted
from web.log_words import WORDS, line, references
from web.rendering import render
from web.visit import NoSuchPage, Visit

# The one policy that lets the page of the check start its worker.
WORKER_POLICY: Final = "candour-log"


def log(visit: Visit) -> Response:
    """The log, newest first; above it, in words, whether it is whole, checked now."""
    wanted = Wanted(
        who=visit.query("who"),
        what=visit.query("what"),
        since=_day(visit.query("from")),
        until=_day(visit.query("to")),
        on=visit.query("on"),
    )
    page = max(1, int(visit.query("page"))) if visit.query("page").isdecimal() else 1
    with visit.home.reading() as session:
        begun = time.monotonic()
        report = auditing.of(visit).log.look(session, visit.home.signer)
        milliseconds = ceil(1000 * (time.monotonic() - begun))
        found = log_table.search(session, wanted, page)
        note = latest_checkpoint(session) or ""
    return render(
        visit,
        "audit.html",
        report=report,
        milliseconds=milliseconds,
        head=_head(note),
        found=found,
        wanted=wanted,
        people=sorted(found.people),
        events=[(event, WORDS.get(event, event)) for event in sorted(found.events)],
        newer=_address(visit, page - 1) if page > 1 else "",
        older=_address(visit, page + 1) if page * log_table.PORTION < found.count else "",
    )


def _day(text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        return ""


def _head(note: str) -> str:
    return Checkpoint.parse(Note.parse(note).text).root.hex() if note else ""


def _address(visit: Visit, page: int) -> str:
    return str(URL(f"{visit.path}?{visit.request.url.query}").include_query_params(page=page))


def entry(visit: Visit) -> Response:
    """One entry: what was hashed, its proof, and how to verify it elsewhere."""
    seq, body, proof = _one(visit)
    with visit.home.reading() as session:
        known, size = references(session), stored_size(session)
        before = next((body for _, body in entries(session, seq - 1, seq)), b"") if seq else b""
    return render(
        visit,
        "audit_entry.html",
        line=line(seq, body, known),
        body=body.decode(errors="replace"),
        leaf=tree.leaf_hash(body).hex(),
        before=tree.leaf_hash(before).hex() if before else "",
        proof=proof,
        size=size,
        key=visit.home.signer.verifier_key,
    )


def proof(visit: Visit) -> Response:
    """The proof of an entry as a file (c2sp.org/tlog-proof)."""
    seq, _, text = _one(visit)
    return _file(PlainTextResponse(text), f"entry-{seq}.tlog-proof")


def _one(visit: Visit) -> tuple[int, bytes, str]:
    number = visit.part("entry")
    if not number.isdecimal() or len(number) > 15:
        raise NoSuchPage
    with visit.home.reading() as session:
        found = next(iter(entries(session, int(number), int(number) + 1)), None)
        if found is None:
            raise NoSuchPage
        return *found, str(prove(session, found[0]))


def verify(visit: Visit) -> Response:
    """The check that runs in the browser, so that nobody has to take the server's word for it."""
    response = render(visit, "audit_verify.html", key=visit.home.signer.verifier_key)
    response.headers["Content-Security-Policy"] = headers.content_policy(trusted_types=WORKER_POLICY)
    return response


def bundle(visit: Visit) -> Response:
    """Everything an outsider needs to verify the log elsewhere, as it is read from the database."""

    def portions() -> Iterator[bytes]:
        with visit.home.reading() as session:
            lines = bundling.lines(session, visit.home.signer.verifier_key)
            while portion := b"".join(islice(lines, 2000)):
                yield portion

    return _file(StreamingResponse(portions(), media_type="application/jsonl"), "log.jsonl")


def leaves(visit: Visit) -> Response:
    """The hash of every entry as the database keeps it, 32 bytes each: no proof of anything, but it tells which one changed."""
    with visit.home.reading() as session:
        hashes = b"".join(found for (found,) in session.execute(select(AuditLeaf.hash).order_by(AuditLeaf.idx)))
    return Response(hashes, media_type="application/octet-stream")


def checkpoint(visit: Visit) -> Response:
    """The newest signed head, for whoever keeps one."""
    with visit.home.reading() as session:
        return _file(PlainTextResponse(latest_checkpoint(session) or ""), "checkpoint.txt")


def verifier(visit: Visit) -> Response:
    """The one-file verifier, which shares no code with what it verifies."""
    return _file(PlainTextResponse(inspect.getsource(standalone)), "standalone.py")


def _file(response: Response, name: str) -> Response:
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
