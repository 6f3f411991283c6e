"""Sessions of the page: who is signed in, kept on this side only, so that each can be listed and ended.

The browser holds a token, the table its SHA-256. A session is over 15 minutes after the last act and 10 hours after it began,
whichever is first, and at once when somebody ends it. Rights are read anew at each request: who is disabled or loses a role
has lost it at the next click.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID, uuid4

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from access import directory, tokens
from access.people import Person
from access.roles import Act, require
from storage import models
from storage.errors import Locked, NotFound
from storage.home import Home
from storage.log.log import Event

IDLE: Final = timedelta(minutes=15)
LONGEST: Final = timedelta(hours=10)
# The page says so this long before the end (WCAG 2.2.1).
WARNING: Final = timedelta(minutes=2)
# Not every request of a busy page is a write.
_GRAIN: Final = timedelta(seconds=30)
_KEPT: Final = timedelta(days=30)
_LONGEST_ADDRESS: Final = 64


class NotSignedIn(Locked):
    """session: you are not signed in, or no longer; sign in again, what was saved is kept"""


class UnknownSession(NotFound):
    """session: there is no such session; `candour person sessions` shows those that go on"""


@dataclass(frozen=True, kw_only=True, slots=True)
class SignedIn:
    """A session that goes on. `by_link`: begun with a one-time link, so that a new password needs not the old one."""

    id: UUID
    person: Person
    address: str
    by_link: bool
    begun: datetime
    seen: datetime

    @property
    def ends(self) -> datetime:
        return ends_at(self.begun, self.seen)


@dataclass(frozen=True, kw_only=True, slots=True)
class Begun:
    """A new session and its token, which exists nowhere else."""

    token: str
    session: SignedIn

    def __repr__(self) -> str:
        return f"<Begun {self.session.id}>"


def ends_at(begun: datetime, seen: datetime) -> datetime:
    """When a session ends by itself unless somebody acts."""
    return min(seen + IDLE, begun + LONGEST)


def is_over(begun: datetime, seen: datetime, now: datetime) -> bool:
    """Whether a session has ended by itself. A clock that was set back ends it too: how long ago is then unknown."""
    return not seen - IDLE < now < ends_at(begun, seen)


def begin(home: Home, person: Person, address: str, *, by_link: bool = False) -> Begun:
    """A new session for somebody whose password or link was right."""
    token, now = tokens.new(), home.now()
    row = models.PersonSession(
        id=uuid4(),
        person_id=person.id,
        digest=tokens.digest(token),
        address=address[:_LONGEST_ADDRESS],
        by_link=by_link,
        begun_at=now,
        seen_at=now,
    )
    with home.writing() as session:
        for old in session.scalars(select(models.PersonSession).where(models.PersonSession.seen_at < now - _KEPT)):
            session.delete(old)
        session.add(row)
        detail = {"by": "link" if by_link else "password"}
        home.log(session, Event.SESSION_BEGUN, actor=person.name, obj=[row.id], detail=detail)
    return Begun(token=token, session=_value(row, person))


def find(home: Home, token: str, *, acting: bool = True) -> SignedIn:
    """The session of a token. A request that no person made, such as a poll, says acting=False and prolongs nothing.

    Raises:
        NotSignedIn: it never was, is over, was ended, or its person is disabled.
    """
    now = home.now()
    with home.reading() as session:
        row = session.scalar(select(models.PersonSession).where(models.PersonSession.digest == tokens.digest(token)))
        if row is None or row.ended_at is not None or is_over(row.begun_at, row.seen_at, now):
            raise NotSignedIn
        person = directory.value(session.get_one(models.Person, row.person_id))
    if person.disabled:
        raise NotSignedIn
    if acting and now - row.seen_at >= _GRAIN:
        with home.writing() as session:
            current = session.get_one(models.PersonSession, row.id)
            if current.ended_at is not None:
                raise NotSignedIn
            current.seen_at = row.seen_at = now
    return _value(row, person)


def end(home: Home, signed: SignedIn) -> None:
    """Sign out."""
    with home.writing() as session:
        _end(home, session, _of(signed.person, signed.id), signed.person.name, "signed-out")


def end_one(home: Home, actor: Person, session_id: UUID) -> None:
    """End a session from elsewhere: one's own, or with the right to manage people anybody's.

    Raises:
        UnknownSession, NotAllowed.
    """
    with home.writing() as session:
        row = session.get(models.PersonSession, session_id)
        if row is None or row.ended_at is not None:
            raise UnknownSession
        if row.person_id != actor.id:
            require(actor.roles, Act.MANAGE_PEOPLE, actor.name)
        _end(home, session, _going_on().where(models.PersonSession.id == session_id), actor.name, "revoked")


def end_all(home: Home, actor: Person, person: Person) -> int:
    """End every session of a person; returns how many went on. Raises NotAllowed."""
    if actor.id != person.id:
        require(actor.roles, Act.MANAGE_PEOPLE, actor.name)
    with home.writing() as session:
        return end_within(home, session, person, actor=actor.name, reason="revoked")


def end_within(
    home: Home, session: Session, person: Person, *, actor: str, reason: str, but: Collection[UUID] = ()
) -> int:
    """End the sessions of a person in the caller's transaction, all `but` some."""
    query = _of(person).where(models.PersonSession.id.not_in(list(but)))
    return _end(home, session, query, actor, reason)


def going_on(home: Home, actor: Person, *, everyone: bool = False) -> list[SignedIn]:
    """One's own sessions that go on, or everybody's, newest first. Raises NotAllowed."""
    if everyone:
        require(actor.roles, Act.MANAGE_PEOPLE, actor.name)
    now = home.now()
    with home.reading() as session:
        rows = session.scalars((_going_on() if everyone else _of(actor)).order_by(models.PersonSession.begun_at.desc()))
        found = [
            _value(row, directory.value(session.get_one(models.Person, row.person_id)))
            for row in rows
            if not is_over(row.begun_at, row.seen_at, now)
        ]
    return [one for one in found if not one.person.disabled]


def _going_on() -> Select[models.PersonSession]:
    return select(models.PersonSession).where(models.PersonSession.ended_at.is_(None))


def _of(person: Person, session_id: UUID | None = None) -> Select[models.PersonSession]:
    query = _going_on().where(models.PersonSession.person_id == person.id)
    return query if session_id is None else query.where(models.PersonSession.id == session_id)


def _end(home: Home, session: Session, query: Select[models.PersonSession], actor: str, reason: str) -> int:
    now = home.now()
    ended = [row for row in session.scalars(query) if not is_over(row.begun_at, row.seen_at, now)]
    for row in ended:
        row.ended_at = now
    if ended:
        ids = [row.id for row in ended]
        home.log(session, Event.SESSION_ENDED, actor=actor, obj=ids, detail={"reason": reason})
    return len(ended)


def _value(row: models.PersonSession, person: Person) -> SignedIn:
    return SignedIn(
        id=row.id, person=person, address=row.address, by_link=row.by_link, begun=row.begun_at, seen=row.seen_at
    )
