"""A recording comes in from a browser: tus 1.0.0, sealed as it arrives, resumed where it was cut.

The core of the protocol (https://tus.io/protocols/resumable-upload, 1.0.0) with its extensions "creation" and "termination".
No byte waits in a form or a temporary file: each goes from the connection into the sealed file.
"""

import io
import re
from collections.abc import Mapping
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect
from starlette.responses import Response

from access import directory
from access.roles import Act, allowed
from pipeline.recording import arriving, intake
from retention import policy
from retention.policy import Dates, ObjectClass
from storage.durable import DiskFull
from storage.errors import BadInput, Refused
from storage.home import Home
from storage.models import Conversation
from web import arrivals
from web.arrivals import Upload
from web.handed import LARGEST as AT_ONCE
from web.handed import read_file
from web.rendering import render, see_other, sentence
from web.visit import Visit

VERSION: Final = "1.0.0"
LARGEST: Final = 16 * 10**9
_MARK: Final = re.compile(r"[0-9a-f]{64}")


class NotTus(BadInput):
    """upload: the header {header} is missing or not understood; send what tus 1.0.0 asks for"""


class TooLarge(BadInput):
    """upload: the file is larger than 16 GB; choose the recording itself, or cut it in two conversations"""


class NotThere(Refused):
    """upload: the server has another number of bytes than this part begins with; ask it how many, and go on from there"""


def page(visit: Visit) -> Response:
    """What to know before a byte leaves, and the file to choose."""
    return _page(visit, {})


async def whole(visit: Visit) -> Response:
    """A file that a form sends in one, without script: it waits in memory until it is sealed."""
    reference = visit.part("conversation").upper()
    try:
        data = await read_file(visit.request)
        await run_in_threadpool(intake.receive, visit.home, visit.person, reference, io.BytesIO(data))
    except BadInput as error:
        return await run_in_threadpool(_page, visit, {"whole": sentence(str(error))})
    return see_other(f"/conversations/{reference}/recording?done=sealed")


def _page(visit: Visit, errors: dict[str, str]) -> Response:
    home, reference = visit.home, visit.part("conversation").upper()
    running = arriving.known(home, reference)
    conversation, _ = intake.waiting(home, visit.person, reference, own=running.id if running else None)
    if running is not None and running.size is None:
        raise intake.OnItsWay(reference=reference)
    return render(
        visit,
        "upload.html",
        status=422 if errors else 200,
        reference=reference,
        at_once=AT_ONCE,
        errors=errors,
        largest=LARGEST,
        room=home.blobs.room(),
        hearers=hearers(home),
        ends=ends(home, conversation),
        running=running,
    )


def begin(visit: Visit) -> Response:
    """A new upload: its size and the mark of its file come in the headers, its address goes back in Location.

    A recording that is made at the page has no size yet (the extension "creation-defer-length") and no mark.
    """
    headers = visit.request.headers
    size, mark = _length(headers), headers.get("upload-metadata", "").removeprefix("mark ")
    if size is not None and not _MARK.fullmatch(mark):
        raise NotTus(header="Upload-Metadata")
    if (size or 0) > visit.home.blobs.room():
        raise DiskFull
    reference = visit.part("conversation").upper()
    upload = arrivals.of(visit).begin(visit.person, reference, size, mark)
    place = {"Location": f"/conversations/{reference}/upload/{upload.id}"}
    return Response(status_code=201, headers=_state(upload) | place)


def _length(headers: Mapping[str, str]) -> int | None:
    if headers.get("upload-defer-length") == "1":
        return None
    size = headers.get("upload-length", "")
    if not size.isascii() or not size.isdigit():
        raise NotTus(header="Upload-Length")
    if int(size) > LARGEST:
        raise TooLarge
    return int(size)


def state(visit: Visit) -> Response:
    """How many bytes are here already."""
    return Response(headers=_state(_upload(visit)))


async def part(visit: Visit) -> Response:
    """The next bytes; those that come before a connection is cut are kept. What has no size yet ends with its length."""
    upload = await run_in_threadpool(_upload, visit)
    headers = visit.request.headers
    if headers.get("content-type") != "application/offset+octet-stream":
        raise NotTus(header="Content-Type")
    with upload.alone() as arrival:
        if headers.get("upload-offset") != str(arrival.received):
            raise NotThere
        try:
            async for piece in visit.request.stream():
                await run_in_threadpool(arrival.receive, piece)
            length = arrival.size if arrival.size is not None else headers.get("upload-length")
            if str(arrival.received) == str(length):
                await run_in_threadpool(arrivals.of(visit).finish, upload)
        except ClientDisconnect:
            return Response(status_code=499)
        except BaseException:
            # What was refused is refused whole; a file that is no recording is not asked for again.
            arrivals.of(visit).end(upload)
            raise
    return Response(status_code=204, headers=_state(upload))


def give_up(visit: Visit) -> Response:
    """Nothing of it stays."""
    upload = _upload(visit)
    with upload.alone() as arrival:
        if arrival.live:
            raise NotTus(header="Upload-Length")
        arrival.give_up()
        arrivals.of(visit).end(upload)
    return Response(status_code=204, headers={"Tus-Resumable": VERSION})


def found(visit: Visit) -> Upload:
    """The upload or recording that a request is about."""
    return arrivals.of(visit).find(visit.person, visit.part("conversation").upper(), visit.part("upload"))


def _upload(visit: Visit) -> Upload:
    if visit.request.headers.get("tus-resumable") != VERSION:
        raise NotTus(header="Tus-Resumable")
    return found(visit)


def _state(upload: Upload) -> dict[str, str]:
    return {
        "Tus-Resumable": VERSION,
        "Upload-Offset": str(upload.arrival.received),
    } | ({"Upload-Defer-Length": "1"} if upload.arrival.live else {"Upload-Length": str(upload.arrival.size)})


def hearers(home: Home) -> list[str]:
    """Who may hear a recording."""
    return [one.name for one in directory.everyone(home) if not one.disabled and allowed(one.roles, Act.LISTEN)]


def ends(home: Home, conversation: Conversation) -> policy.Deadline | None:
    """The last day a recording that is made today can live to, by the review's schedule."""
    with home.reading() as session:
        schedule = policy.parse(session.merge(conversation, load=False).review.schedule)
    dates = Dates(recorded=home.now(), signed_off=None, review_closed=None)
    return next((one for one in policy.deadlines(schedule, dates) if one.object_class is ObjectClass.RECORDING), None)
