"""What people made of a draft: attributed corrections, in order, of which nothing is ever taken away.

A correction is undone by another one that says so, so that undo and redo go back without limit, survive a restart, and leave
the history whole. A turn keeps its number for ever: the second half of a turn that was cut gets the next free number, and a
number whose turn was merged away is not given again.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from pipeline.transcripts.transcript import Span, Speaker, Turn
from storage.errors import BadInput, NotFound


class NoSuchTurn(NotFound):
    """transcript: there is no turn {turn}; `candour transcript show` lists them"""


class NothingToMerge(NotFound):
    """transcript: no turn follows turn {turn}, with which it could be merged"""


class NotACut(BadInput):
    """transcript: turn {turn} cannot be cut there; leave a word on both sides"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Revision:
    """New whole texts of turns, and who speaks in turns. An empty text says that nothing was said."""

    texts: Mapping[int, str] = field(default_factory=dict)
    speakers: Mapping[int, Speaker] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Split:
    """A turn cut in two after `at` characters of its text. The second half is turn `new`, by `speaker` if one is given."""

    turn: int
    at: int
    new: int
    speaker: Speaker | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Merge:
    """A turn and the one that followed it made one, with the number and the speaker of the first."""

    turn: int
    other: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Check:
    """Turns that are right as they stand, or no longer said to be. A new text makes a check void."""

    turns: tuple[int, ...]
    checked: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class Note:
    """A remark on a turn. `of` is the number of the note it replaces; an empty text takes that one away."""

    turn: int
    text: str
    of: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Waiver:
    """Stretches nobody needs to listen to, and why."""

    spans: tuple[Span, ...]
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Undo:
    """Takes correction `number` back."""

    number: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Redo:
    """Makes correction `number`, which was taken back, count again."""

    number: int


Change = Revision | Split | Merge | Check | Note | Waiver | Undo | Redo


@dataclass(frozen=True, kw_only=True, slots=True)
class Correction:
    """A change, the `number` it has among the corrections of its conversation, who made it and when (with time zone)."""

    number: int
    author: str
    at: datetime
    change: Change


def active(corrections: Iterable[Correction]) -> list[Correction]:
    """The corrections that count: without those that were taken back, and without the taking back itself."""
    counting: dict[int, bool] = {}
    made: list[Correction] = []
    for correction in corrections:
        change = correction.change
        if isinstance(change, (Undo, Redo)):
            counting[change.number] = isinstance(change, Redo)
        else:
            made.append(correction)
    return [correction for correction in made if counting.get(correction.number, True)]


def touched(change: Change) -> frozenset[int]:
    """The turns whose words, speaker or limits a change is about."""
    match change:
        case Revision():
            return frozenset(change.texts) | frozenset(change.speakers)
        case Split():
            return frozenset({change.turn, change.new})
        case Merge():
            return frozenset({change.turn, change.other})
        case _:
            return frozenset()


def next_number(draft: Sequence[Turn], corrections: Iterable[Correction]) -> int:
    """The number a new turn gets: one that no turn ever had."""
    cut_off = (one.change.new for one in corrections if isinstance(one.change, Split))
    return 1 + max((*(turn.number for turn in draft), *cut_off), default=0)
