"""How a turn came to be what it is: the machine's words first, then each correction of it, also those that were taken back."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from difflib import SequenceMatcher

from pipeline.transcripts.corrections import Check, Correction, Redo, Undo, active
from pipeline.transcripts.standing import stand
from pipeline.transcripts.transcript import Speaker, Turn
from pipeline.transcripts.undoing import about


@dataclass(frozen=True, kw_only=True, slots=True)
class Piece:
    """Words that two texts share (`old` and `new` alike), or words of the one that stand for those of the other."""

    old: str = field(repr=False)
    new: str = field(repr=False)

    @property
    def same(self) -> bool:
        return self.old == self.new


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """A correction of a turn, and the turn after it; `text` and `speaker` are None where it is no turn of its own any more.

    `what` is the kind of the correction ("revision", "split", "undo", ...), `counts` false where it was taken back since.
    """

    number: int
    author: str
    at: datetime
    what: str
    counts: bool
    speaker: Speaker | None
    text: str | None = field(repr=False)


def steps(draft: Sequence[Turn], corrections: Sequence[Correction], turn: int) -> tuple[Step, ...]:
    """Every correction of a turn, oldest first, with the turn as it stood right after."""
    counting = {one.number for one in active(corrections)}
    found = []
    for place, one in enumerate(corrections):
        change = one.change
        if turn not in about(corrections, change) and not (isinstance(change, Check) and turn in change.turns):
            continue
        then = {here.turn.number: here.turn for here in stand(draft, corrections[: place + 1]).standing}.get(turn)
        found.append(
            Step(
                number=one.number,
                author=one.author,
                at=one.at,
                what=type(change).__name__.lower(),
                counts=one.number in counting or isinstance(change, (Undo, Redo)),
                speaker=then.speaker if then else None,
                text=then.text if then else None,
            )
        )
    return tuple(found)


def difference(old: Sequence[str], new: Sequence[str]) -> tuple[Piece, ...]:
    """Two texts as pieces in order, word by word, as they are written."""
    pieces = []
    for _, first, last, start, stop in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        pieces.append(Piece(old=" ".join(old[first:last]), new=" ".join(new[start:stop])))
    return tuple(pieces)
