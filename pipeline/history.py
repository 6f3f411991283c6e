"""Undo and redo of what people do to extracts, names and codes: each their own acts, as far back as they like.

All of it is in the database, so that a restart ends nothing.

An act is kept as its steps: a place ("extract:…", "term:T3", "code:…"), and what was there before and after as text, None where
there was nothing. A shelf is what such texts lie on. Nobody takes back what somebody else has changed since.
"""

import json
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol
from uuid import uuid4

from sqlalchemy import ColumnElement, Select, delete, func, select
from sqlalchemy.orm import Session

from access.people import Person
from pipeline.reviews import extract_key
from storage.errors import NotFound, Refused
from storage.home import Home
from storage.models import Change, Conversation, Review
from storage.sealed import open_value, seal_value
from storage.vault import KeyClass


class NothingToUndo(NotFound):
    """undo: {person} has done nothing to the {field} of {where} that could be taken back"""


class NothingToRedo(NotFound):
    """redo: {person} has taken back nothing of the {field} of {where} that could be done again"""


class BuiltUpon(Refused):
    """undo: somebody else has changed the same {field} of {where} since; ask them to take that back first"""


class Field(StrEnum):
    """What an act was done to."""

    EXTRACTS = "extracts"
    NAMES = "names"
    CODES = "codes"


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """What an act did in one place."""

    place: str
    before: str | None = field(repr=False)
    after: str | None = field(repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Scope:
    """Where undo looks for acts: the extracts of a conversation, or the names or codes of a review."""

    field: Field
    review: Review
    conversation: Conversation | None = None

    @property
    def where(self) -> str:
        return self.conversation.reference if self.conversation else self.review.reference


class Shelf(Protocol):
    """Where the texts lie."""

    def holds(self, place: str, text: str | None) -> bool:
        """Whether what lies in a place is what an act left there."""

    def put(self, place: str, text: str | None) -> None:
        """Lay a text in a place; None takes away what is there."""


def record(home: Home, session: Session, scope: Scope, actor: Person, steps: Iterable[Step]) -> None:
    """Keep an act of a person, in the transaction that does it. What they had taken back before cannot be redone any more."""
    kept = [step for step in steps if step.before != step.after]
    if not kept:
        return
    session.execute(delete(Change).where(*_mine(scope, actor), Change.undone_at.is_not(None)))
    newest = session.scalar(select(func.max(Change.number)).where(Change.review_id == scope.review.id))
    row = Change(
        id=uuid4(),
        review_id=scope.review.id,
        conversation_id=scope.conversation.id if scope.conversation else None,
        number=(newest or 0) + 1,
        field=scope.field.value,
        person_id=actor.id,
        at=home.now(),
    )
    row.sealed = seal_value(_key(home, scope), f"change.sealed:{row.id}", _pack(kept))
    session.add(row)
    session.flush()


def undo(home: Home, session: Session, scope: Scope, actor: Person, shelf: Shelf) -> tuple[Step, ...]:
    """Take a person's newest act back, and say what it was.

    Raises:
        NothingToUndo, BuiltUpon and what the shelf raises.
    """
    row = session.scalar(_acts(scope, actor).where(Change.undone_at.is_(None)).order_by(Change.number.desc()).limit(1))
    if row is None:
        raise NothingToUndo(field=scope.field.value, person=actor.name, where=scope.where)
    steps = _steps(home, scope, row)
    if not all(shelf.holds(step.place, step.after) for step in steps):
        raise BuiltUpon(field=scope.field.value, where=scope.where)
    for step in reversed(steps):
        shelf.put(step.place, step.before)
    row.undone_at = home.now()
    session.flush()
    return steps


def redo(home: Home, session: Session, scope: Scope, actor: Person, shelf: Shelf) -> tuple[Step, ...]:
    """Do again what a person took back last, and say what it was.

    Raises:
        NothingToRedo, BuiltUpon and what the shelf raises.
    """
    row = session.scalar(_acts(scope, actor).where(Change.undone_at.is_not(None)).order_by(Change.number).limit(1))
    if row is None:
        raise NothingToRedo(field=scope.field.value, person=actor.name, where=scope.where)
    steps = _steps(home, scope, row)
    if not all(shelf.holds(step.place, step.before) for step in steps):
        raise BuiltUpon(field=scope.field.value, where=scope.where)
    for step in steps:
        shelf.put(step.place, step.after)
    row.undone_at = None
    session.flush()
    return steps


def _acts(scope: Scope, actor: Person) -> Select[Change]:
    return select(Change).where(*_mine(scope, actor))


def _mine(scope: Scope, actor: Person) -> Iterator[ColumnElement[bool]]:
    yield Change.review_id == scope.review.id
    yield Change.field == scope.field.value
    yield Change.person_id == actor.id
    yield Change.conversation_id == (scope.conversation.id if scope.conversation else None)


def _steps(home: Home, scope: Scope, row: Change) -> tuple[Step, ...]:
    packed = open_value(_key(home, scope), f"change.sealed:{row.id}", row.sealed)
    return tuple(
        Step(place=place, before=before, after=after) for place, before, after in json.loads(zlib.decompress(packed))
    )


def _pack(steps: Iterable[Step]) -> bytes:
    whole = [[step.place, step.before, step.after] for step in steps]
    return zlib.compress(json.dumps(whole, ensure_ascii=False, separators=(",", ":")).encode())


def _key(home: Home, scope: Scope) -> bytes:
    """The key under which all lies that an act in this scope changes, so that both die together."""
    if scope.conversation is not None:
        return extract_key(home, scope.conversation)
    key, kind = {
        Field.NAMES: (scope.review.names_key, KeyClass.NAMES),
        Field.CODES: (scope.review.review_key, KeyClass.REVIEW),
    }[scope.field]
    return home.vault.get(key, kind)
