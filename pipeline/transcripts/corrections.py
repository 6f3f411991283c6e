"""What people made of a draft: attributed corrections, in order, of which nothing is ever taken away.

A correction is undone by another one that says so, so that undo and redo go back without limit, survive a restart, and leave
the history whole. `stand` lays all of them over the draft. A turn keeps its number for ever: the second half of a turn that
was cut gets the next free number, and a number whose turn was merged away is not given again.

The version of a turn is the number of the newest correction of its words, its speaker or its limits; 0 is the draft.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import MappingProxyType

from pipeline.transcripts.retiming import cut, retimed
from pipeline.transcripts.transcript import Span, Speaker, Turn, Word
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


@dataclass(frozen=True, kw_only=True, slots=True)
class Mark:
    """Who said so, and when."""

    author: str
    at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Remark:
    """A note as it stands; `number` is what to name in order to change it."""

    number: int
    author: str
    at: datetime
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """A turn as it stands. `source` are the words of the draft it came from, with their own speakers and times."""

    turn: Turn
    source: tuple[Word, ...]
    version: int = 0
    checked: Mark | None = None
    notes: tuple[Remark, ...] = ()

    @property
    def corrected(self) -> bool:
        """Whether words or speaker differ from what the machine gave."""
        return self.turn.words != self.source


@dataclass(frozen=True, kw_only=True, slots=True)
class Transcript:
    """The draft with all corrections: turns in order, waivers, and the number of the newest correction."""

    standing: tuple[Standing, ...]
    waivers: tuple[tuple[Mark, Waiver], ...] = ()
    version: int = 0

    @property
    def turns(self) -> tuple[Turn, ...]:
        return tuple(one.turn for one in self.standing)

    def find(self, turn: int) -> Standing:
        """The turn with this number. Raises NoSuchTurn."""
        return self.standing[self.place(turn)]

    def place(self, turn: int) -> int:
        """Where a turn stands, from 0. Raises NoSuchTurn."""
        for place, one in enumerate(self.standing):
            if one.turn.number == turn:
                return place
        raise NoSuchTurn(turn=turn)

    def changed_since(self, base: int, turns: Iterable[int]) -> Standing | None:
        """The first of these turns that is newer than version `base`. Raises NoSuchTurn."""
        return next((one for one in map(self.find, turns) if one.version > base), None)


def stand(draft: Sequence[Turn], corrections: Sequence[Correction]) -> Transcript:
    """The transcript as it stands after these corrections, which come in order of their numbers.

    Raises:
        NoSuchTurn, NotACut: a correction does not fit; it was made for another draft.
    """
    made = _Made(draft)
    for correction in active(corrections):
        made.add(correction)
    versions = _versions(corrections)
    standing = (replace(one, version=versions.get(one.turn.number, 0)) for one in made.standing)
    newest = corrections[-1].number if corrections else 0
    return Transcript(standing=tuple(standing), waivers=tuple(made.waivers), version=newest)


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


def _versions(corrections: Sequence[Correction]) -> Mapping[int, int]:
    changes = {one.number: one.change for one in corrections}
    versions: dict[int, int] = {}
    for one in corrections:
        change = changes[one.change.number] if isinstance(one.change, (Undo, Redo)) else one.change
        versions |= dict.fromkeys(touched(change), one.number)
    return MappingProxyType(versions)


class _Made:
    """The transcript while corrections are laid over it one by one."""

    def __init__(self, draft: Sequence[Turn]) -> None:
        self.order = [turn.number for turn in draft]
        self.turns = {turn.number: Standing(turn=turn, source=turn.words) for turn in draft}
        self.waivers: list[tuple[Mark, Waiver]] = []

    @property
    def standing(self) -> list[Standing]:
        return [self.turns[number] for number in self.order]

    def add(self, correction: Correction) -> None:
        mark = Mark(author=correction.author, at=correction.at)
        match correction.change:
            case Revision() as revision:
                self._revise(revision)
            case Split() as split:
                self._split(split)
            case Merge() as merge:
                self._merge(merge)
            case Check() as check:
                for number in check.turns:
                    self.turns[number] = replace(self._get(number), checked=mark if check.checked else None)
            case Note() as note:
                self._note(note, Remark(number=correction.number, author=mark.author, at=mark.at, text=note.text))
            case Waiver() as waiver:
                self.waivers.append((mark, waiver))

    def _get(self, number: int) -> Standing:
        if number not in self.turns:
            raise NoSuchTurn(turn=number)
        return self.turns[number]

    def _revise(self, revision: Revision) -> None:
        for number, text in revision.texts.items():
            one = self._get(number)
            if text.split() != one.turn.text.split():
                words = retimed(one.turn.words, text)
                self.turns[number] = replace(one, turn=replace(one.turn, words=words), checked=None)
        for number, speaker in revision.speakers.items():
            one = self._get(number)
            self.turns[number] = replace(one, turn=by(one.turn, speaker))

    def _split(self, split: Split) -> None:
        one = self._get(split.turn)
        first, second = cut(one.turn.words, split.at)
        if not first or not second:
            raise NotACut(turn=split.turn)
        before = tuple(word for word in one.source if _middle(word) < second[0].start)
        rest = Turn(number=split.new, speaker=one.turn.speaker, words=second)
        self.turns[split.turn] = replace(one, turn=replace(one.turn, words=first), source=before)
        self.turns[split.new] = Standing(
            turn=rest if split.speaker is None else by(rest, split.speaker),
            source=one.source[len(before) :],
            checked=one.checked,
        )
        self.order.insert(self.order.index(split.turn) + 1, split.new)

    def _merge(self, merge: Merge) -> None:
        one, other = self._get(merge.turn), self._get(merge.other)
        words = tuple(word for word in (*one.turn.words, *other.turn.words) if word.text) or one.turn.words
        turn = by(replace(one.turn, words=words), one.turn.speaker)
        checked = one.checked if other.checked else None
        self.turns[merge.turn] = replace(
            one, turn=turn, source=one.source + other.source, checked=checked, notes=one.notes + other.notes
        )
        self.order.remove(merge.other)
        del self.turns[merge.other]

    def _note(self, note: Note, remark: Remark) -> None:
        for number, one in self.turns.items():
            if any(known.number == note.of for known in one.notes):
                kept = tuple(known for known in one.notes if known.number != note.of)
                self.turns[number] = replace(one, notes=kept)
        if note.text:
            one = self._get(note.turn)
            self.turns[note.turn] = replace(one, notes=(*one.notes, remark))


def by(turn: Turn, speaker: Speaker) -> Turn:
    """The turn given to a speaker, with all its words."""
    return replace(turn, speaker=speaker, words=tuple(replace(word, speaker=speaker) for word in turn.words))


def _middle(word: Word) -> float:
    return (word.start + word.end) / 2
