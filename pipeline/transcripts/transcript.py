"""A transcript: what the machine heard, and what people made of it.

The draft is immutable. Corrections lie over it; `apply` gives the transcript as it stands. All times are seconds from the
start of the recording.
"""

import json
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from difflib import SequenceMatcher
from enum import StrEnum
from typing import Any

from rapidfuzz.distance import Levenshtein

from storage.errors import NotFound


class NoSuchTurn(NotFound):
    """transcript: there is no turn {number} in this transcript; the last one is {last}"""


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


@dataclass(frozen=True, kw_only=True, slots=True)
class Correction:
    """What a person made of a turn: its whole text, or who speaks, or both; None leaves as it is.

    `author` is a person's id and `at` has a time zone. An empty text says that nothing was said.
    """

    turn: int
    text: str | None = None
    speaker: Speaker | None = None
    author: str
    at: datetime


def apply(turns: Sequence[Turn], corrections: Iterable[Correction]) -> tuple[Turn, ...]:
    """The transcript as it stands: the draft with corrections laid over it, the later over the earlier.

    Raises NoSuchTurn.
    """
    standing = {turn.number: turn for turn in turns}
    for correction in corrections:
        turn = standing.get(correction.turn)
        if turn is None:
            raise NoSuchTurn(number=correction.turn, last=max(standing, default=0))
        if correction.text is not None:
            turn = replace(turn, words=retimed(turn.words, correction.text))
        if correction.speaker is not None:
            words = tuple(replace(word, speaker=correction.speaker) for word in turn.words)
            turn = replace(turn, speaker=correction.speaker, words=words)
        standing[correction.turn] = turn
    return tuple(standing.values())


def retimed(words: Sequence[Word], text: str) -> tuple[Word, ...]:
    """The words of a new text with times from the old ones.

    A word that is still there keeps its time and, if it is written the same, its probability. New words are spread over the
    time of those they replace, or between their neighbours, by their length. A person is certain: probability 1.
    """
    speaker, begin, end = words[0].speaker, words[0].start, max(word.end for word in words)
    new = text.split()
    if not new:
        return (Word(text="", start=begin, end=end, probability=1.0, speaker=speaker),)
    old_keys, new_keys = [plain(word.text) for word in words], [plain(one) for one in new]
    result: list[Word] = []
    for kind, first, last, start, stop in SequenceMatcher(None, old_keys, new_keys, autojunk=False).get_opcodes():
        if kind == "equal":
            result += [_rewritten(word, one) for word, one in zip(words[first:last], new[start:stop], strict=True)]
        elif start < stop:
            earliest = words[first].start if kind == "replace" else result[-1].end if result else begin
            latest = words[last - 1].end if kind == "replace" else words[first].start if first < len(words) else end
            result += _spread(new[start:stop], earliest, max(earliest, latest), speaker)
    return tuple(result)


def _rewritten(word: Word, text: str) -> Word:
    return word if word.text == text else replace(word, text=text, probability=1.0)


def _spread(texts: Sequence[str], start: float, end: float, speaker: Speaker) -> list[Word]:
    letters = sum(len(text) for text in texts)
    words, done = [], 0
    for text in texts:
        begin = start + (end - start) * done / letters
        done += len(text)
        finish = start + (end - start) * done / letters
        words.append(Word(text=text, start=round(begin, 3), end=round(finish, 3), probability=1.0, speaker=speaker))
    return words


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


def correction_to_json(correction: Correction) -> bytes:
    return canonical({**asdict(correction), "at": correction.at.isoformat()})


def correction_from_json(data: bytes) -> Correction:
    fields = json.loads(data)
    speaker = fields["speaker"]
    return Correction(
        turn=fields["turn"],
        text=fields["text"],
        speaker=None if speaker is None else Speaker(speaker),
        author=fields["author"],
        at=datetime.fromisoformat(fields["at"]),
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
