"""Undo and redo for each person, as far back as they like.

Nobody takes back what another has built on since: that is refused, and the other's correction has to be undone first.
"""

from collections.abc import Sequence

from pipeline.transcripts.corrections import Change, Correction, Redo, Undo, active, touched
from storage.errors import NotFound, Refused


class NothingToUndo(NotFound):
    """transcript: {reference} has no correction of {person} to take back"""


class NothingToRedo(NotFound):
    """transcript: {reference} has nothing that {person} took back last and could do again"""


class BuiltUpon(Refused):
    """transcript: {other} has changed turn {turn} of {reference} since; ask them to take their correction back first"""


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
    _refuse_built_upon(corrections, done[-1], since=done[-1], reference=reference)
    return Undo(number=done[-1])


def redo(corrections: Sequence[Correction], person: str, reference: str) -> Redo:
    """The change that makes what a person took back last count again.

    Raises:
        NothingToRedo, BuiltUpon.
    """
    _, undone = stacks(corrections, person)
    if not undone:
        raise NothingToRedo(reference=reference, person=person)
    since = max(one.number for one in corrections if one.change == Undo(number=undone[-1]))
    _refuse_built_upon(corrections, undone[-1], since=since, reference=reference)
    return Redo(number=undone[-1])


def about(corrections: Sequence[Correction], change: Change) -> frozenset[int]:
    """The turns a change is about, where undo and redo are about those of the correction they name."""
    if isinstance(change, (Undo, Redo)):
        return touched(next(one.change for one in corrections if one.number == change.number))
    return touched(change)


def _refuse_built_upon(corrections: Sequence[Correction], number: int, *, since: int, reference: str) -> None:
    turns = about(corrections, next(one.change for one in corrections if one.number == number))
    for later in active(corrections):
        shared = turns & touched(later.change)
        if later.number > since and shared:
            raise BuiltUpon(other=later.author, turn=min(shared), reference=reference)
