"""How many planted identifiers are found, beside Presidio on the same corpus, and how fast: `python -m tools.bench_names`.

Presidio is a developer's second opinion and no dependency: it runs in an environment of its own, whose Python the variable
PRESIDIO_PYTHON names; without a language model, so without names it was not told, or with the spaCy model there that
PRESIDIO_MODEL names. Without the first its column stays empty. Its recognisers of e-mail and web addresses are left out, because
they look to the network.
"""

import json
import os
import random
import subprocess
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date, timedelta

from pipeline.pseudonyms import names
from pipeline.pseudonyms.candidates import candidates
from pipeline.pseudonyms.names import Kind, NameKey, Term
from pipeline.pseudonyms.uk_patterns import is_nhs_number
from pipeline.transcripts.document import Passage
from pipeline.transcripts.transcript import Speaker
from tests.pipeline import corpus
from tests.pipeline.corpus import Corpus, Planted, Sort

_WORDS, _TERMS, _ROUNDS = 15_000, 200, 3
_SEEDS = range(1, 6)
_TITLE = ("Dr ", "Mrs ", "PC ", "Nurse ")
_PRESIDIO = """
import json, sys
from presidio_analyzer import AnalyzerEngine, PatternRecognizer, RecognizerRegistry
from presidio_analyzer.nlp_engine import NlpEngineProvider
from presidio_analyzer import predefined_recognizers as known
asked = json.load(sys.stdin)
kind = "spacy" if asked["model"] else "no_op"
model = {"nlp_engine_name": kind, "models": [{"lang_code": "en", "model_name": asked["model"] or "no_op"}]}
engine = NlpEngineProvider(nlp_configuration=model).create_engine()
registry = RecognizerRegistry(supported_languages=["en"])
if asked["terms"]:
    registry.add_recognizer(PatternRecognizer(supported_entity="KEYED", deny_list=asked["terms"]))
for name in ("NhsRecognizer", "UkNinoRecognizer", "UkPostcodeRecognizer", "UkVehicleRegistrationRecognizer", "DateRecognizer",
             "UkPassportRecognizer", "UkDrivingLicenceRecognizer"):
    if hasattr(known, name):
        registry.add_recognizer(getattr(known, name)(supported_language="en"))
registry.add_recognizer(known.PhoneRecognizer(supported_regions=["GB"]))
if asked["model"]:
    registry.add_recognizer(known.SpacyRecognizer(supported_language="en"))
analyzer = AnalyzerEngine(nlp_engine=engine, registry=registry, supported_languages=["en"])
found = [[[one.start, one.end] for one in analyzer.analyze(text=text, language="en")] for text in asked["texts"]]
json.dump(found, sys.stdout)
"""
_Spans = Mapping[int, Collection[tuple[int, int]]]


def main() -> None:
    made = [corpus.make(seed) for seed in _SEEDS] + [_drawn_corpus(seed) for seed in _SEEDS]
    print(f"{sum(len(one.planted) for one in made)} identifiers in {len(made)} corpora, share found\n")
    theirs = [_presidio(one) for one in made]
    print(f"{'':36}{'planted':>10}{'Candour':>10}{'Presidio':>10}")
    half = len(_SEEDS)
    for sort, what, first, last in _rows(half):
        part, spans = made[first:last], [one for one in theirs[first:last] if one is not None]
        ours = _share(part, [_ours(one) for one in part], sort)
        other = f"{_share(part, spans, sort):10.1%}" if len(spans) == len(part) else ""
        print(f"{what:36}{sum(len(one.of(sort)) for one in part):10}{ours:10.1%}{other}")
    if None in theirs:
        print("\nPresidio is not there: name its Python in PRESIDIO_PYTHON.")
    passages, key = _long_conversation()
    print(f"\n{_WORDS} words, {_TERMS} terms, best of {_ROUNDS}")
    print(f"  replace all terms                {_best(lambda: [names.replace(p.text, key) for p in passages]):7.3f} s")
    print(f"  make the key ready               {_best(lambda: NameKey(key.terms)):7.3f} s")
    print(f"  find all candidates              {_best(lambda: candidates(passages, key, ())):7.3f} s")


def _rows(half: int) -> list[tuple[Sort, str, int, int]]:
    return [
        (Sort.KEYED, "terms of the key, in every form", 0, half),
        (Sort.MISSPELT, "terms of the key, misspelt", 0, half),
        (Sort.PATTERN, "numbers, codes, addresses, dates", 0, half),
        (Sort.PATTERN, "the same, drawn at random", half, 2 * half),
        (Sort.UNKEYED, "names nobody told it", 0, half),
    ]


def _drawn_corpus(seed: int) -> Corpus:
    """Identifiers that no pattern was written for: drawn, not chosen."""
    chance = random.Random(seed)  # noqa: S311
    drawn = [draw(chance) for draw in _DRAWS for _ in range(10)]
    passages, planted = [], []
    for turn, text in enumerate(drawn, 1):
        before = "I had written down "
        passages.append(
            Passage(turn=turn, speaker=Speaker.PARTICIPANT, start=0.0, end=1.0, text=f"{before}{text} on the form.")
        )
        planted.append(Planted(turn=turn, start=len(before), end=len(before) + len(text), text=text, sort=Sort.PATTERN))
    return Corpus(passages=tuple(passages), planted=tuple(planted), key=NameKey())


def _nhs(chance: random.Random) -> str:
    while True:
        digits = "".join(str(chance.randrange(10)) for _ in range(10))
        if is_nhs_number(digits):
            return chance.choice(
                (digits, f"{digits[:3]} {digits[3:6]} {digits[6:]}", " ".join(_SAID[int(d)] for d in digits))
            )


def _phone(chance: random.Random) -> str:
    """Numbers that Ofcom keeps for drama."""
    number = chance.choice(("07700 900", "0113 496 0", "020 7946 0", "01632 960")) + f"{chance.randrange(1000):03}"
    return chance.choice((number, number.replace(" ", ""), " ".join(_SAID[int(d)] for d in number if d != " ")))


def _date(chance: random.Random) -> str:
    day = date(1990, 1, 1) + timedelta(days=chance.randrange(13_000))
    forms = (
        "{0.day} {0:%B} {0.year}",
        "{0:%d/%m/%Y}",
        "{0:%B} {0.day}, {0.year}",
        "{0.day}.{0.month}.{0:%y}",
        "{0:%Y-%m-%d}",
    )
    return chance.choice(forms).format(day)


def _letters(chance: random.Random, pattern: str) -> str:
    draw = {"A": "ABCEGHJKLMPRSTWX", "9": "0123456789", "Z": "ABDEFGHJLNPQRSTUWXYZ"}
    return "".join(chance.choice(draw[sign]) if sign in draw else sign for sign in pattern)


_SAID = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_DRAWS: tuple[Callable[[random.Random], str], ...] = (
    _nhs, _phone, _date,
    lambda chance: f"{chance.choice(('LS', 'SW', 'M', 'EC', 'B', 'NE'))}{chance.randrange(1, 20)} {_letters(chance, '9ZZ')}",
    lambda chance: _letters(chance, "AB 99 99 99 C"),
    lambda chance: _letters(chance, "KT99 ZZZ"),
    lambda chance: _letters(chance, "LS99C99999"),
    lambda chance: f"{_letters(chance, 'AAA').lower()}{chance.randrange(100)}@example.org",
)  # fmt: skip


def _ours(made: Corpus) -> _Spans:
    """What the key replaces and what a person is asked about, turn by turn."""
    found: dict[int, list[tuple[int, int]]] = {p.turn: [] for p in made.passages}
    for passage in made.passages:
        found[passage.turn] += [(cut.start, cut.end) for cut in made.key.cuts(passage.text)]
    for candidate in candidates(made.passages, made.key, ()):
        for place in candidate.occurrences:
            found[place.turn].append((place.start, place.end))
    return found


def _presidio(made: Corpus) -> _Spans | None:
    python = os.environ.get("PRESIDIO_PYTHON")
    if not python:
        return None
    asked = {
        "terms": [term.real for term in made.key.terms],
        "texts": [p.text for p in made.passages],
        "model": os.environ.get("PRESIDIO_MODEL", ""),
    }
    ran = subprocess.run([python, "-c", _PRESIDIO], input=json.dumps(asked), capture_output=True, text=True, check=True)  # noqa: S603
    spans = json.loads(ran.stdout)
    return {p.turn: [tuple(span) for span in each] for p, each in zip(made.passages, spans, strict=True)}


def _share(made: Sequence[Corpus], found: Sequence[_Spans], sort: Sort) -> float:
    """The part of what was planted that was found whole; a title before a name and its possessive end do not count."""
    hits = [_is_found(one, spans[one.turn]) for each, spans in zip(made, found, strict=True) for one in each.of(sort)]
    return sum(hits) / len(hits)


def _is_found(one: Planted, spans: Collection[tuple[int, int]]) -> bool:
    start = one.start + max((len(title) for title in _TITLE if one.text.startswith(title)), default=0)
    end = one.end
    for ending in ("'s", "’s", "s"):
        if one.text.endswith(ending):
            end -= len(ending)
            break
    inside = sorted((first, last) for first, last in spans if first < end and start < last)
    for first, last in inside:
        if first <= start:
            start = max(start, last)
    return bool(inside) and start >= end


def _long_conversation() -> tuple[list[Passage], NameKey]:
    """As many words as an hour and a half of talk has, and a full name key; some of its terms are among the words."""
    chance = random.Random(1)  # noqa: S311
    letters = "bcdfghklmnprst", "aeiou"
    invented = {
        "".join(chance.choice(letters[at % 2]) for at in range(chance.randint(5, 10))).capitalize() for _ in range(400)
    }
    terms = [
        Term(id=f"T{number}", real=real, replacement=f"person {number}", kind=Kind.PERSON)
        for number, real in enumerate(sorted(invented)[:_TERMS], 1)
    ]
    texts = [passage.text for passage in corpus.make().passages]
    passages: list[Passage] = []
    words = 0
    while words < _WORDS:
        text = f"{chance.choice(texts)} {chance.choice(terms).real} was there."
        words += len(text.split())
        passages.append(Passage(turn=len(passages) + 1, speaker=Speaker.PARTICIPANT, start=0.0, end=1.0, text=text))
    return passages, NameKey(terms)


def _best(work: Callable[[], object]) -> float:
    best = float("inf")
    for _ in range(_ROUNDS):
        start = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - start)
    return best


if __name__ == "__main__":
    main()
