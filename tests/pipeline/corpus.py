"""A made-up review with identifiers planted in it: every name, number and place here is invented or reserved for fiction."""

import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import cycle

from pipeline.pseudonyms.names import Kind, NameKey, Term
from pipeline.transcripts.document import Passage
from pipeline.transcripts.transcript import Speaker

TERMS = (
    ("Kelly Marlowe", "mother", Kind.FAMILY),
    ("Kelly", "mother", Kind.FAMILY),
    ("Tilly", "child 1", Kind.FAMILY),
    ("Joel", "child 2", Kind.FAMILY),
    ("Anne-Marie", "aunt", Kind.FAMILY),
    ("O'Rourke", "neighbour", Kind.PERSON),
    ("Hartigan", "head teacher", Kind.PERSON),
    ("Nadia Okafor", "social worker 1", Kind.PERSON),
    ("Zsófia Kovács", "health visitor 2", Kind.PERSON),
    ("Wojciechowski", "lodger", Kind.PERSON),
    ("Larkfield Primary", "school A", Kind.SCHOOL),
    ("St Brannoc's", "school B", Kind.SCHOOL),
    ("Eastmere", "town", Kind.PLACE),
    ("Brackenthwaite", "village", Kind.PLACE),
    ("Safer Start", "charity", Kind.ORGANISATION),
)
MISSPELT = {
    "Hartigan": ("Hartigen", "Hartigann", "Hartgan", "Hratigan"),
    "Wojciechowski": ("Wojcechowski", "Wojciechowsky"),
    "Eastmere": ("Eastmeer", "Eastmer", "Easmere"),
    "Brackenthwaite": ("Brackenthwate",),
    "Nadia Okafor": ("Nadja Okafor", "Nadia Okafur"),
    "Larkfield Primary": ("Larkfeld Primary",),
}
PATTERNS = (
    "943 476 5919", "9434765919", "987-654-3210", "nine four three, four seven six, five nine one nine",
    "07700 900123", "07700900456", "+44 7700 900789", "(020) 7946 0018", "020 7946 0999", "0113 496 0321",
    "0161 496 0999", "01632 960123", "oh seven seven double oh nine hundred one two three",
    "zero seven seven zero zero nine zero zero four five six", "oh one six three two, nine six oh, one two three",
    "SW1A 1AA", "LS6 3HN", "B1 1AA", "M60 1NW", "EC1A 1BB", "sw1a 1aa", "LS six three HN", "S W nine eight J T",
    "jo.bloggs@example.org", "JO_B@example.co.uk", "jo dot bloggs at example dot com", "AB 12 34 56 C", "JG103759A",
    "ZC21C00123", "LS20P00417", "CR/2021/00417", "AB12 CDE", "KT62XYZ", "P123 ABC", "3 June 2021",
    "the third of March", "March the third", "3rd of June", "June 3rd, 2021", "03/06/2021", "3.6.21", "2021-06-03",
    "June 2021", "the twenty-first of June two thousand and nineteen", "the eleventh of May twenty twenty",
    "Tuesday the fourteenth", "Tuesday, the fourteenth of March", "the third of the sixth twenty nineteen",
    "Christmas Day", "Boxing Day 2019", "seven years old", "aged 9", "three-year-old", "18 months old", "age of six",
    "Year 6", "year four", "twelve weeks old", "12 High Street", "Flat 4 Quarry Road", "27b Elm Park Avenue",
    "123456789", "4471 2203 8816", "www.example.org", "@made_up_handle",
)  # fmt: skip
UNKEYED = (
    "Tyrone", "Jayden", "Siobhan", "Kowalczyk", "Adeyemi", "Okonkwo", "Bannerjee", "Llewellyn", "Mohammed", "Xiaoling", "Grace",
    "Rose", "Will", "Summer", "Banks", "Harding", "Fielding", "Young", "Baker", "Dr Patel", "Mrs Achterberg", "PC Dunmore",
    "Nurse Quill", "Harehills", "Oakfield Academy", "St Aidan's", "Cragmoor", "D'Souza", "Jean-Luc", "Sarah Jane Miller", "RSPX",
)  # fmt: skip
_INSIDE = (
    "I think that {} was part of it.",
    "We only heard about {}, and then nothing.",
    "It was in my notes with {} I believe.",
    "Nobody had asked about {}.",
    "So they wrote down {} and left.",
)
_FIRST = ("{} said that it was fine.", "{} was not there. We waited.", "{} rang me.")
_FILLER = (
    "I remember that the handover was one page.",
    "It felt like nobody was listening to anybody.",
    "There were two of them off sick and I was covering.",
    "We talked about what would happen next.",
    "Honestly, it did not feel safe.",
)


class Sort(StrEnum):
    KEYED = "keyed"
    MISSPELT = "misspelt"
    PATTERN = "pattern"
    UNKEYED = "unkeyed"


@dataclass(frozen=True, kw_only=True, slots=True)
class Planted:
    """What was put where: half-open offsets in the text of a turn."""

    turn: int
    start: int
    end: int
    text: str
    sort: Sort


@dataclass(frozen=True, kw_only=True, slots=True)
class Corpus:
    passages: tuple[Passage, ...]
    planted: tuple[Planted, ...]
    key: NameKey

    def of(self, *sorts: Sort) -> list[Planted]:
        return [one for one in self.planted if one.sort in sorts]


def _forms(real: str) -> Iterator[str]:
    yield from (
        real,
        real.upper(),
        real.lower(),
        f"{real}'s",
        f"{real}’s",
        real.replace(" ", "-"),
        real.replace("-", " "),
    )
    yield real.replace("'", "’")
    yield real if real.endswith("s") else f"{real}s"


def _titled(real: str, kind: Kind) -> Iterator[str]:
    if kind is Kind.PERSON:
        yield from (f"Dr {real}", f"Mrs. {real}", f"mr {real}'s")


def _sentences() -> Iterator[tuple[str, str, Sort]]:
    inside, first = cycle(_INSIDE), cycle(_FIRST)
    for real, _, kind in TERMS:
        for form in (*_forms(real), *_titled(real, kind)):
            yield next(inside), form, Sort.KEYED
        yield next(first), real, Sort.KEYED
        for wrong in MISSPELT.get(real, ()):
            yield next(inside), wrong, Sort.MISSPELT
    for pattern in PATTERNS:
        yield next(inside), pattern, Sort.PATTERN
    for name in UNKEYED:
        yield next(inside), name, Sort.UNKEYED
        yield next(first), name, Sort.UNKEYED


def key() -> NameKey:
    return NameKey(
        Term(id=f"T{number}", real=real, replacement=replacement, kind=kind)
        for number, (real, replacement, kind) in enumerate(TERMS, 1)
    )


def make(seed: int = 1) -> Corpus:
    """The same corpus for the same seed: more than 300 identifiers, one to a turn, between sentences that hold none."""
    chance = random.Random(seed)  # noqa: S311
    sentences = list(_sentences())
    chance.shuffle(sentences)
    return _lay_out(sentences, chance)


def _lay_out(sentences: Iterable[tuple[str, str, Sort]], chance: random.Random) -> Corpus:
    passages, planted = [], []
    for turn, (template, identifier, sort) in enumerate(sentences, 1):
        before = chance.choice(_FILLER) + " "
        start = len(before) + template.index("{}")
        text = before + template.format(identifier) + " " + chance.choice(_FILLER)
        passages.append(
            Passage(turn=turn, speaker=Speaker.PARTICIPANT, start=turn * 10.0, end=turn * 10.0 + 9, text=text)
        )
        planted.append(Planted(turn=turn, start=start, end=start + len(identifier), text=identifier, sort=sort))
    return Corpus(passages=tuple(passages), planted=tuple(planted), key=key())
