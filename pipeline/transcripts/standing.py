"""The transcript as it stands: the draft with all corrections laid over it.

The version of a turn is the number of the newest correction of its words, its speaker or its limits; 0 is the draft. The
words of a text are timed once, when all corrections are laid over: what was typed on the way leaves no trace in the times.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from pipeline.transcripts.corrections import (
    Check,
    Correction,
    Merge,
    NoSuchTurn,
    NotACut,
    Note,
    Redo,
    Revision,
    Split,
    Undo,
    Waiver,
    active,
    touched,
)
from pipeline.transcripts.retiming import cut, retimed
from pipeline.transcripts.transcript import Speaker, Turn, Word

Words = tuple[Word, ...]
Timed = dict[tuple[int, int, str, Speaker], Words]


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


def stand(draft: Sequence[Turn], corrections: Sequence[Correction], timed: Timed | None = None) -> Transcript:
    """The transcript as it stands after these corrections, which come in order of their numbers.

    `timed` keeps what was timed for the next time; it belongs to one draft.

    Raises:
        NoSuchTurn, NotACut: a correction does not fit; it was made for another draft.
    """
    made = _Made(draft, {} if timed is None else timed)
    for correction in active(corrections):
        made.add(correction)
    versions = _versions(corrections)
    standing = (replace(one, version=versions.get(one.turn.number, 0)) for one in made.standing())
    newest = corrections[-1].number if corrections else 0
    return Transcript(standing=tuple(standing), waivers=tuple(made.waivers), version=newest)


def _versions(corrections: Sequence[Correction]) -> dict[int, int]:
    changes = {one.number: one.change for one in corrections}
    versions: dict[int, int] = {}
    for one in corrections:
        change = changes[one.change.number] if isinstance(one.change, (Undo, Redo)) else one.change
        versions |= dict.fromkeys(touched(change), one.number)
    return versions


@dataclass(kw_only=True, slots=True)
class _Piece:
    """A turn while corrections are laid over it: its text now, and the words that give it times.

    `since` is the number of the correction that gave it these words.
    """

    number: int
    text: str
    speaker: Speaker
    words: Words
    source: Words
    since: int = 0
    checked: Mark | None = None
    notes: list[Remark] = field(default_factory=list)


class _Made:
    """The transcript while corrections are laid over it one by one."""

    def __init__(self, draft: Sequence[Turn], timed: Timed) -> None:
        self.order = [turn.number for turn in draft]
        self.pieces = {
            turn.number: _Piece(
                number=turn.number, text=turn.text, speaker=turn.speaker, words=turn.words, source=turn.words
            )
            for turn in draft
        }
        self.timed = timed
        self.waivers: list[tuple[Mark, Waiver]] = []

    def standing(self) -> Iterable[Standing]:
        for piece in map(self.pieces.__getitem__, self.order):
            turn = Turn(number=piece.number, speaker=piece.speaker, words=self._words(piece))
            yield Standing(turn=turn, source=piece.source, checked=piece.checked, notes=tuple(piece.notes))

    def add(self, correction: Correction) -> None:
        mark = Mark(author=correction.author, at=correction.at)
        match correction.change:
            case Revision() as revision:
                self._revise(revision)
            case Split() as split:
                self._split(split, correction.number)
            case Merge() as merge:
                self._merge(merge, correction.number)
            case Check() as check:
                for number in check.turns:
                    self._get(number).checked = mark if check.checked else None
            case Note() as note:
                self._note(note, Remark(number=correction.number, author=mark.author, at=mark.at, text=note.text))
            case Waiver() as waiver:
                self.waivers.append((mark, waiver))

    def _get(self, number: int) -> _Piece:
        if number not in self.pieces:
            raise NoSuchTurn(turn=number)
        return self.pieces[number]

    def _words(self, piece: _Piece) -> Words:
        """The words of the text as it is now, with times, by the speaker as it is now."""
        key = (piece.number, piece.since, piece.text, piece.speaker)
        if key not in self.timed:
            same = piece.text == _text(piece.words)
            words = piece.words if same else retimed(piece.words, piece.text)
            by = (word if word.speaker is piece.speaker else replace(word, speaker=piece.speaker) for word in words)
            self.timed[key] = tuple(by)
        return self.timed[key]

    def _revise(self, revision: Revision) -> None:
        for number, text in revision.texts.items():
            piece, new = self._get(number), " ".join(text.split())
            if new != piece.text:
                piece.text, piece.checked = new, None
        for number, speaker in revision.speakers.items():
            self._get(number).speaker = speaker

    def _split(self, split: Split, since: int) -> None:
        piece = self._get(split.turn)
        first, second = cut(self._words(piece), split.at)
        if not first or not second:
            raise NotACut(turn=split.turn)
        before = tuple(word for word in piece.source if (word.start + word.end) / 2 < second[0].start)
        self.pieces[split.new] = _Piece(
            number=split.new,
            text=_text(second),
            speaker=split.speaker or piece.speaker,
            words=second,
            source=piece.source[len(before) :],
            since=since,
            checked=piece.checked,
        )
        piece.words, piece.text, piece.source, piece.since = first, _text(first), before, since
        self.order.insert(self.order.index(split.turn) + 1, split.new)

    def _merge(self, merge: Merge, since: int) -> None:
        piece, other = self._get(merge.turn), self._get(merge.other)
        words = self._words(piece)
        piece.words = tuple(word for word in (*words, *self._words(other)) if word.text) or words
        piece.text, piece.since = _text(piece.words), since
        piece.source += other.source
        piece.checked = piece.checked if other.checked else None
        piece.notes += other.notes
        self.order.remove(merge.other)
        del self.pieces[merge.other]

    def _note(self, note: Note, remark: Remark) -> None:
        for piece in self.pieces.values():
            piece.notes = [known for known in piece.notes if known.number != note.of]
        if note.text:
            self._get(note.turn).notes.append(remark)


def _text(words: Sequence[Word]) -> str:
    return " ".join(word.text for word in words)
