"""Where a person does what a conversation needs next: the page, for those who may do it."""

from collections.abc import Mapping
from typing import Final

from access.roles import Act
from storage.models import State
from web.arrivals import Coming
from web.overview import Row
from web.visit import Visit

PAGES: Final[Mapping[State, tuple[Act, str]]] = {
    State.PLANNED: (Act.UPLOAD, "upload"),
    State.TRANSCRIBED: (Act.READ_TRANSCRIPT, "transcript"),
    State.REVIEWED: (Act.DECIDE_NAMES, "names"),
    State.PSEUDONYMISED: (Act.CODE, "coding"),
    State.CODED: (Act.SIGN_OFF, "sign-off"),
}


def path(visit: Visit, row: Row) -> str:
    """The address of the next step; empty where there is none, or none for this person."""
    act, page = PAGES.get(row.state, (None, ""))
    if row.state is State.PLANNED and row.coming in {Coming.RECORDED, Coming.BROKE_OFF}:
        page = "record"
    return f"/conversations/{row.reference}/{page}" if act is not None and visit.may(act) else ""
