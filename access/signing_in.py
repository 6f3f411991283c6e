"""Signing in at the page: with a name and a password, slowed down when somebody guesses; or with a link that works once."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from math import ceil
from typing import Final
from uuid import uuid4

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from access import directory, sessions, throttle, tokens
from access.people import Person, is_name
from access.roles import Act, require
from access.sessions import Begun
from access.throttle import Attempt
from storage import models
from storage.errors import Locked, Refused
from storage.home import Home
from storage.log.log import Event

LINK_LIFE: Final = timedelta(hours=24)


class TooManyAttempts(Refused):
    """sign-in: too many wrong passwords; wait {seconds} seconds, then try again"""


class LinkOver(Locked):
    """sign-in: this link was used already or is older than a day; ask for a new one, `candour person login-link`"""


def sign_in(home: Home, name: str, password: str, address: str) -> Begun:
    """A session for who knows the password. `address` is where the request came from.

    Raises:
        TooManyAttempts, WrongSignIn.
    """
    with attempting(home, name, address):
        person = directory.check(home, name, password)
    return sessions.begin(home, person, address)


@contextmanager
def attempting(home: Home, name: str, address: str) -> Iterator[None]:
    """Around everything at the page that takes a password: what raises Locked inside counts as a wrong one.

    Raises:
        TooManyAttempts.
    """
    # What is no name may be a password typed into the wrong field, and is not kept.
    name, address = (name if is_name(name) else ""), address[:64]
    attempt = uuid4()
    with home.writing() as session:
        now = home.now()
        # Rows from a clock that was ahead would slow people down for ever.
        old = (models.SignInAttempt.at < now - throttle.REMEMBERED) | (models.SignInAttempt.at > now)
        session.execute(delete(models.SignInAttempt).where(old))
        wait = throttle.pause(_recent(session, name, address), name, address, now)
        if wait:
            raise TooManyAttempts(seconds=ceil(wait.total_seconds()))
        # Before it is known to be right: a hundred guesses at the same moment are a hundred attempts.
        session.add(models.SignInAttempt(id=attempt, name=name, address=address, at=now, passed=False))
    try:
        yield
    except Locked:
        _log_guessing(home, name, address)
        raise
    except BaseException:
        # Whatever else stood in the way, it was no wrong password.
        with home.writing() as session:
            session.execute(delete(models.SignInAttempt).where(models.SignInAttempt.id == attempt))
        raise
    with home.writing() as session:
        session.get_one(models.SignInAttempt, attempt).passed = True


def _recent(session: Session, name: str, address: str) -> list[Attempt]:
    row = models.SignInAttempt
    found = session.scalars(select(row).where((row.name == name) | (row.address == address)).order_by(row.at))
    return [Attempt(name=one.name, address=one.address, at=one.at, passed=one.passed) for one in found]


def _log_guessing(home: Home, name: str, address: str) -> None:
    """One entry when an account begins to be slowed down, for a name that exists."""
    with home.writing() as session:
        failed = throttle.in_a_row(_recent(session, name, address), name)
        known = session.scalar(select(models.Person.name).where(models.Person.name == name))
        if known and len(failed) == throttle.ACCOUNT_FREE:
            home.log(session, Event.SIGN_IN_THROTTLED, actor="page", obj=[known], detail={"failed": len(failed)})


def make_link(home: Home, actor: Person, name: str) -> str:
    """The token of a link that signs somebody in once, within a day. A new link ends the earlier ones.

    Raises:
        NotAllowed, UnknownPerson, PersonDisabled.
    """
    require(actor.roles, Act.MANAGE_PEOPLE, actor.name)
    person, token = directory.find(home, name), tokens.new()
    with home.writing() as session:
        _forget_links(session, person)
        session.add(models.LoginLink(id=uuid4(), person_id=person.id, digest=tokens.digest(token), made_at=home.now()))
        home.log(session, Event.LOGIN_LINK_MADE, actor=actor.name, obj=[person.name])
    return token


def sign_in_by_link(home: Home, token: str, address: str) -> Begun:
    """A session for who holds a link that nobody has used.

    Raises:
        LinkOver, PersonDisabled.
    """
    with home.writing() as session:
        # Another process made the link; here the time it saw is known once the log has been looked at.
        now = home.now()
        link = session.scalar(select(models.LoginLink).where(models.LoginLink.digest == tokens.digest(token)))
        if link is None or link.used_at is not None or not link.made_at <= now < link.made_at + LINK_LIFE:
            raise LinkOver
        link.used_at = now
        person = directory.value(session.get_one(models.Person, link.person_id))
    if person.disabled:
        raise directory.PersonDisabled(name=person.name)
    return sessions.begin(home, person, address, by_link=True)


def _forget_links(session: Session, person: Person) -> None:
    session.execute(delete(models.LoginLink).where(models.LoginLink.person_id == person.id))
