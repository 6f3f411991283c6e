"""Readiness: the one list of conditions before two people can sign a conversation off. Commands, page and gate all read it."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from pipeline.contents import analysis_digest
from pipeline.reviews import find_conversation
from pipeline.stages import Condition
from pipeline.stages import conditions as pipeline_conditions
from storage.home import Home
from storage.models import Conversation, Export


def conditions(home: Home, session: Session, conversation: Conversation) -> tuple[Condition, ...]:
    """Every condition of sign-off, met or open: those of the pipeline, and an export that was written and read back equal."""
    return (*pipeline_conditions(home, session, conversation), _exported(home, session, conversation))


def readiness(home: Home, reference: str) -> tuple[Condition, ...]:
    """The conditions of a conversation by its reference."""
    with home.reading() as session:
        return conditions(home, session, find_conversation(session, reference))


def _exported(home: Home, session: Session, conversation: Conversation) -> Condition:
    current = analysis_digest(home, session, conversation)
    written = session.scalar(
        select(Export.id).where(Export.conversation_id == conversation.id, Export.digest == current).limit(1)
    )
    todo = "" if written else f"an export of the extracts as they are: `candour export {conversation.reference}`"
    return Condition(name="export", met=not todo, todo=todo)
