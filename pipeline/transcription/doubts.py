"""What a person must hear: stretches of a draft that give a reason for doubt, worst first.

Nothing is taken out of a draft because it is doubted. Words that decide a case are listened to whatever the model thought of
them.
"""

import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Final

from pipeline.transcription import doubt_rules
from pipeline.transcription.coverage import speech_without_words
from pipeline.transcription.doubt_rules import Flag, Place
from pipeline.transcription.doubt_rules import WordList as WordList
from pipeline.transcription.doubt_rules import critical_lists as critical_lists
from pipeline.transcription.spans import length, total, union
from pipeline.transcripts.transcript import Estimate, Heard, Span, Turn, canonical

BEFORE_A_MARK: Final = 10.0  # seconds; somebody marks what they have just heard
AFTER_A_MARK: Final = 2.0
TOGETHER: Final = 0.5  # seconds between critical words that are heard in one go: hardly room for another word
AROUND: Final = 1.0  # seconds before and after a doubt that have to be heard to understand it


class Rule(StrEnum):
    """Why a stretch is doubted, gravest first; what a person asked for before all that a machine found."""

    MARKED = "marked"
    UNHEARD = "unheard"
    SILENCE = "silence"
    STRAY = "stray"
    LOOP = "loop"
    ECHO = "echo"
    DAMAGED = "damaged"
    SPEED = "speed"
    UNSURE = "unsure"
    CRITICAL = "critical"


REASONS: Final = {
    Rule.MARKED: "somebody marked this while it was recorded",
    Rule.UNHEARD: "somebody speaks, and no word was heard",
    Rule.SILENCE: "the model itself thinks that nobody speaks here",
    Rule.STRAY: "words where no speech was found",
    Rule.LOOP: "the same words again and again",
    Rule.ECHO: "the glossary may have been read back",
    Rule.DAMAGED: "the recording is damaged here",
    Rule.SPEED: "faster than anybody speaks",
    Rule.UNSURE: "the model was not sure",
    Rule.CRITICAL: "words that decide what was said",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Doubt:
    """A stretch to listen to.

    `turn` is None where there is no turn near; `first` and `last` are places of words in it, counted from 0 and both
    included, and None where no word is meant. `values` are the figures that raised it; `about` names the word lists.
    """

    rule: Rule
    turn: int | None
    first: int | None
    last: int | None
    span: Span
    values: dict[str, float] = field(hash=False)
    about: str = ""
    risk: float

    @property
    def key(self) -> str:
        """The same for the same doubt in the same draft."""
        if self.first is None:
            return f"{self.rule.value}:{self.span.start:.2f}"
        return f"{self.rule.value}:{self.turn}:{self.first}-{self.last}"

    @property
    def reason(self) -> str:
        return f"{REASONS[self.rule]} ({self.about})" if self.about else REASONS[self.rule]


@dataclass(frozen=True, kw_only=True, slots=True)
class Evidence:
    """What is known about a draft besides its words; `terms` is the glossary the model was given, `marked` are seconds."""

    speech: tuple[Span, ...]
    estimates: tuple[Estimate, ...]
    unheard: tuple[Span, ...]
    damaged: tuple[Span, ...]
    terms: tuple[str, ...] = ()
    marked: tuple[float, ...] = ()


def evidence(
    heard: Sequence[Heard], damaged: Iterable[Span], terms: Sequence[str] = (), marked: Sequence[float] = ()
) -> Evidence:
    """The evidence of all windows and channels of a recording."""
    return Evidence(
        speech=union(span for one in heard for span in one.speech),
        estimates=tuple(estimate for one in heard for estimate in one.estimates),
        unheard=speech_without_words(heard),
        damaged=union(damaged),
        terms=tuple(terms),
        marked=tuple(marked),
    )


def find(turns: Sequence[Turn], known: Evidence, lists: Sequence[WordList]) -> tuple[Doubt, ...]:
    """All doubts about a draft, gravest first; within the same risk in order of time.

    A critical word in a stretch that is doubted anyway is not listed once more.
    """
    places = doubt_rules.places(turns)
    marked = [Span(start=max(0.0, at - BEFORE_A_MARK), end=at + AFTER_A_MARK) for at in known.marked]
    doubts = [*_stretches(Rule.UNHEARD, known.unheard, turns), *_stretches(Rule.DAMAGED, known.damaged, turns)]
    doubts += _stretches(Rule.MARKED, marked, turns)
    flags = {
        Rule.SILENCE: doubt_rules.silent(places, known.estimates),
        Rule.STRAY: doubt_rules.stray(places, known.speech),
        Rule.LOOP: doubt_rules.loops(places, known.estimates),
        Rule.ECHO: doubt_rules.echoes(places, known.terms),
        Rule.SPEED: doubt_rules.rushed(places),
        Rule.UNSURE: doubt_rules.unsure(places, known.estimates),
    }
    for rule, flagged in flags.items():
        doubts += _gathered(rule, places, flagged, apart=0.0)
    doubted = _words(doubts)
    left = [
        flag
        for flag in doubt_rules.critical(places, lists)
        if (places[flag[0]].turn.number, places[flag[0]].index) not in doubted
    ]
    doubts += _gathered(Rule.CRITICAL, places, left, apart=TOGETHER)
    return tuple(sorted(doubts, key=lambda doubt: (-doubt.risk, doubt.span.start, doubt.key)))


@dataclass(frozen=True, kw_only=True, slots=True)
class Load:
    """What it takes to clear doubts: how many there are, their words as a share of all, and seconds to hear with a little around
    each of them."""

    doubts: int
    words: float
    seconds: float


def to_hear(turns: Sequence[Turn], doubts: Collection[Doubt]) -> Load:
    """What it takes to clear these doubts; what several of them share is heard once."""
    total_words = sum(len(turn.words) for turn in turns)
    around = union(Span(start=max(0.0, one.span.start - AROUND), end=one.span.end + AROUND) for one in doubts)
    return Load(
        doubts=len(doubts),
        words=len(_words(doubts)) / total_words if total_words else 0.0,
        seconds=round(total(around), 1),
    )


def by_rule(doubts: Iterable[Doubt]) -> dict[Rule, list[Doubt]]:
    """Doubts by the rule that raised them, gravest first; rules that raised none are left out."""
    found: dict[Rule, list[Doubt]] = {rule: [] for rule in Rule}
    for doubt in doubts:
        found[doubt.rule].append(doubt)
    return {rule: some for rule, some in found.items() if some}


def _words(doubts: Iterable[Doubt]) -> set[tuple[int | None, int]]:
    """The turns and places of the words that are doubted."""
    return {
        (doubt.turn, index)
        for doubt in doubts
        if doubt.first is not None and doubt.last is not None
        for index in range(doubt.first, doubt.last + 1)
    }


def to_json(doubt: Doubt) -> bytes:
    """A doubt in canonical bytes, to be sealed."""
    return canonical(asdict(doubt))


def from_json(data: bytes) -> Doubt:
    fields = json.loads(data)
    return Doubt(**{**fields, "rule": Rule(fields["rule"]), "span": Span(**fields["span"])})


def _stretches(rule: Rule, spans: Sequence[Span], turns: Sequence[Turn]) -> Iterator[Doubt]:
    """A doubt for a stretch as such, whatever its words, at the turn it falls into or follows."""
    for span in spans:
        before = [turn.number for turn in turns if turn.start <= span.end]
        yield Doubt(
            rule=rule,
            turn=before[-1] if before else None,
            first=None,
            last=None,
            span=span,
            values={"seconds": round(length(span), 3)},
            risk=_risk(rule, min(1.0, length(span) / 30)),
        )


def _gathered(rule: Rule, places: Sequence[Place], flags: Iterable[Flag], *, apart: float) -> Iterator[Doubt]:
    """One doubt for flagged words of a turn that follow each other, or begin within `apart` seconds of the last one's end."""
    figures: dict[int, dict[str, float]] = {}
    titles: dict[int, list[str]] = {}
    for number, values, title in flags:
        figures.setdefault(number, {}).update(values)
        titles.setdefault(number, []).append(title)
    group: list[int] = []
    for number in sorted(figures):
        if group and not _together(places[group[-1]], places[number], apart):
            yield _doubt(rule, places, group, figures, titles)
            group = []
        group.append(number)
    if group:
        yield _doubt(rule, places, group, figures, titles)


def _together(one: Place, other: Place, apart: float) -> bool:
    if one.turn is not other.turn:
        return False
    return other.index == one.index + 1 or other.word.start - one.word.end <= apart


def _doubt(
    rule: Rule,
    places: Sequence[Place],
    group: Sequence[int],
    figures: dict[int, dict[str, float]],
    titles: dict[int, list[str]],
) -> Doubt:
    words = [places[number].word for number in group]
    values: dict[str, float] = {}
    for number in group:
        for name, value in figures[number].items():
            values[name] = _worse(name, values.get(name, value), value)
    return Doubt(
        rule=rule,
        turn=places[group[0]].turn.number,
        first=places[group[0]].index,
        last=places[group[-1]].index,
        span=Span(start=words[0].start, end=max(word.end for word in words)),
        values=values,
        about=", ".join(dict.fromkeys(title for number in group for title in titles[number] if title)),
        risk=_risk(rule, 1 - min(word.probability for word in words)),
    )


def _worse(name: str, one: float, other: float) -> float:
    return min(one, other) if name in {"probability", "confidence", "in_speech"} else max(one, other)


def _risk(rule: Rule, severity: float) -> float:
    """The place of the rule in the order of gravity, and within it how bad it is, 0 to 1."""
    return round(len(Rule) - list(Rule).index(rule) + min(0.999, max(0.0, severity)), 3)
