"""Thousands of extracts put into a conversation at once: one key, one count, one write."""

from collections.abc import Sequence

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from access.people import Person
from pipeline import history
from pipeline.codes import coding
from pipeline.codes.coding import Extract
from pipeline.codes.shelf import text_of
from pipeline.history import Field, Scope, Step
from pipeline.reviews import extract_key
from storage import models
from storage.home import Home
from storage.log.log import Event
from storage.models import Conversation
from storage.sealed import seal_value


def put_in(home: Home, session: Session, conversation: Conversation, actor: Person, made: Sequence[Extract]) -> None:
    """New extracts of a conversation, as one act that can be undone, in the caller's transaction.

    Asks the vault once: it looks at its files each time.
    """
    key = extract_key(home, conversation)
    newest = session.scalar(
        select(func.max(models.Extract.number)).where(models.Extract.conversation_id == conversation.id)
    )
    rows = [
        {
            "id": one.id,
            "conversation_id": conversation.id,
            "person_id": actor.id,
            "at": one.at,
            "number": number,
            "sealed": seal_value(key, f"extract.sealed:{one.id}", coding.dump([one])),
        }
        for number, one in enumerate(made, start=(newest or 0) + 1)
    ]
    session.execute(insert(models.Extract), rows)
    steps = [Step(place=f"extract:{one.id}", before=None, after=text_of(one)) for one in made]
    scope = Scope(field=Field.EXTRACTS, review=conversation.review, conversation=conversation)
    history.record(home, session, scope, actor, steps)
    home.log(session, Event.EXTRACT_ADDED, actor=actor.name, obj=[conversation.id], detail={"count": len(made)})
