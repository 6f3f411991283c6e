"""What a person must hear: stretches of a draft that give a reason for doubt, worst first.

Nothing is taken out of a draft because it is doubted. Thresholds on the model's own figures are those of the library; the
others follow from how people talk. Words that decide a case are listened to whatever the model thought of them.
"""

import json
import tomllib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from itertools import groupby
from typing import Final

import configs
from pipeline.coverage import speech_without_words
from pipeline.spans import contains, length, overlap, union
from pipeline.transcript import Heard, Passage, Span, Turn, Word, canonical, plain

NO_SPEECH: Final = 0.6
COMPRESSION: Final = 2.4
CONFIDENCE: Final = -1.0
UNLIKELY: Final = 0.5  # probability of a word that makes it doubtful beside another one
LONELY: Final = 0.35  # and on its own
SPEED: Final = 8.0  # words a second; quick talk reaches six
SPEED_WORDS: Final = 6
STRAY: Final = 0.5  # share of a word that lies in speech
REPEATS: Final = {
    1: 4,
    2: 3,
    3: 3,
    4: 3,
    5: 3,
    6: 2,
    7: 2,
    8: 2,
}  # words in a phrase: times in a row that nobody says it
ECHO_WORDS: Final = 3
TOGETHER: Final = 2.0  # seconds between critical words that are heard in one go


class Rule(StrEnum):
    """Why a stretch is doubted, gravest first."""

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
    """What is known about a draft besides its words; `terms` is the glossary the model was given."""

    speech: tuple[Span, ...]
    passages: tuple[Passage, ...]
    unheard: tuple[Span, ...]
    damaged: tuple[Span, ...]
    terms: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class WordList:
    """Words and phrases that decide a case: as they sound, by their ending, or exactly as written."""

    title: str
    phrases: frozenset[tuple[str, ...]]
    endings: tuple[str, ...] = ()
    exact: frozenset[str] = frozenset()
    digits: bool = False


@dataclass(frozen=True, slots=True)
class _Place:
    """A word of the draft and where it stands."""

    turn: Turn
    index: int
    word: Word
    sound: str


_Flag = tuple[int, dict[str, float], str]  # place in the draft, figures, word list


def evidence(heard: Sequence[Heard], damaged: Iterable[Span], terms: Sequence[str] = ()) -> Evidence:
    """The evidence of all windows and channels of a recording."""
    return Evidence(
        speech=union(span for one in heard for span in one.speech),
        passages=tuple(passage for one in heard for passage in one.passages),
        unheard=speech_without_words(heard),
        damaged=union(damaged),
        terms=tuple(terms),
    )


def critical_lists() -> tuple[WordList, ...]:
    """The word lists that come with Candour, `configs/words/`."""
    return tuple(_list(tomllib.loads(configs.read(f"words/{name}.toml"))) for name in configs.names("words"))


def find(turns: Sequence[Turn], known: Evidence, lists: Sequence[WordList]) -> tuple[Doubt, ...]:
    """All doubts about a draft, gravest first; within the same risk in order of time.

    A critical word inside a stretch that is doubted anyway is not listed once more.
    """
    places = [
        _Place(turn, index, word, plain(word.text))
        for turn in turns
        for index, word in enumerate(turn.words)
        if word.text
    ]
    doubts = [
        *_silent(Rule.UNHEARD, known.unheard, turns),
        *_silent(Rule.DAMAGED, known.damaged, turns),
    ]
    rules: list[tuple[Rule, Callable[[], Iterator[_Flag]]]] = [
        (
            Rule.SILENCE,
            lambda: _in_passages(places, known.passages, "no_speech", lambda one: one.no_speech > NO_SPEECH),
        ),
        (Rule.STRAY, lambda: _stray(places, known.speech)),
        (Rule.LOOP, lambda: _loops(places, known.passages)),
        (Rule.ECHO, lambda: _echoes(places, known.terms)),
        (Rule.SPEED, lambda: _rushed(places)),
        (Rule.UNSURE, lambda: _unsure(places, known.passages)),
    ]
    for rule, flags in rules:
        doubts += _gathered(rule, places, flags(), apart=0.0)
    for doubt in _gathered(Rule.CRITICAL, places, _critical(places, lists), apart=TOGETHER):
        if not any(_covers(other, doubt) for other in doubts):
            doubts.append(doubt)
    return tuple(sorted(doubts, key=lambda doubt: (-doubt.risk, doubt.span.start, doubt.key)))


def share(turns: Sequence[Turn], doubts: Iterable[Doubt]) -> float:
    """Words inside doubts as a share of all words: how much of the draft must be listened to, at the least."""
    total = sum(len(turn.words) for turn in turns)
    doubted = {
        (doubt.turn, index)
        for doubt in doubts
        if doubt.first is not None and doubt.last is not None
        for index in range(doubt.first, doubt.last + 1)
    }
    return len(doubted) / total if total else 0.0


def to_json(doubt: Doubt) -> bytes:
    """A doubt in canonical bytes, to be sealed."""
    return canonical(asdict(doubt))


def from_json(data: bytes) -> Doubt:
    fields = json.loads(data)
    return Doubt(**{**fields, "rule": Rule(fields["rule"]), "span": Span(**fields["span"])})


def _list(fields: dict[str, object]) -> WordList:
    def texts(name: str) -> list[str]:
        value = fields.get(name, [])
        assert isinstance(value, list)
        return [str(one) for one in value]

    return WordList(
        title=str(fields["title"]),
        phrases=frozenset(tuple(phrase.split()) for phrase in texts("words")),
        endings=tuple(texts("endings")),
        exact=frozenset(texts("exact")),
        digits=bool(fields.get("digits", False)),
    )


def _silent(rule: Rule, spans: Sequence[Span], turns: Sequence[Turn]) -> Iterator[Doubt]:
    """A doubt for a stretch without words, at the turn it falls into or follows."""
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


def _in_passages(
    places: Sequence[_Place], passages: Sequence[Passage], figure: str, bad: Callable[[Passage], bool]
) -> Iterator[_Flag]:
    for passage in filter(bad, passages):
        for number, place in enumerate(places):
            if contains(passage.span, (place.word.start + place.word.end) / 2):
                yield number, {figure: float(getattr(passage, figure))}, ""


def _stray(places: Sequence[_Place], speech: Sequence[Span]) -> Iterator[_Flag]:
    for number, place in enumerate(places):
        span = Span(start=place.word.start, end=max(place.word.end, place.word.start + 0.01))
        spoken = sum(overlap(span, one) for one in speech) / length(span)
        if spoken < STRAY:
            yield number, {"in_speech": round(spoken, 3)}, ""


def _loops(places: Sequence[_Place], passages: Sequence[Passage]) -> Iterator[_Flag]:
    """Phrases said again and again, also across turns. Confidence does not show them: the model is sure of each."""
    yield from _in_passages(places, passages, "compression", lambda one: one.compression > COMPRESSION)
    sounds = [place.sound for place in places]
    for size, least in REPEATS.items():
        start = 0
        while start + size * least <= len(sounds):
            phrase, times = sounds[start : start + size], 1
            while sounds[start + size * times : start + size * (times + 1)] == phrase:
                times += 1
            if times >= least:
                yield from ((start + step, {"times": float(times)}, "") for step in range(size * times))
            start += size * times - size + 1 if times >= least else 1


def _echoes(places: Sequence[_Place], terms: Sequence[str]) -> Iterator[_Flag]:
    """Several terms of the glossary in its own order: nobody speaks like that."""
    prompt = [(plain(word), number) for number, term in enumerate(terms) for word in term.split() if plain(word)]
    sounds = [place.sound for place in places]
    start = 0
    while start < len(sounds):
        next_words = sounds[start : start + len(prompt)]
        run, count = max((_run(next_words, prompt[at:]) for at in range(len(prompt))), default=(0, 0))
        echo = run >= ECHO_WORDS and count >= 2
        if echo:
            yield from ((start + step, {"words": float(run)}, "") for step in range(run))
        start += run if echo else 1


def _run(sounds: Sequence[str], prompt: Sequence[tuple[str, int]]) -> tuple[int, int]:
    """Words in which both begin alike, and how many terms they belong to."""
    run = 0
    while run < min(len(sounds), len(prompt)) and sounds[run] == prompt[run][0]:
        run += 1
    return run, len({number for _, number in prompt[:run]})


def _rushed(places: Sequence[_Place]) -> Iterator[_Flag]:
    for start in range(len(places) - SPEED_WORDS + 1):
        part = places[start : start + SPEED_WORDS]
        if part[0].turn is not part[-1].turn:
            continue
        rate = SPEED_WORDS / max(0.01, part[-1].word.end - part[0].word.start)
        if rate > SPEED:
            yield from ((start + step, {"words_per_second": round(rate, 1)}, "") for step in range(SPEED_WORDS))


def _unsure(places: Sequence[_Place], passages: Sequence[Passage]) -> Iterator[_Flag]:
    yield from _in_passages(places, passages, "confidence", lambda one: one.confidence < CONFIDENCE)
    numbered = enumerate(places)
    for low, group in groupby(numbered, key=lambda pair: (pair[1].turn.number, pair[1].word.probability < UNLIKELY)):
        run = list(group)
        least = min(place.word.probability for _, place in run)
        if low[1] and (len(run) > 1 or least < LONELY):
            yield from ((number, {"probability": place.word.probability}, "") for number, place in run)


def _critical(places: Sequence[_Place], lists: Sequence[WordList]) -> Iterator[_Flag]:
    longest = max((len(phrase) for one in lists for phrase in one.phrases), default=1)
    for number, place in enumerate(places):
        figures = {"probability": place.word.probability}
        for one in lists:
            if (
                (one.digits and any(letter.isdigit() for letter in place.sound))
                or place.sound.endswith(one.endings or ("\0",))
                or place.word.text.strip(".,;:?!\"'“”‘’()") in one.exact
            ):
                yield number, figures, one.title
        for size in range(1, min(longest, len(places) - number) + 1):
            phrase = tuple(other.sound for other in places[number : number + size])
            for one in lists:
                if phrase in one.phrases:
                    yield from ((number + step, figures, one.title) for step in range(size))


def _gathered(rule: Rule, places: Sequence[_Place], flags: Iterable[_Flag], *, apart: float) -> Iterator[Doubt]:
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


def _together(one: _Place, other: _Place, apart: float) -> bool:
    if one.turn is not other.turn:
        return False
    return other.index == one.index + 1 or other.word.start - one.word.end <= apart


def _doubt(
    rule: Rule,
    places: Sequence[_Place],
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


def _covers(other: Doubt, doubt: Doubt) -> bool:
    if other.first is None or other.last is None or doubt.first is None or doubt.last is None:
        return False
    return other.turn == doubt.turn and other.first <= doubt.first and doubt.last <= other.last
