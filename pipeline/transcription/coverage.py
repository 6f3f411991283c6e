"""Every second of a recording accounted for."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from pipeline.transcription.spans import length, minus, overlap, total, union, within
from pipeline.transcripts.transcript import Heard, Span, Word

UNHEARD: Final = 2.0  # seconds of speech without a word that are worth another try
STRAY = 0.5  # share of a word that lies in speech, below which it is a word without speech


@dataclass(frozen=True, kw_only=True, slots=True)
class Account:
    """Seconds of a stretch of the recording by what became of them; the four add up to its duration.

    `skipped` is speech in which no word was heard, also not on the second try.
    """

    transcribed: float
    silence: float
    damaged: float
    skipped: float

    @property
    def duration(self) -> float:
        return self.transcribed + self.silence + self.damaged + self.skipped

    def __add__(self, other: "Account") -> "Account":
        return Account(
            transcribed=self.transcribed + other.transcribed,
            silence=self.silence + other.silence,
            damaged=self.damaged + other.damaged,
            skipped=self.skipped + other.skipped,
        )


def unheard(speech: Sequence[Span], words: Sequence[Word]) -> tuple[Span, ...]:
    """Stretches of speech of two seconds or more in which there is no word."""
    covered = [Span(start=word.start, end=word.end) for word in words]
    return tuple(gap for gap in minus(speech, covered) if length(gap) >= UNHEARD)


def account(window: Span, damaged: Iterable[Span], heard: Sequence[Heard]) -> Account:
    """What became of a window that was heard in one channel or in two; what is damaged counts as that and as nothing else."""
    lost = within(damaged, window)
    speech = minus(within(_speech(heard), window), lost)
    missed = minus(within(speech_without_words(heard), window), lost)
    return Account(
        transcribed=total(minus(speech, missed)),
        silence=total(minus([window], [*speech, *lost])),
        damaged=total(lost),
        skipped=total(missed),
    )


def speech_without_words(heard: Sequence[Heard]) -> tuple[Span, ...]:
    """Stretches of two seconds or more in which somebody speaks and no word was heard, in any channel."""
    return union(span for one in heard for span in unheard(one.speech, one.words))


def words_without_speech(heard: Sequence[Heard]) -> tuple[Word, ...]:
    """Words that lie outside of what voice detection found in their channel, by more than half."""
    return tuple(word for one in heard for word in one.words if share_in_speech(word, one.speech) < STRAY)


def _speech(heard: Sequence[Heard]) -> tuple[Span, ...]:
    return union(span for one in heard for span in one.speech)


def share_in_speech(word: Word, speech: Sequence[Span]) -> float:
    """How much of a word lies in speech, 0 to 1; `speech` is in order of time and free of overlaps."""
    place = Span(start=word.start, end=max(word.end, word.start + 0.01))
    spoken = 0.0
    number = bisect_left(speech, place.end, key=lambda one: one.start) - 1
    while number >= 0 and speech[number].end > place.start:
        spoken += overlap(place, speech[number])
        number -= 1
    return spoken / length(place)
