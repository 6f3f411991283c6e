"""A person, and the rules about people that need no database."""

import re
from dataclasses import dataclass
from uuid import UUID

from access.roles import Role
from storage.errors import BadInput, Refused

_NAME = re.compile(r"[a-z][a-z0-9]*(?:[._-][a-z0-9]+)*")
_LONGEST_NAME = 40


class BadName(BadInput):
    """person: the name to sign in with must begin with a letter and have at most 40 small letters, digits, single dots,
    hyphens or underscores; choose another
    """


class SamePerson(Refused):
    """people: {person} cannot do both; the second signature must be that of somebody else"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Person:
    """Someone of the team. `name` is what they sign in with, `public_key` the 32 bytes of their Ed25519 key."""

    id: UUID
    name: str
    roles: frozenset[Role]
    public_key: bytes
    disabled: bool


def is_name(text: str) -> bool:
    """Whether this could be what somebody signs in with."""
    return len(text) <= _LONGEST_NAME and _NAME.fullmatch(text) is not None


def check_name(name: str) -> None:
    """Let a usable sign-in name pass. Raises BadName."""
    if not is_name(name):
        raise BadName


def require_different(first: Person, second: Person) -> None:
    """Let two different people pass: another row, another name and another key. Raises SamePerson."""
    if first.id == second.id or first.name == second.name or first.public_key == second.public_key:
        raise SamePerson(person=second.name)
