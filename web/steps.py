"""Where a person does what a conversation needs next: the page, for those who may do it."""

from collections.abc import Mapping
from typing import Final

from access.roles import Act
from storage.models import State
from web.visit import Visit

PAGES: Final[Mapping[State, tuple[Act, str]]] = {
    State.PLANNED: (Act.UPLOAD, "upload"),
    State.TRANSCRIBED: (Act.READ_TRANSCRIPT, "transcript"),
    State.REVIEWED: (Act.DECIDE_NAMES, "names"),
    State.PSEUDONYMISED: (Act.CODE, "coding"),
    State.CODED: (Act.SIGN_OFF, "sign-off"),
}


def path(visit: Visit, reference: str, state: State) -> str:
    """The address of the next step; empty where there is none, or none for this person."""
    act, page = PAGES.get(state, (None, ""))
    return f"/conversations/{reference}/{page}" if act is not None and visit.may(act) else ""
