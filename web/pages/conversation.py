"""One conversation: where it stands, what is open before two people can sign it off, when it goes and what may stop that."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy.orm import Session
from starlette.responses import Response

from access.roles import Act
from pipeline.reviews import find_conversation
from pipeline.stages import Need
from retention import certificates, holds
from retention.plan import Planned, plan
from retention.readiness import conditions
from storage.home import Home
from storage.models import Conversation, State
from web.rendering import render
from web.visit import Visit

WAY: Final = tuple(state for state in State if state is not State.WITHDRAWN)
# What a person does to meet a condition.
TASKS: Final = {
    Need.AUDIO: "Account for every second of the recording",
    Need.DAMAGE: "Acknowledge damage",
    Need.DOUBTS: "Resolve the doubts",
    Need.HEARD: "Hear all that was said",
    Need.NAMES: "Decide every name",
    Need.EXTRACTS: "Code the extracts",
    "export": "Write an export and have it read back",
}
# Where that is done, for who may.
_TRANSCRIPT: Final = (Act.READ_TRANSCRIPT, "/conversations/{conversation}/transcript")
PLACES: Final[Mapping[str, tuple[Act, str]]] = {
    Need.DAMAGE: _TRANSCRIPT,
    Need.DOUBTS: _TRANSCRIPT,
    Need.HEARD: _TRANSCRIPT,
    Need.NAMES: (Act.DECIDE_NAMES, "/conversations/{conversation}/names"),
    Need.EXTRACTS: (Act.CODE, "/conversations/{conversation}/coding"),
    "export": (Act.EXPORT, "/conversations/{conversation}/export"),
}
NOTICES: Final = {"planned": "Planned, and its keys made. It can be recorded now."}


@dataclass(frozen=True, kw_only=True, slots=True)
class Task:
    """A line of the task list; `path` is empty where there is no page for it, or not for this person."""

    name: str
    met: bool
    todo: str
    path: str


def page(visit: Visit) -> Response:
    home, reference = visit.home, visit.part("conversation")
    with home.reading() as session:
        one = find_conversation(session, reference)
        open_tasks = tasks(visit, session, one)
        standing = holds.standing(session, one)
        review, participant, recording = one.review, one.participant, one.recording
    return render(
        visit,
        "conversation.html",
        one=one,
        review=review,
        participant=participant,
        recording=recording,
        way=WAY,
        tasks=open_tasks,
        next=_next(visit, one, open_tasks),
        holds=[hold for hold in holds.views(home, review.reference) if hold.number in standing],
        planned=_planned(home, one.reference),
        today=home.now().astimezone().date(),
        certificates=_certificates(home, one.reference),
        notice=NOTICES.get(visit.query("done"), ""),
    )


def tasks(visit: Visit, session: Session, one: Conversation) -> list[Task]:
    """The conditions of sign-off as tasks; none before there is a draft, and none after the recording has gone."""
    if one.state in {State.PLANNED, State.RECORDED, State.DESTROYED, State.WITHDRAWN}:
        return []
    return [
        Task(
            name=TASKS.get(condition.name, condition.name),
            met=condition.met,
            todo=condition.todo,
            path=_place(visit, condition.name, one),
        )
        for condition in conditions(visit.home, session, one)
    ]


def _next(visit: Visit, one: Conversation, listed: Sequence[Task]) -> Task | None:
    """The first open task that this person has a page for; signing off when nothing else is left."""
    sign_off = Task(name="Sign off", met=False, todo="", path=_signing(visit, one, listed))
    return next((task for task in (*listed, sign_off) if task.path and not task.met), None)


def _signing(visit: Visit, one: Conversation, listed: Sequence[Task]) -> str:
    ready = bool(listed) and all(task.met for task in listed) and one.state is State.CODED
    return f"/conversations/{one.reference}/sign-off" if ready and visit.may(Act.SIGN_OFF) else ""


def _place(visit: Visit, name: str, one: Conversation) -> str:
    act, path = PLACES.get(name, (None, ""))
    if act is None or not visit.may(act):
        return ""
    return path.format(conversation=one.reference, review=one.review.reference)


def _planned(home: Home, reference: str) -> list[Planned]:
    return [line for line in plan(home, home.now()) if line.conversation == reference]


def _certificates(home: Home, reference: str) -> list[int]:
    try:
        return [number for number, _, _ in certificates.shown(home, reference)]
    except certificates.NoCertificate:
        return []
