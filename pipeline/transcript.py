"""A transcript: what the machine heard, and what people made of it.

The draft is immutable. Corrections lie over it; `apply` gives the transcript as it stands. All times are seconds from the
start of the recording.
"""

from dataclasses import dataclass
from enum import StrEnum


class Speaker(StrEnum):
    """Who is speaking, by role in the conversation, never by name."""

    INTERVIEWER = "Interviewer"
    PARTICIPANT = "Participant"
    UNKNOWN = "?"


@dataclass(frozen=True, kw_only=True, slots=True)
class Span:
    """A stretch of the recording, in seconds."""

    start: float
    end: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Word:
    """One word as heard: text without surrounding space, times in seconds, mean token probability 0 to 1."""

    text: str
    start: float
    end: float
    probability: float
    speaker: Speaker = Speaker.UNKNOWN


@dataclass(frozen=True, kw_only=True, slots=True)
class Turn:
    """A stretch by one speaker; `number` counts from 1 and is how people refer to it."""

    number: int
    speaker: Speaker
    words: tuple[Word, ...]

    @property
    def text(self) -> str:
        return " ".join(word.text for word in self.words)

    @property
    def start(self) -> float:
        return self.words[0].start

    @property
    def end(self) -> float:
        return self.words[-1].end
