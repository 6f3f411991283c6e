"""Turns, doubts and stretches as the page of a transcript has them: the same in its HTML and in what its script is told."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

from pipeline.transcription.doubts import Doubt
from pipeline.transcription.spans import union
from pipeline.transcripts.reviewing import Reading
from pipeline.transcripts.standing import Remark, Standing, Transcript
from pipeline.transcripts.transcript import Span, Word


@dataclass(frozen=True, kw_only=True, slots=True)
class Note:
    """A remark on a turn; `number` is what to name in order to change it, `at` a time in ISO 8601."""

    number: int
    author: str
    at: str
    text: str = field(repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Shown:
    """A turn. `times` has two whole numbers a word: hundredths of a second since the start of the word before it (of the first:
    since the start of the recording), and how long the word is.
    """

    number: int
    version: int
    speaker: str
    start: float
    end: float
    text: str = field(repr=False)
    times: str
    checked_by: str
    corrected: bool
    notes: tuple[Note, ...]

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """An open doubt: where it is, why, and the words the machine heard there."""

    number: int
    turn: int | None
    start: float
    end: float
    reason: str
    words: str = field(repr=False)


def shown(one: Standing) -> Shown:
    """A turn as it stands."""
    return Shown(
        number=one.turn.number,
        version=one.version,
        speaker=one.turn.speaker.value,
        start=one.turn.start,
        end=one.turn.end,
        text=one.turn.text,
        times=times(one.turn.words),
        checked_by=one.checked.author if one.checked else "",
        corrected=one.corrected,
        notes=tuple(map(_note, one.notes)),
    )


def _note(one: Remark) -> Note:
    return Note(number=one.number, author=one.author, at=one.at.isoformat(timespec="seconds"), text=one.text)


def times(words: Iterable[Word]) -> str:
    """The times of words in hundredths of a second: each as the distance from the start of the last, and its length."""
    parts, before = [], 0
    for word in words:
        start = round(word.start * 100)
        parts += [start - before, max(0, round(word.end * 100) - start)]
        before = start
    return " ".join(map(str, parts))


def question(number: int, doubt: Doubt, words: str) -> Question:
    return Question(
        number=number, turn=doubt.turn, start=doubt.span.start, end=doubt.span.end, reason=doubt.reason, words=words
    )


def heard(reading: Reading) -> tuple[Span, ...]:
    """What somebody has heard, or need not hear."""
    waived = (span for _, waiver in reading.transcript.waivers for span in waiver.spans)
    return union([*waived, *(span for one in reading.listened for span in one.spans)])


def spans_text(spans: Iterable[Span]) -> str:
    """Stretches as the page is told them: 0.50-12.00 15.20-90.00."""
    return " ".join(f"{span.start:.2f}-{span.end:.2f}" for span in spans)


def changed(transcript: Transcript, numbers: Iterable[int] | None = None) -> dict[str, Any]:
    """What the script of the page is told after a change: the turns it was about, and the order of all of them."""
    picked = None if numbers is None else frozenset(numbers)
    return {
        "version": transcript.version,
        "turns": [shown(one).to_json() for one in transcript.standing if picked is None or one.turn.number in picked],
        "order": [one.turn.number for one in transcript.standing],
    }
