"""An act that a person signs, in the log: over all that its entry says, so that nobody can say it in their name, or again."""

from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import MappingProxyType
from uuid import UUID

from sqlalchemy.orm import Session

from access import directory
from access.directory import OpenKey
from access.people import Person
from access.roles import Act
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


@contextmanager
def signing(home: Home, actor: Person, password: str, act: Act) -> Iterator[tuple[Session, OpenKey]]:
    """The transaction of an act that a person signs. Trying the password takes long on purpose: nobody waits for it, because the
    lock is taken afterwards. So whatever was looked at before is to be looked at again inside.

    Raises:
        PersonDisabled, WrongPassword, NotAllowed.
    """
    key = directory.open_key(home, actor, password)
    with home.writing() as session:
        key.admit(session, act)
        yield session, key


def sign(
    key: OpenKey,
    statement: Callable[[str], bytes],
    *,
    obj: Sequence[UUID],
    detail: Mapping[str, str | int] = MappingProxyType({}),
) -> Signed:
    """Sign the `statement` of a subject."""
    digest = subject_digest([str(one) for one in obj], detail)
    signature = key.sign(statement(digest))
    return Signed(actor=key.person.name, obj=tuple(obj), detail=detail, digest=digest, signature=signature)


def log(home: Home, session: Session, event: Event, signed: Signed) -> None:
    """Log an event with the signature over all that its entry says."""
    sig = b64encode(signed.signature).decode()
    home.log(session, event, actor=signed.actor, obj=signed.obj, ref=signed.digest, sig=sig, detail=signed.detail)
