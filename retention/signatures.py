"""An act that a person signs, in the log: over all that its entry says, so that nobody can say it in their name, or again."""

from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from uuid import UUID

from sqlalchemy.orm import Session

from access import directory
from access.people import Person
from storage.home import Home
from storage.log.log import Event
from storage.log.statements import subject_digest


@dataclass(frozen=True, kw_only=True, slots=True)
class Signed:
    """What somebody signed about a subject: its `digest`, and their Ed25519 signature of 64 bytes over the statement of it."""

    actor: str
    obj: tuple[UUID, ...]
    detail: Mapping[str, str | int]
    digest: str
    signature: bytes


def sign(
    home: Home,
    actor: Person,
    password: str,
    statement: Callable[[str], bytes],
    *,
    obj: Sequence[UUID],
    detail: Mapping[str, str | int] = MappingProxyType({}),
) -> Signed:
    """Sign the `statement` of a subject: before a transaction where what is signed is known by then, because passwords are slow.

    Raises:
        PersonDisabled, WrongPassword.
    """
    digest = subject_digest([str(one) for one in obj], detail)
    signature = directory.sign(home, actor, password, statement(digest))
    return Signed(actor=actor.name, obj=tuple(obj), detail=detail, digest=digest, signature=signature)


def log(home: Home, session: Session, event: Event, signed: Signed) -> None:
    """Log an event with the signature over all that its entry says."""
    sig = b64encode(signed.signature).decode()
    home.log(session, event, actor=signed.actor, obj=signed.obj, ref=signed.digest, sig=sig, detail=signed.detail)
