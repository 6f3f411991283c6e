"""What was coded elsewhere comes back at the page: a file is handed in, what it would do is shown, then it is brought in."""

import io
from dataclasses import dataclass

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import URL
from starlette.responses import Response

from pipeline.codes import extracting
from pipeline.imports import importing
from pipeline.imports.importing import Imported
from storage.errors import BadInput, CandourError, Refused
from web import targets
from web.handed import handed, read_file
from web.rendering import plural, render, see_other, sentence
from web.targets import Target
from web.visit import Visit


@dataclass(frozen=True, kw_only=True, slots=True)
class Preview:
    """What a file would do: as it is, and with the codes added that the codebook lacks, where it has such."""

    token: str
    table: int | None
    plain: Imported | None
    grown: Imported | None


def into_conversation(visit: Visit) -> Response:
    return _page(visit, targets.conversation(visit, "import"))


def into_review(visit: Visit) -> Response:
    return _page(visit, targets.review(visit, "import"))


async def hand_in_conversation(visit: Visit) -> Response:
    return await _hand_in(visit, await run_in_threadpool(targets.conversation, visit, "import"))


async def hand_in_review(visit: Visit) -> Response:
    return await _hand_in(visit, await run_in_threadpool(targets.review, visit, "import"))


def bring_into_conversation(visit: Visit) -> Response:
    return _bring_in(visit, targets.conversation(visit, "import"))


def bring_into_review(visit: Visit) -> Response:
    return _bring_in(visit, targets.review(visit, "import"))


async def _hand_in(visit: Visit, target: Target) -> Response:
    """Read the file, see that it can be understood, and keep it until somebody says yes."""
    try:
        data = await read_file(visit.request)
        return await run_in_threadpool(_keep, visit, target, data)
    except (BadInput, Refused) as error:
        return await run_in_threadpool(_refuse, visit, target, error)


def _keep(visit: Visit, target: Target, data: bytes) -> Response:
    _preview(visit, target, data, "")
    token = handed(visit).keep(visit.person.name, target.path, data)
    return see_other(str(URL(target.path).include_query_params(file=token)))


def _refuse(visit: Visit, target: Target, error: CandourError) -> Response:
    return render(
        visit,
        "import.html",
        status=422,
        target=target,
        preview=None,
        errors={"file": sentence(str(error))},
    )


def _page(visit: Visit, target: Target) -> Response:
    token = visit.query("file")
    data = handed(visit).find(visit.person.name, target.path, token) if token else b""
    return render(
        visit,
        "import.html",
        target=target,
        preview=_preview(visit, target, data, token) if token else None,
        notice=_notice(visit),
        errors={},
    )


def _notice(visit: Visit) -> str:
    extracts, codes = visit.query("extracts"), visit.query("codes")
    if not extracts.isdecimal() or not codes.isdecimal():
        return ""
    return f"Added {plural(int(extracts), 'extract')} and {plural(int(codes), 'code')}."


def _preview(visit: Visit, target: Target, data: bytes, token: str) -> Preview:
    """Raises what an import of this file would raise."""
    if not target.whole and not importing.is_project(data):
        return Preview(
            token=token,
            table=extracting.look_at_table(visit.home, visit.person, target.reference, data),
            plain=None,
            grown=None,
        )
    plain, grown = (
        importing.bring_in(
            visit.home, visit.person, target.reference, io.BytesIO(data), add_codes=add_codes, dry_run=True
        )
        for add_codes in (False, True)
    )
    return Preview(token=token, table=None, plain=plain, grown=grown if grown.codes else None)


def _bring_in(visit: Visit, target: Target) -> Response:
    """Bring in what was handed in and looked at."""
    data = handed(visit).find(visit.person.name, target.path, visit.text("file"))
    try:
        if not target.whole and not importing.is_project(data):
            extracts, codes = len(extracting.import_table(visit.home, visit.person, target.reference, data)), 0
        else:
            grow = visit.text("codes") == "add"
            done = importing.bring_in(visit.home, visit.person, target.reference, io.BytesIO(data), add_codes=grow)
            extracts, codes = done.extracts, done.codes
    except (BadInput, Refused) as error:
        return _refuse(visit, target, error)
    handed(visit).drop(visit.person.name)
    return see_other(str(URL(target.path).include_query_params(extracts=extracts, codes=codes)))
