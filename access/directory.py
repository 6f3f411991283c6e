"""The people of a home, in the database."""

from collections.abc import Collection
from dataclasses import dataclass, field
from uuid import uuid4

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import select
from sqlalchemy.orm import Session

from access import passwords, signing
from access.passwords import WORK
from access.people import Person, check_name
from access.roles import Act, Role, require
from storage import models
from storage.errors import Locked, NotFound, Refused
from storage.home import Home
from storage.keyring import Work
from storage.log.log import Event


class UnknownPerson(NotFound):
    """person: nobody here is called "{name}"; `candour person list` shows everyone"""


class PersonTaken(Refused):
    """person: there is already someone called "{name}"; choose another name"""


class PersonDisabled(Refused):
    """person: "{name}" has been disabled and can do nothing here"""


class LastGovernance(Refused):
    """person: "{name}" is the last one with the governance role and keeps it; give it to somebody else first"""


class WrongSignIn(Locked):
    """sign-in: this name and this password do not belong together; type both again"""


def value(row: models.Person) -> Person:
    """A person as a row has them."""
    return Person(
        id=row.id,
        name=row.name,
        roles=frozenset(Role(r) for r in row.roles),
        public_key=row.public_key,
        disabled=row.disabled_at is not None,
    )


def row(session: Session, name: str) -> models.Person:
    """The row of a person. Raises UnknownPerson."""
    found = session.scalar(select(models.Person).where(models.Person.name == name))
    if found is None:
        raise UnknownPerson(name=name)
    return found


def add_first(home: Home, name: str, password: str, roles: Collection[Role], *, work: Work = WORK) -> Person:
    """The first person of a new home, who can then add the others."""
    return _add(home, name, name, password, roles, work)


def add(home: Home, actor: Person, name: str, password: str, roles: Collection[Role], *, work: Work = WORK) -> Person:
    """Add a person with a password and a signing key of their own, sealed under it.

    Raises:
        NotAllowed, BadName, BadPassword, PersonTaken.
    """
    require(actor.roles, Act.MANAGE_PEOPLE, actor.name)
    return _add(home, actor.name, name, password, roles, work)


def _add(home: Home, actor: str, name: str, password: str, roles: Collection[Role], work: Work) -> Person:
    check_name(name)
    verifier = passwords.hash_password(password, work)
    sealed, public = signing.create(password, work)
    added = models.Person(
        id=uuid4(),
        name=name,
        roles=sorted(roles),
        password=verifier,
        signing_key=sealed,
        public_key=public,
        added_at=home.now(),
    )
    with home.writing() as session:
        if session.scalar(select(models.Person).where(models.Person.name == name)):
            raise PersonTaken(name=name)
        session.add(added)
        home.log(
            session,
            Event.PERSON_ADDED,
            actor=actor,
            obj=[name],
            detail={"key": public.hex(), "roles": ",".join(sorted(roles))},
        )
    return value(added)


def find(home: Home, name: str) -> Person:
    """A person by name.

    Raises:
        UnknownPerson, PersonDisabled.
    """
    with home.reading() as session:
        person = value(row(session, name))
    if person.disabled:
        raise PersonDisabled(name=name)
    return person


def check(home: Home, name: str, password: str) -> Person:
    """The person whose name and password these are. A name that nobody has costs as much time as a wrong password.

    Raises:
        WrongSignIn: there is no such person, they are disabled, or the password is another.
    """
    with home.reading() as session:
        found = session.scalar(select(models.Person).where(models.Person.name == name))
        # Somebody's verifier costs what any other does.
        verifier = found.password if found is not None else session.scalar(select(models.Person.password).limit(1))
    right = passwords.verify_password(verifier or "", password)
    if found is None or found.disabled_at is not None or not right:
        raise WrongSignIn
    return value(found)


def everyone(home: Home) -> list[Person]:
    with home.reading() as session:
        return [value(one) for one in session.scalars(select(models.Person).order_by(models.Person.name))]


def disable(home: Home, actor: Person, name: str) -> None:
    """Take all rights from a person; what they signed stays signed.

    Raises:
        NotAllowed, UnknownPerson, LastGovernance.
    """
    require(actor.roles, Act.MANAGE_PEOPLE, actor.name)
    with home.writing() as session:
        found = row(session, name)
        refuse_last_governance(session, found)
        found.disabled_at = found.disabled_at or home.now()
        home.log(session, Event.PERSON_DISABLED, actor=actor.name, obj=[name])


def refuse_last_governance(session: Session, person: models.Person) -> None:
    """Let everybody pass but the only one left with the governance role: without it nobody could add people again."""
    active = session.scalars(select(models.Person).where(models.Person.disabled_at.is_(None))).all()
    if [one.name for one in active if Role.GOVERNANCE in one.roles] == [person.name]:
        raise LastGovernance(name=person.name)


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenKey:
    """A person's signing key, opened with their password for one act. `sealed` is what it was opened from."""

    person: Person
    sealed: bytes
    key: Ed25519PrivateKey = field(repr=False)

    def sign(self, statement: bytes) -> bytes:
        """The person's own Ed25519 signature (64 bytes) over a statement."""
        return self.key.sign(statement)

    def admit(self, session: Session, act: Act) -> None:
        """Let the act pass in the caller's transaction, for what may have changed while the password was tried.

        Raises:
            PersonDisabled, NotAllowed.
            WrongPassword: they have another password or key since.
        """
        found = row(session, self.person.name)
        if found.disabled_at is not None:
            raise PersonDisabled(name=self.person.name)
        require(value(found).roles, act, self.person.name)
        if found.signing_key != self.sealed:
            raise signing.WrongPassword


def open_key(home: Home, person: Person, password: str) -> OpenKey:
    """A person's own signing key; only their password opens it, which is slow on purpose and so is done outside a transaction.

    Raises:
        PersonDisabled, WrongPassword.
    """
    with home.reading() as session:
        found = row(session, person.name)
    if found.disabled_at is not None:
        raise PersonDisabled(name=person.name)
    return OpenKey(person=value(found), sealed=found.signing_key, key=signing.open_key(found.signing_key, password))
