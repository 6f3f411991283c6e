"""An act that a person signs, in the log: over all that its entry says, so that nobody can say it in their name, or again."""

from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from uuid import UUID

from sqlalchemy.orm import Session

from access import directory
from access.people import Person
from storage.home import Home
from storage.log.log import Event
from storage.log.statements import subject_digest


def log(
    home: Home,
    session: Session,
    event: Event,
    actor: Person,
    password: str,
    statement: Callable[[str], bytes],
    *,
    obj: Sequence[UUID],
    detail: Mapping[str, str],
) -> None:
    """Log an event with the actor's own signature over the `statement` of its subject. Raises PersonDisabled, WrongPassword."""
    digest = subject_digest([str(one) for one in obj], detail)
    signature = directory.sign(home, actor, password, statement(digest))
    home.log(
        session, event, actor=actor.name, obj=obj, ref=digest, sig=b64encode(signature).decode(), detail=dict(detail)
    )
