"""Undo and redo for each person, as far back as they like.

Nobody takes back what another has built on since: that is refused, and the other's correction has to be undone first. To say
that a turn is right is to build on its words, and to remark on it is to build on its being a turn.
"""

from collections.abc import Sequence

from pipeline.transcripts.corrections import (
    Change,
    Check,
    Correction,
    Merge,
    Note,
    Redo,
    Split,
    Undo,
    active,
    touched,
)
from storage.errors import NotFound, Refused


class NothingToUndo(NotFound):
    """transcript: {reference} has no correction of {person} to take back"""


class NothingToRedo(NotFound):
    """transcript: {reference} has nothing that {person} took back last and could do again"""


class BuiltUpon(Refused):
    """transcript: {other} has worked on turn {turn} of {reference} since; ask them to take that back first, or correct it anew"""


def stacks(corrections: Sequence[Correction], person: str) -> tuple[list[int], list[int]]:
    """The numbers of a person's corrections that can be undone and redone, the next one last. A new correction empties the
    second."""
    done: list[int] = []
    undone: list[int] = []
    for one in corrections:
        if one.author != person:
            continue
        match one.change:
            case Undo(number=number):
                done.remove(number)
                undone.append(number)
            case Redo(number=number):
                undone.remove(number)
                done.append(number)
            case _:
                done.append(one.number)
                undone.clear()
    return done, undone


def undo(corrections: Sequence[Correction], person: str, reference: str) -> Undo:
    """The change that takes a person's newest correction back.

    Raises:
        NothingToUndo, BuiltUpon.
    """
    done, _ = stacks(corrections, person)
    if not done:
        raise NothingToUndo(reference=reference, person=person)
    change = _change(corrections, done[-1])
    for later in active(corrections):
        shared = touched(change) & _upon(change, later.change)
        if later.number > done[-1] and shared:
            raise BuiltUpon(other=later.author, turn=min(shared), reference=reference)
    return Undo(number=done[-1])


def redo(corrections: Sequence[Correction], person: str, reference: str) -> Redo:
    """The change that makes what a person took back last count again, where its turns are as they were before it.

    Raises:
        NothingToRedo, BuiltUpon.
    """
    _, undone = stacks(corrections, person)
    if not undone:
        raise NothingToRedo(reference=reference, person=person)
    number = undone[-1]
    change = _change(corrections, number)
    before = [one for one in corrections if one.number < number]
    if _under(change, before) != _under(change, corrections):
        others = (one for one in reversed(corrections) if one.author != person)
        latest = next(one for one in others if touched(change) & _upon(change, _meant(corrections, one.change)))
        raise BuiltUpon(other=latest.author, turn=min(touched(change)), reference=reference)
    return Redo(number=number)


def about(corrections: Sequence[Correction], change: Change) -> frozenset[int]:
    """The turns a change is about, where undo and redo are about those of the correction they name."""
    return touched(_meant(corrections, change))


def _meant(corrections: Sequence[Correction], change: Change) -> Change:
    return _change(corrections, change.number) if isinstance(change, (Undo, Redo)) else change


def _change(corrections: Sequence[Correction], number: int) -> Change:
    return next(one.change for one in corrections if one.number == number)


def _upon(change: Change, later: Change) -> frozenset[int]:
    """The turns that a later change needs as the first one left them."""
    match later:
        case Check():
            return frozenset(later.turns)
        case Note() if isinstance(change, (Split, Merge)):
            return frozenset({later.turn})
        case _:
            return touched(later)


def _under(change: Change, corrections: Sequence[Correction]) -> list[int]:
    return [one.number for one in active(corrections) if touched(change) & _upon(change, one.change)]
