"""What changes about a person after they were added: their password and their roles."""

from uuid import UUID

from sqlalchemy.orm import Session

from access import directory, passwords, sessions, signing
from access.passwords import WORK
from access.people import Person
from access.roles import Act, Role, require
from access.sessions import SignedIn
from storage import models
from storage.errors import Refused
from storage.home import Home
from storage.keyring import Work
from storage.log.log import Event


class LastRole(Refused):
    """person: "{name}" would be left without a role; disable them instead with `candour person disable`"""


class OldPasswordNeeded(Refused):
    """password: only who signed in with a one-time link may choose one without the old; `candour person login-link` makes it"""


def change_password(
    home: Home, person: Person, old: str, new: str, *, keep: SignedIn | None = None, work: Work = WORK
) -> None:
    """Another password for oneself; the signing key stays, and every session ends but the one to `keep`.

    Raises:
        WrongPassword, BadPassword.
    """
    passwords.check_password(new)
    with home.reading() as session:
        row = directory.row(session, person.name)
    sealed = signing.reseal(row.signing_key, old, new, work)
    verifier = passwords.hash_password(new, work)
    with home.writing() as session:
        current = directory.row(session, person.name)
        # Another change came in between: what was opened with the old password is no longer what is there.
        if current.signing_key != row.signing_key:
            raise signing.WrongPassword
        current.signing_key, current.password = sealed, verifier
        home.log(session, Event.PERSON_PASSWORD_CHANGED, actor=person.name, obj=[person.name])
        _end_sessions(home, session, person, person.name, "password-changed", keep)


def choose_password(home: Home, signed: SignedIn, new: str, *, work: Work = WORK) -> None:
    """A password without the old one, for who came with a one-time link: with a new signing key, because nothing opens the old.

    What was signed with the old key stays signed. The log says that the key was replaced, for everybody to ask why.

    Raises:
        OldPasswordNeeded, BadPassword.
    """
    if not signed.by_link:
        raise OldPasswordNeeded
    sealed, public = signing.create(new, work)
    verifier = passwords.hash_password(new, work)
    with home.writing() as session:
        used = session.get_one(models.PersonSession, signed.id)
        if not used.by_link or used.ended_at is not None:
            raise OldPasswordNeeded
        used.by_link = False
        row = directory.row(session, signed.person.name)
        row.signing_key, row.public_key, row.password = sealed, public, verifier
        name = signed.person.name
        home.log(session, Event.PERSON_KEY_REPLACED, actor=name, obj=[name], detail={"key": public.hex()})
        _end_sessions(home, session, signed.person, name, "password-changed", signed)


def _end_sessions(
    home: Home, session: Session, person: Person, actor: str, reason: str, keep: SignedIn | None = None
) -> None:
    but: list[UUID] = [keep.id] if keep else []
    sessions.end_within(home, session, person, actor=actor, reason=reason, but=but)


def give_role(home: Home, actor: Person, name: str, role: Role) -> Person:
    """One role more. Raises NotAllowed, UnknownPerson."""
    require(actor.roles, Act.MANAGE_PEOPLE, actor.name)
    with home.writing() as session:
        row = directory.row(session, name)
        if role not in row.roles:
            row.roles = sorted({*row.roles, role})
            home.log(session, Event.ROLE_GRANTED, actor=actor.name, obj=[name], detail={"role": role.value})
        return directory.value(row)


def take_role(home: Home, actor: Person, name: str, role: Role) -> Person:
    """One role less; what they did with it stays done. Raises NotAllowed, UnknownPerson, LastGovernance, LastRole."""
    require(actor.roles, Act.MANAGE_PEOPLE, actor.name)
    with home.writing() as session:
        row = directory.row(session, name)
        if role in row.roles:
            if role is Role.GOVERNANCE:
                directory.refuse_last_governance(session, row)
            if len(row.roles) == 1:
                raise LastRole(name=name)
            row.roles = [one for one in row.roles if one != role]
            home.log(session, Event.ROLE_REMOVED, actor=actor.name, obj=[name], detail={"role": role.value})
        return directory.value(row)
