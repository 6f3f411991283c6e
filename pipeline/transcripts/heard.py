"""What people have listened to: stretches of the recording, so that it holds whatever becomes of the turns."""

import json
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pipeline.transcription.spans import total, union, within
from pipeline.transcripts.transcript import Span, Turn, Word, canonical


@dataclass(frozen=True, kw_only=True, slots=True)
class Listening:
    """What one person has heard: what was `played` to them in the page, and what they only `said` they listened to."""

    person: str
    played: tuple[Span, ...] = ()
    said: tuple[Span, ...] = ()

    def with_played(self, spans: Iterable[Span]) -> "Listening":
        return Listening(person=self.person, played=union((*self.played, *spans)), said=self.said)

    def with_said(self, spans: Iterable[Span]) -> "Listening":
        return Listening(person=self.person, played=self.played, said=union((*self.said, *spans)))

    @property
    def spans(self) -> tuple[Span, ...]:
        return union((*self.played, *self.said))

    def to_json(self) -> bytes:
        return canonical(
            {"person": self.person, "played": [*map(_pair, self.played)], "said": [*map(_pair, self.said)]}
        )

    @classmethod
    def from_json(cls, data: bytes) -> "Listening":
        fields = json.loads(data)
        return cls(person=fields["person"], played=_spans(fields["played"]), said=_spans(fields["said"]))


def heard_turns(turns: Sequence[Turn], spans: Sequence[Span]) -> frozenset[int]:
    """The turns of which every word was heard. A word is heard when its middle lies in one of the spans, which are a union."""
    starts = [span.start for span in spans]
    return frozenset(turn.number for turn in turns if all(_heard(word, spans, starts) for word in turn.words))


def share(turns: Sequence[Turn], spans: Sequence[Span]) -> float:
    """Seconds of the turns that were heard, as a share of all their seconds; 1 where there are none."""
    spoken = union(stretch(turn) for turn in turns)
    every = total(spoken)
    return sum(total(within(spans, span)) for span in spoken) / every if every else 1.0


def stretch(turn: Turn) -> Span:
    """From the first to the last word of a turn, and never without a length."""
    return Span(start=turn.start, end=max(turn.end, turn.start + 0.001))


def _heard(word: Word, spans: Sequence[Span], starts: Sequence[float]) -> bool:
    middle = (word.start + word.end) / 2
    place = bisect_right(starts, middle) - 1
    return place >= 0 and middle <= spans[place].end


def _pair(span: Span) -> list[float]:
    return [round(span.start, 3), round(span.end, 3)]


def _spans(pairs: Iterable[Sequence[float]]) -> tuple[Span, ...]:
    return tuple(Span(start=start, end=end) for start, end in pairs)
