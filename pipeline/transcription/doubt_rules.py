"""The rules by which words of a draft are doubted. Each gives the places of words, with the figures that raised it.

Thresholds on the model's own figures are those of the library; the others follow from how people talk.
"""

import tomllib
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

import configs
from pipeline.pseudonyms import word_lists
from pipeline.transcription.coverage import STRAY, share_in_speech
from pipeline.transcripts.transcript import Estimate, Span, Turn, Word, plain

NO_SPEECH: Final = 0.6
COMPRESSION: Final = 2.4
CONFIDENCE: Final = -1.0
UNLIKELY: Final = 0.5  # probability of a word that makes it doubtful beside another one
LONELY: Final = 0.35  # and on its own
SPEED: Final = 8.0  # words a second; quick talk reaches six
SPEED_WORDS: Final = 6
# by the number of words in a phrase: how many times in a row nobody says it
REPEATS: Final = {1: 4, 2: 3, 3: 3, 4: 3, 5: 3, 6: 2, 7: 2, 8: 2}
ECHO_WORDS: Final = 3
PUNCTUATION: Final = ".,;:?!\"'“”‘’()"


@dataclass(frozen=True, kw_only=True, slots=True)
class WordList:
    """Words and phrases that decide a case: as they sound, by their ending, exactly as written, or with a capital letter."""

    title: str
    phrases: frozenset[tuple[str, ...]] = frozenset()
    endings: tuple[str, ...] = ()
    exact: frozenset[str] = frozenset()
    capitals: frozenset[str] = frozenset()
    digits: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """A word of the draft and where it stands."""

    turn: Turn
    index: int
    word: Word
    sound: str


Flag = tuple[int, dict[str, float], str]  # place in the draft, figures, word list


def places(turns: Sequence[Turn]) -> list[Place]:
    """All words of a draft, turn by turn."""
    return [
        Place(turn, index, word, plain(word.text))
        for turn in turns
        for index, word in enumerate(turn.words)
        if word.text
    ]


def critical_lists(terms: Sequence[str] = ()) -> tuple[WordList, ...]:
    """The word lists that come with Candour, `configs/words/` and the first names in `configs/words-names/`, and a glossary."""
    lists = [_list(tomllib.loads(configs.read(f"words/{name}.toml"))) for name in configs.names("words")]
    # May and Will as the lists write them are theirs already
    names = word_lists.words("first-names", "words") - {word_lists.fold(word) for one in lists for word in one.exact}
    own = frozenset(phrase for term in terms if (phrase := tuple(filter(None, map(plain, term.split())))))
    return (*lists, WordList(title="name", capitals=names), WordList(title="glossary", phrases=own))


def silent(places: Sequence[Place], estimates: Sequence[Estimate]) -> Iterator[Flag]:
    """Text of which the model itself says that nobody speaks."""
    yield from _in_estimates(places, estimates, "no_speech", lambda one: one.no_speech > NO_SPEECH)


def _in_estimates(
    places: Sequence[Place], estimates: Sequence[Estimate], figure: str, bad: Callable[[Estimate], bool]
) -> Iterator[Flag]:
    middles = sorted(((place.word.start + place.word.end) / 2, number) for number, place in enumerate(places))
    for estimate in filter(bad, estimates):
        first = bisect_left(middles, (estimate.span.start, 0))
        last = bisect_right(middles, (estimate.span.end, len(places)))
        for _, number in middles[first:last]:
            yield number, {figure: float(getattr(estimate, figure))}, ""


def stray(places: Sequence[Place], speech: Sequence[Span]) -> Iterator[Flag]:
    for number, place in enumerate(places):
        spoken = share_in_speech(place.word, speech)
        if spoken < STRAY:
            yield number, {"in_speech": round(spoken, 3)}, ""


def loops(places: Sequence[Place], estimates: Sequence[Estimate]) -> Iterator[Flag]:
    """Phrases said again and again, also across turns. Confidence does not show them: the model is sure of each."""
    yield from _in_estimates(places, estimates, "compression", lambda one: one.compression > COMPRESSION)
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


def echoes(places: Sequence[Place], terms: Sequence[str]) -> Iterator[Flag]:
    """Several terms of the glossary in its own order: nobody speaks like that."""
    prompt = [(plain(word), number) for number, term in enumerate(terms) for word in term.split() if plain(word)]
    begins: dict[str, list[int]] = defaultdict(list)
    for at, (sound, _) in enumerate(prompt):
        begins[sound].append(at)
    sounds = [place.sound for place in places]
    start = 0
    while start < len(sounds):
        found = (_run(sounds, start, prompt, at) for at in begins.get(sounds[start], ()))
        run, count = max(found, default=(0, 0))
        echo = run >= ECHO_WORDS and count >= 2
        if echo:
            yield from ((start + step, {"words": float(run)}, "") for step in range(run))
        start += run if echo else 1


def _run(sounds: Sequence[str], start: int, prompt: Sequence[tuple[str, int]], at: int) -> tuple[int, int]:
    """Words for which both go on alike from these places, and how many terms they belong to."""
    run = 0
    while run < min(len(sounds) - start, len(prompt) - at) and sounds[start + run] == prompt[at + run][0]:
        run += 1
    return run, len({number for _, number in prompt[at : at + run]})


def rushed(places: Sequence[Place]) -> Iterator[Flag]:
    for start in range(len(places) - SPEED_WORDS + 1):
        part = places[start : start + SPEED_WORDS]
        if part[0].turn is not part[-1].turn:
            continue
        rate = SPEED_WORDS / max(0.01, part[-1].word.end - part[0].word.start)
        if rate > SPEED:
            yield from ((start + step, {"words_per_second": round(rate, 1)}, "") for step in range(SPEED_WORDS))


def unsure(places: Sequence[Place], estimates: Sequence[Estimate]) -> Iterator[Flag]:
    yield from _in_estimates(places, estimates, "confidence", lambda one: one.confidence < CONFIDENCE)
    numbered = enumerate(places)
    for low, group in groupby(numbered, key=lambda pair: (pair[1].turn.number, pair[1].word.probability < UNLIKELY)):
        run = list(group)
        least = min(place.word.probability for _, place in run)
        if low[1] and (len(run) > 1 or least < LONELY):
            yield from ((number, {"probability": place.word.probability}, "") for number, place in run)


def critical(places: Sequence[Place], lists: Sequence[WordList]) -> Iterator[Flag]:
    longest = max((len(phrase) for one in lists for phrase in one.phrases), default=1)
    for number, place in enumerate(places):
        figures = {"probability": place.word.probability}
        for one in lists:
            if (
                (one.digits and any(letter.isdigit() for letter in place.sound))
                or place.sound.endswith(one.endings or ("\0",))
                or place.word.text.strip(PUNCTUATION) in one.exact
                or (one.capitals and _named(places, number, one.capitals))
            ):
                yield number, figures, one.title
        for size in range(1, min(longest, len(places) - number) + 1):
            phrase = tuple(other.sound for other in places[number : number + size])
            for one in lists:
                if phrase in one.phrases:
                    yield from ((number + step, figures, one.title) for step in range(size))


def _named(places: Sequence[Place], number: int, names: frozenset[str]) -> bool:
    """Whether a word is written as a name; at the start of a sentence only where it is no ordinary word as well."""
    place = places[number]
    text = place.word.text.strip(PUNCTUATION)
    folded = word_lists.fold(text.removesuffix("'s").removesuffix("’s"))
    if not text[:1].isupper() or folded not in names:
        return False
    begins = place.index == 0 or places[number - 1].word.text.rstrip("\"'”’)").endswith((".", "?", "!", "…"))
    return not begins or not word_lists.is_common(folded)


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
