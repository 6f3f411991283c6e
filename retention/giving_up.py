"""A recording that broke off is given up: nothing else holds it, so a hold forbids it as it forbids any destruction."""

from sqlalchemy.orm import Session

from pipeline.recording.arriving import Arrival
from pipeline.reviews import find_conversation
from retention import holds
from storage.errors import Refused
from storage.home import Home


class OnHold(Refused):
    """record: a hold forbids destroying anything of {reference}; keep what has arrived as the recording"""


def give_up(home: Home, reference: str, arrival: Arrival) -> None:
    """Leave nothing of what has arrived.

    Raises:
        UnknownConversation, OnHold.
    """

    def refuse(session: Session) -> None:
        if holds.standing(session, find_conversation(session, reference)):
            raise OnHold(reference=reference)

    arrival.give_up(refuse)
