"""What a transcript is made of: timed words, turns, and who speaks. All times are seconds from the start of the recording."""

import json
import unicodedata
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from rapidfuzz.distance import Levenshtein


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
        # of two turns made one, the words of the first may go on while those of the second are said
        return max(word.end for word in self.words)


@dataclass(frozen=True, kw_only=True, slots=True)
class Estimate:
    """What the model thought of a piece of its own text.

    `confidence` is the mean log-probability of its tokens, `compression` how well the text compresses (high when it repeats
    itself), `no_speech` the probability that nobody speaks, `temperature` above 0 where it had to guess.
    """

    span: Span
    confidence: float
    compression: float
    no_speech: float
    temperature: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Heard:
    """What the model heard in one channel of a window, and where voice detection found speech."""

    window: Span
    speech: tuple[Span, ...]
    words: tuple[Word, ...]
    estimates: tuple[Estimate, ...]


def plain(word: str) -> str:
    """A word as it sounds: without case and without punctuation around it, one form of apostrophe."""
    folded = unicodedata.normalize("NFC", word.replace("’", "'")).casefold()
    letters = [place for place, letter in enumerate(folded) if letter.isalnum()]
    return folded[letters[0] : letters[-1] + 1] if letters else ""


def plain_words(text: str) -> list[str]:
    """The words of a text as they sound; what has no letter or digit is no word."""
    return [word for word in map(plain, text.split()) if word]


def word_error_rate(reference: str, hypothesis: str) -> float:
    """Words that must be inserted, deleted or replaced, as a share of the words in the reference.

    Case and punctuation do not count. An empty reference gives the number of words in the hypothesis.
    """
    right, said = plain_words(reference), plain_words(hypothesis)
    return Levenshtein.distance(right, said) / max(1, len(right))


def timestamp(seconds: float) -> str:
    """Whole seconds passed, as 00:01:02."""
    whole = int(_milliseconds(seconds) // 1000)
    return f"{whole // 3600:02}:{whole // 60 % 60:02}:{whole % 60:02}"


def timestamp_ms(seconds: float, mark: str = ".") -> str:
    """The time to the millisecond, as 00:01:02.345."""
    return f"{timestamp(seconds)}{mark}{_milliseconds(seconds) % 1000:03}"


def _milliseconds(seconds: float) -> int:
    # rounded once, before it is taken apart: rounding only the fraction can give .1000
    return round(max(0.0, seconds) * 1000)


def turns_to_json(turns: Sequence[Turn]) -> bytes:
    """Turns in canonical bytes: the same turns always give the same bytes."""
    return canonical([_turn_out(turn) for turn in turns])


def turns_from_json(data: bytes) -> tuple[Turn, ...]:
    return tuple(_turn_in(fields) for fields in json.loads(data))


def heard_to_json(heard: Heard) -> bytes:
    """What was heard in a window, in canonical bytes, to be sealed before the next window begins."""
    return canonical(
        {
            "window": _span_out(heard.window),
            "speech": [_span_out(span) for span in heard.speech],
            "words": [_word_out(word) for word in heard.words],
            "estimates": [{**asdict(estimate), "span": _span_out(estimate.span)} for estimate in heard.estimates],
        }
    )


def heard_from_json(data: bytes) -> Heard:
    fields = json.loads(data)
    return Heard(
        window=_span_in(fields["window"]),
        speech=tuple(_span_in(span) for span in fields["speech"]),
        words=tuple(_word_in(word) for word in fields["words"]),
        estimates=tuple(Estimate(**{**one, "span": _span_in(one["span"])}) for one in fields["estimates"]),
    )


def canonical(value: object) -> bytes:
    """A value of lists, dictionaries, text and numbers in the one JSON form that is sealed and compared."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def _span_out(span: Span) -> list[float]:
    return [span.start, span.end]


def _span_in(pair: list[float]) -> Span:
    return Span(start=pair[0], end=pair[1])


def _word_out(word: Word) -> list[object]:
    # a list and not a dictionary: an hour and a half has some fifteen thousand of them
    return [word.text, word.start, word.end, word.probability, word.speaker.value]


def _word_in(fields: list[Any]) -> Word:
    text, start, end, probability, speaker = fields
    return Word(text=text, start=start, end=end, probability=probability, speaker=Speaker(speaker))


def _turn_out(turn: Turn) -> dict[str, object]:
    return {"number": turn.number, "speaker": turn.speaker.value, "words": [_word_out(word) for word in turn.words]}


def _turn_in(fields: dict[str, Any]) -> Turn:
    words = tuple(_word_in(word) for word in fields["words"])
    return Turn(number=fields["number"], speaker=Speaker(fields["speaker"]), words=words)
