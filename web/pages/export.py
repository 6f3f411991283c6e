"""Exports at the page: for whom and in which form, what stands in the way and where that is decided, what gets lost, and the
file itself, which goes from memory to the browser and never lies on the server's disk.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from starlette.responses import Response

from pipeline.export import exporting
from pipeline.export.exporting import OneParticipant, Outlook
from pipeline.export.formats import FORMATS
from pipeline.export.line_ends import LineEnds
from pipeline.export.model import CannotExport, Profile
from pipeline.pseudonyms import disclosing
from pipeline.pseudonyms.disclosing import NothingToExport
from pipeline.pseudonyms.disclosure import NotFit, Open, What
from pipeline.reviews import UnknownPosition
from storage.errors import BadInput, NotVerified, Refused
from web import targets
from web.rendering import render, sentence
from web.targets import Target
from web.visit import Visit

READERS: Final[Mapping[Profile, tuple[str, str]]] = {
    Profile.INTERNAL: ("The review team", "Everything, with memos and who coded"),
    Profile.PARTICIPANT: (
        "A participant",
        "Without memos and names of coders, marked confidential on every page; who receives it is logged",
    ),
    Profile.PUBLIC: (
        "The public",
        "Also without exact dates, and without any place, agency or one-off role that nobody has confirmed",
    ),
}
WORDS: Final[Mapping[str, str]] = {
    "docx": "Word document, to read and to paste from",
    "html": "HTML, to read and print",
    "txt": "Plain text",
    "xlsx": "Excel workbook: extracts, matrix, codebook",
    "csv": "CSV table",
    "matrix": "Framework matrix as a CSV table: numbers and quotes",
    "json": "JSON, for programs of your own",
    "qdpx": "REFI-QDA project, for NVivo, ATLAS.ti, MAXQDA, QualCoder",
    "taguette": "Taguette project",
    "qdc": "REFI-QDA codebook, no extracts",
    "toml": "Codebook of Candour, no extracts",
    "vtt": "WebVTT captions, no extracts",
    "srt": "SubRip captions, no extracts",
}
ENDS: Final = (
    (LineEnds.LF.value, "As the standard says"),
    (LineEnds.CRLF1.value, "For ATLAS.ti or MAXQDA"),
    (LineEnds.CRLF2.value, "For NVivo on Windows"),
)
# Where what is open is decided.
_DECIDED: Final = {What.NAME: "/conversations/{}/names"}
_FOR_THE_PUBLIC: Final = "/conversations/{}/public"


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """The choice, which is the address: `/reviews/LT-7/export?for=participant&format=docx&recipient=Health+visitor+1`."""

    profile: Profile
    format: str
    recipient: str
    ends: LineEnds


@dataclass(frozen=True, kw_only=True, slots=True)
class ToDecide:
    """Things to decide of one kind in one conversation, and the page where that is done."""

    what: str
    conversation: str
    places: tuple[str, ...]
    path: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Trouble:
    """Why nothing can leave at all, and where that is put right."""

    words: str
    todo: str
    path: str


def of_conversation(visit: Visit) -> Response:
    return _page(visit, targets.conversation(visit, "export"), _wanted(visit.query), {})


def of_review(visit: Visit) -> Response:
    return _page(visit, targets.review(visit, "export"), _wanted(visit.query), {})


def take_conversation(visit: Visit) -> Response:
    return _take(visit, targets.conversation(visit, "export"))


def take_review(visit: Visit) -> Response:
    return _take(visit, targets.review(visit, "export"))


def _wanted(ask: Callable[[str], str]) -> Wanted:
    profile, ends, format = ask("for"), ask("ends"), ask("format")
    chosen = format if format in FORMATS else next(iter(WORDS))
    return Wanted(
        profile=Profile(profile) if profile in {one.value for one in Profile} else Profile.INTERNAL,
        format=chosen,
        recipient=ask("recipient"),
        ends=LineEnds(ends) if chosen == "qdpx" and ends in {one.value for one in LineEnds} else LineEnds.LF,
    )


def _asked(target: Target, wanted: Wanted) -> dict[str, Any]:
    """The choice as an export takes it. A recipient receives a draft of a review; a conversation is received by its own
    participant."""
    drafted = target.whole and wanted.profile is Profile.PARTICIPANT
    recipient = wanted.recipient or None if drafted else None
    return {"format": wanted.format, "profile": wanted.profile, "recipient": recipient, "ends": wanted.ends}


def _take(visit: Visit, target: Target) -> Response:
    """The file, or the page with what is in the way."""
    wanted = _wanted(visit.text)
    try:
        data = exporting.hand_over(visit.home, visit.person, target.reference, **_asked(target, wanted))
    except NotFit:
        return _page(
            visit, target, wanted, {"": "Nothing left: something must be decided first. The refusal is logged."}
        )
    except (OneParticipant, UnknownPosition):
        return _page(visit, target, wanted, {"recipient": "Choose who receives it."})
    except (Refused, BadInput, NotVerified) as error:
        return _page(visit, target, wanted, {"": sentence(str(error))})
    how = FORMATS[wanted.format]
    reader = "" if wanted.profile is Profile.INTERNAL else f"-{wanted.profile}"
    name = re.sub(r"[^A-Za-z0-9.-]+", "-", f"{target.reference}{reader}{how.suffix}")
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(data, media_type=how.media_type, headers=headers)


def _page(visit: Visit, target: Target, wanted: Wanted, errors: dict[str, str]) -> Response:
    outlook, trouble = _look(visit, target, wanted)
    return render(
        visit,
        "export.html",
        status=422 if "recipient" in errors else 409 if errors else 200,
        target=target,
        wanted=wanted,
        readers=READERS,
        formats=[(name, f"{words} ({FORMATS[name].suffix})") for name, words in WORDS.items()],
        ends=ENDS,
        outlook=outlook,
        trouble=trouble,
        how=FORMATS[wanted.format],
        deciding=_deciding(outlook) if outlook else [],
        left=[
            one
            for one in disclosing.left(visit.home, visit.person, target.review)
            if target.whole or one.conversation == target.reference
        ],
        errors=errors,
    )


def _look(visit: Visit, target: Target, wanted: Wanted) -> tuple[Outlook | None, Trouble | None]:
    """What would leave, or why nothing can; neither while nobody said who receives it."""
    if target.whole and wanted.profile is Profile.PARTICIPANT and wanted.recipient not in target.receivers:
        return None, None
    try:
        found = exporting.look(visit.home, visit.person, target.reference, **_asked(target, wanted))
    except NothingToExport:
        return None, Trouble(
            words=f"{target.reference} has no pseudonymised transcript yet.",
            todo="See what is open",
            path=f"/reviews/{target.review}" if target.whole else f"/conversations/{target.reference}",
        )
    except CannotExport as error:
        return None, Trouble(
            words=sentence(str(error)), todo="See what is to mend", path=f"/reviews/{target.review}/extracts?mend=yes"
        )
    return found, None


def _deciding(outlook: Outlook) -> list[ToDecide]:
    """What is open, together where it is the same kind in the same conversation; what somebody answers for is not among it."""
    together: dict[tuple[str, What], list[Open]] = {}
    for one in outlook.open:
        conversation = one.reference.partition(":")[0]
        if conversation not in outlook.answered:
            together.setdefault((conversation, one.what), []).append(one)
    return [
        ToDecide(
            what=what.value,
            conversation=conversation,
            places=tuple(one.reference.partition(":")[2] for one in opens),
            path=_DECIDED.get(what, _FOR_THE_PUBLIC).format(conversation),
        )
        for (conversation, what), opens in together.items()
    ]
