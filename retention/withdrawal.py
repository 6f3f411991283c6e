"""Withdrawal: a participant takes back consent, and everything of that conversation is destroyed, extracts too.

From the moment it is received nobody can open anything of the conversation. A standing hold delays the destruction, and that
is logged with its ground; it does not reopen the conversation.
"""

from dataclasses import dataclass
from uuid import uuid4

from access import directory
from access.people import Person
from access.roles import Act, require
from pipeline.reviews import ConversationGone, find_conversation
from retention import holds, orders
from retention.orders import Reason
from storage.errors import Refused
from storage.home import Home
from storage.log.log import Event
from storage.log.statements import order_statement
from storage.models import State


class AlreadyWithdrawn(Refused):
    """withdrawal: {reference} is withdrawn already; order {order} waits for `candour retention approve` or `retention run`"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Withdrawn:
    """The order that follows from a withdrawal, and the numbers of holds that delay it."""

    order: int
    holds: tuple[int, ...]


def withdraw(home: Home, actor: Person, password: str, reference: str) -> Withdrawn:
    """Receive a withdrawal: quarantine at once, make the order and sign it as the first of two.

    Raises:
        NotAllowed, UnknownConversation, ConversationGone, AlreadyWithdrawn, WrongPassword.
    """
    require(actor.roles, Act.WITHDRAW, actor.name)
    with home.writing() as session:
        conversation = find_conversation(session, reference)
        known = orders.open_order(session, conversation, Reason.WITHDRAWAL)
        if known is not None:
            raise AlreadyWithdrawn(reference=conversation.reference, order=known.number)
        if conversation.state is State.WITHDRAWN:
            raise ConversationGone(reference=conversation.reference, what="everything")
        home.log(session, Event.WITHDRAWAL_RECEIVED, actor=actor.name, obj=[conversation.id])
        # From here on no key of it is given out, and a worker that is at it finds another token and writes nothing.
        conversation.state, conversation.state_at, conversation.run_token = State.WITHDRAWN, home.now(), uuid4()
        order = orders.make(home, session, conversation, Reason.WITHDRAWAL, actor=actor.name)
        orders.void_within(home, session, order, actor=actor.name)
        signature = directory.sign(home, actor, password, order_statement(order.digest))
        orders.record_approval(home, session, order, actor, signature)
        standing = holds.standing(session, conversation)
        if standing:
            home.log(
                session,
                Event.WITHDRAWAL_REFUSED,
                actor=actor.name,
                obj=[conversation.id],
                detail={"ground": "hold", "hold": standing[0]},
            )
        return Withdrawn(order=order.number, holds=tuple(standing))
