"""One extract: its words where they were said, its codes and memo, and changing, mending, removing it and putting it back.

Forms of this page and the script of the coding page send the same; a script is answered with the extract as it then is.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from starlette.responses import JSONResponse, Response

from access.roles import Act
from pipeline import stages
from pipeline.codes import bookkeeping, extracting, finding
from pipeline.codes.extracting import Place
from pipeline.codes.finding import Filed
from pipeline.codes.quotes import Anchor
from pipeline.reviews import find_conversation
from pipeline.transcripts.document import Document, Passage
from storage.errors import BadInput, NotFound, Refused
from storage.models import Conversation, State
from web.errors import status_of, wants_json
from web.rendering import render, see_other, sentence
from web.visit import NoSuchPage, Visit

DONE = {
    "changed": "The extract is changed.",
    "removed": "The extract is removed. It can be put back below.",
    "restored": "The extract is back.",
}


class Unplaced(BadInput):
    """page: the place in the transcript is not what this page sends; nothing was changed, load the page again"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Near:
    """A turn near an extract, cut into what stands before it, in it, and behind it."""

    passage: Passage
    before: str = field(repr=False)
    inside: str = field(repr=False)
    behind: str = field(repr=False)


def page(visit: Visit) -> Response:
    return _page(visit, {})


def change(visit: Visit) -> Response:
    """Another memo, codes more or fewer, or other words; only what the form has is changed."""
    home, person, reference, number = visit.home, visit.person, _conversation(visit), _number(visit)
    memo = visit.text("memo") if "memo" in visit.form else None
    more, fewer = labels(visit, "more"), labels(visit, "fewer")
    return _acted(
        visit,
        "changed",
        lambda: extracting.change(
            home, person, reference, number, more=more, fewer=fewer, memo=memo, place=place(visit)
        ),
    )


def remove(visit: Visit) -> Response:
    return _acted(
        visit, "removed", lambda: extracting.remove(visit.home, visit.person, _conversation(visit), _number(visit))
    )


def restore(visit: Visit) -> Response:
    return _acted(
        visit, "restored", lambda: extracting.restore(visit.home, visit.person, _conversation(visit), _number(visit))
    )


def labels(visit: Visit, name: str) -> tuple[str, ...]:
    """Codes in one field, parted by semicolons."""
    return tuple(label.strip() for label in visit.text(name).split(";") if label.strip())


def place(visit: Visit) -> Place | None:
    """The words that a form names: by the ends of a stretch, or by a quote or turns; None where it names none.

    Raises:
        Unplaced.
    """
    ends = [visit.text(name) for name in ("first_turn", "first_char", "last_turn", "last_char")]
    if any(ends):
        first_turn, first_char, last_turn, last_char = map(_whole, ends)
        anchor = Anchor(first_turn=first_turn, first_char=first_char, last_turn=last_turn, last_char=last_char)
        return Place(anchor=anchor)
    quote, turn, last = visit.text("quote"), visit.text("turn"), visit.text("last")
    if not quote and not turn:
        return None
    return Place(quote=quote or None, turn=_whole(turn) if turn else None, last=_whole(last) if last else None)


def told(one: Filed) -> dict[str, Any]:
    """An extract as the script is told of it."""
    extract, anchor = one.extract, one.extract.anchor
    return {
        "number": one.number,
        "place": [anchor.first_turn, anchor.first_char, anchor.last_turn, anchor.last_char],
        "start": extract.start,
        "end": extract.end,
        "quote": extract.quote,
        "codes": list(extract.codes),
        "memo": extract.memo,
        "coder": extract.coder,
        "faults": list(one.faults),
        "lost": one.lost,
        "changeable": one.changeable,
        "removed": one.removed,
    }


def playable(visit: Visit, conversation: Conversation) -> bool:
    """Whether this person may hear the recording, and it is still there."""
    recording, gone = conversation.recording, conversation.state in {State.DESTROYED, State.WITHDRAWN}
    return visit.may(Act.LISTEN) and recording is not None and recording.playback is not None and not gone


def _acted(visit: Visit, done: str, act: Callable[[], object]) -> Response:
    try:
        act()
    except (BadInput, Refused, NotFound) as error:
        if wants_json(visit) or isinstance(error, finding.UnknownExtract):
            raise
        return _page(visit, {"": sentence(str(error))}, status=status_of(error))
    reference, number = _conversation(visit), _number(visit)
    if wants_json(visit):
        return JSONResponse(told(finding.one(visit.home, visit.person, reference, number)))
    return see_other(f"/reviews/{visit.part('review')}/extracts/{reference}/{number}?done={done}")


def _page(visit: Visit, errors: dict[str, str], status: int = 200) -> Response:
    reference = _conversation(visit)
    one = finding.one(visit.home, visit.person, reference, _number(visit))
    book = bookkeeping.read(visit.home, visit.person, visit.part("review"))
    document = extracting.read(visit.home, visit.person, reference)
    with visit.home.reading() as session:
        conversation = find_conversation(session, reference)
        signed = stages.has_signature(session, conversation)
        may_play = playable(visit, conversation)
    return render(
        visit,
        "extract.html",
        status=status,
        review=visit.part("review"),
        one=one,
        extract=one.extract,
        near=near(document, one),
        codes={code.id: code for code in book.codes},
        choices=[code for code in book.codes if code.codable and not code.retired and code.id not in one.extract.codes],
        signed=signed,
        playable=may_play,
        notice="" if errors else DONE.get(visit.query("done"), ""),
        errors=errors,
    )


def near(document: Document, one: Filed) -> list[Near]:
    """The turns under an extract with the one before and the one behind; none where its words are gone."""
    anchor = one.extract.anchor
    turns = [passage.turn for passage in document.passages]
    if one.lost or anchor.first_turn not in turns:
        return []
    first, last = turns.index(anchor.first_turn), turns.index(anchor.last_turn)
    shown = []
    for at, passage in enumerate(document.passages[max(0, first - 1) : last + 2], start=max(0, first - 1)):
        start = 0 if at > first else anchor.first_char if at == first else len(passage.text)
        end = len(passage.text) if at < last else anchor.last_char if at == last else 0
        start, end = (start, end) if start < end else (len(passage.text), len(passage.text))
        shown.append(
            Near(
                passage=passage, before=passage.text[:start], inside=passage.text[start:end], behind=passage.text[end:]
            )
        )
    return shown


def _conversation(visit: Visit) -> str:
    """The reference of the conversation, which must be one of this review.

    Raises:
        UnknownConversation, NoSuchPage.
    """
    with visit.home.reading() as session:
        conversation = find_conversation(session, visit.part("conversation"))
        if conversation.review.reference != visit.part("review"):
            raise NoSuchPage
        return conversation.reference


def _number(visit: Visit) -> int:
    number = visit.part("number")
    if not number.isdecimal() or len(number) > 9:
        raise NoSuchPage
    return int(number)


def _whole(text: str) -> int:
    if not text.isdecimal() or len(text) > 9:
        raise Unplaced
    return int(text)
