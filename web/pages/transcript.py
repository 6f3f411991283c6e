"""The transcript of a conversation: as it stands, with pseudonyms, or as the machine heard it. It can be read without script."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session
from starlette.responses import JSONResponse, Response

from access.roles import Act
from pipeline import stages
from pipeline.pseudonyms import naming
from pipeline.reviews import find_conversation
from pipeline.transcription import glossary
from pipeline.transcription.lookalikes import find as find_lookalikes
from pipeline.transcripts import agreeing, reviewing
from storage.models import Conversation, Correction, Incident, State
from web.pages.transcript_edits import place
from web.pages.transcript_leases import LEASES
from web.pages.transcript_turns import changed, heard, question, shown, spans_text
from web.rendering import render
from web.visit import NoSuchPage, Visit

SAID, PSEUDONYMS, MACHINE = "", "pseudonyms", "machine"
VIEWS: Final = {SAID: "As it stands", PSEUDONYMS: "With pseudonyms", MACHINE: "As the machine heard it"}
_REPLACED: Final = re.compile(r"(\[[^\[\]]+\])")


@dataclass(frozen=True, kw_only=True, slots=True)
class About:
    """What the page says around the turns."""

    reference: str
    review: str
    position: str
    state: State
    seconds: float
    channels: int
    playable: bool
    signed: bool
    damaged: int
    conventions: str


def page(visit: Visit) -> Response:
    view = visit.query("view")
    if view not in VIEWS:
        raise NoSuchPage
    with visit.home.reading() as session:
        one = find_conversation(session, visit.part("conversation"))
        about = _about(session, one)
    if view == PSEUDONYMS or (view == SAID and one.state is State.DESTROYED):
        return _pseudonyms(visit, about)
    reading = reviewing.read(visit.home, visit.person, about.reference, machine=view == MACHINE)
    open_doubts = reviewing.open_doubts(visit.home, visit.person, about.reference)
    return render(
        visit,
        "transcript.html",
        about=about,
        view=view,
        views=VIEWS,
        editable=view == SAID and not about.signed and visit.may(Act.CORRECT),
        version=reading.transcript.version,
        turns=[shown(one) for one in reading.transcript.standing],
        heard_turns=reading.heard,
        heard=spans_text(heard(reading)),
        doubts=[question(*one) for one in open_doubts] if view == SAID else [],
        holder=LEASES.holder(place(visit)),
    )


def since(visit: Visit) -> Response:
    """Who is at work, and all turns where somebody has done something since the version that the page knows."""
    with visit.home.reading() as session:
        one = find_conversation(session, visit.part("conversation"))
        newest = session.scalar(select(func.max(Correction.number)).where(Correction.conversation_id == one.id)) or 0
    now = {"holder": LEASES.holder(place(visit)), "state": one.state.value}
    if visit.query("version") == str(newest):
        return JSONResponse({"version": newest, **now})
    reading = reviewing.read(visit.home, visit.person, one.reference)
    return JSONResponse({**changed(reading.transcript), **now})


def history(visit: Visit) -> Response:
    """How a turn came to be what it is, for the panel beside it."""
    turn = visit.part("turn")
    if not turn.isdecimal() or len(turn) > 9:
        raise NoSuchPage
    found = reviewing.history(visit.home, visit.person, visit.part("conversation"), int(turn))
    steps = [
        {
            "author": step.author,
            "at": step.at.isoformat(timespec="seconds"),
            "what": step.what,
            "counts": step.counts,
            "speaker": step.speaker.value if step.speaker else None,
            "text": step.text,
        }
        for step in found.steps
    ]
    pieces = [{"old": piece.old, "new": piece.new} for piece in found.difference]
    return JSONResponse({"difference": pieces, "steps": steps})


def lookalikes(visit: Visit) -> Response:
    """What in the transcript may be a term of the review's glossary heard wrongly: to be looked at with find and replace."""
    reference = visit.part("conversation")
    terms = glossary.of_conversation(visit.home, visit.person, reference)
    turns = reviewing.read(visit.home, visit.person, reference).turns if terms else ()
    found = find_lookalikes({turn.number: turn.text for turn in turns}, terms)
    return JSONResponse([{"written": one.written, "term": one.term, "times": len(one.turns)} for one in found])


def _about(session: Session, one: Conversation) -> About:
    damaged = select(func.count()).where(Incident.conversation_id == one.id, Incident.acknowledged_by.is_(None))
    recording = one.recording
    gone = one.state in {State.DESTROYED, State.WITHDRAWN}
    return About(
        reference=one.reference,
        review=one.review.reference,
        position=one.participant.position,
        state=one.state,
        seconds=recording.duration if recording else 0.0,
        channels=min(recording.channels, 2) if recording else 1,
        playable=recording is not None and recording.playback is not None and not gone,
        signed=stages.has_signature(session, one),
        damaged=session.scalar(damaged) or 0,
        conventions=written.summary if (written := agreeing.of(one)) else "",
    )


def _pseudonyms(visit: Visit, about: About) -> Response:
    document = naming.preview(visit.home, visit.person, about.reference)
    return render(
        visit,
        "transcript_pseudonyms.html",
        about=about,
        view=PSEUDONYMS,
        views=VIEWS,
        passages=[(one, list(_pieces(one.text))) for one in document.passages],
    )


def _pieces(text: str) -> Iterator[tuple[str, bool]]:
    """A text in pieces, each with whether it stands for what was said."""
    for number, piece in enumerate(_REPLACED.split(text)):
        if piece:
            yield piece, bool(number % 2)
