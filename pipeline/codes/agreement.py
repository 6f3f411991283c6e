"""How far two coders agree about the same conversations, code by code, with the turns they should talk about.

Each code is a yes-or-no question put to every unit. A unit is a turn, given a code when an extract with it touches the turn; or
a character of what was said, which also counts how much of a turn was meant. Characters next to each other are never coded
independently, so the figures on characters describe two codings and generalise to nothing.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from pipeline.codes.codebook import Code, Codebook
from pipeline.codes.coding import Extract
from pipeline.codes.quotes import BadAnchor, pieces
from pipeline.transcripts.document import Document
from storage.errors import BadInput

Place = tuple[str, int]
"""A turn: conversation and number."""


class SameCoder(BadInput):
    """agreement: "{coder}" was named twice; name two different coders"""


class NothingCoded(BadInput):
    """agreement: {coder} has coded nothing in {target}; choose a coder who has"""


class Unit(StrEnum):
    """What is counted."""

    TURNS = "turns"
    CHARACTERS = "characters"


@dataclass(frozen=True, kw_only=True, slots=True)
class Table:
    """The four counts of a yes-or-no question put to two coders: units that both, one, the other or neither said yes to."""

    both: int
    only_first: int
    only_second: int
    neither: int

    @property
    def units(self) -> int:
        return self.both + self.only_first + self.only_second + self.neither

    @property
    def share(self) -> float:
        """The part of all units on which both agree, 0 to 1; 1 where there is nothing to disagree about."""
        return (self.both + self.neither) / self.units if self.units else 1.0

    @property
    def chance(self) -> float:
        """The share of agreement that two people would reach by chance who say yes as often as these two do."""
        first, second = self.both + self.only_first, self.both + self.only_second
        rest = (self.units - first) * (self.units - second)
        return (first * second + rest) / self.units**2 if self.units else 1.0

    @property
    def kappa(self) -> float:
        """Cohen's kappa (Cohen 1960): agreement beyond what each coder's own rate would give by chance.

        1 where both always say the same, for which the formula has no value.
        """
        return (self.share - self.chance) / (1 - self.chance) if self.chance < 1 else 1.0

    @property
    def alpha(self) -> float:
        """Krippendorff's alpha for two coders and yes-or-no data (Krippendorff 2011, Computing alpha-reliability).

        1 where both always say the same, for which the formula has no value.
        """
        apart, values = self.only_first + self.only_second, 2 * self.units
        yes = 2 * self.both + apart
        return 1.0 if yes in (0, values) else 1 - (values - 1) * apart / (yes * (values - yes))

    def __add__(self, other: "Table") -> "Table":
        return Table(
            both=self.both + other.both,
            only_first=self.only_first + other.only_first,
            only_second=self.only_second + other.only_second,
            neither=self.neither + other.neither,
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Agreement:
    """Two coders on one code: the counts, and the turns in which the code was given by one of them alone."""

    code: Code
    table: Table
    only_first: tuple[Place, ...]
    only_second: tuple[Place, ...]


def agreement(
    documents: Sequence[Document],
    codebook: Codebook,
    extracts: Iterable[Extract],
    first: str,
    second: str,
    unit: Unit = Unit.TURNS,
) -> tuple[Agreement, ...]:
    """The agreement of two coders on each code that either has used, in the order of the codebook.

    Only conversations that both have coded count, since what somebody has not got to is no disagreement.
    Raises SameCoder, NothingCoded.
    """
    if first == second:
        raise SameCoder(coder=first)
    found = list(extracts)
    by = coders(found)
    shared = [one for one in documents if {first, second} <= by[one.conversation]]
    if not shared:
        missing = next((c for c in (first, second) if not any(one.coder == c for one in found)), second)
        raise NothingCoded(coder=missing, target=", ".join(one.conversation for one in documents) or "this review")
    given = [(one, _given(one, found, first), _given(one, found, second)) for one in shared]
    used = {code for _, by_first, by_second in given for _, code in {**by_first, **by_second}}
    return tuple(_agreement(given, code, unit) for code in codebook.codes if code.id in used)


def overall(found: Iterable[Agreement]) -> Table:
    """All codes together: every unit once for each code."""
    return sum((one.table for one in found), Table(both=0, only_first=0, only_second=0, neither=0))


def coders(extracts: Iterable[Extract]) -> defaultdict[str, set[str]]:
    """Who has coded each conversation, by reference."""
    found = defaultdict[str, set[str]](set)
    for one in extracts:
        found[one.conversation].add(one.coder)
    return found


_Given = dict[tuple[int, str], set[int]]


def _given(document: Document, extracts: Iterable[Extract], coder: str) -> _Given:
    """The characters of each turn that a coder has given each code."""
    given: _Given = {}
    for one in extracts:
        if (one.coder, one.conversation) != (coder, document.conversation):
            continue
        try:
            parts = pieces(document, one.anchor)
        except BadAnchor:
            continue  # its words are gone; `coding.check` asks for it to be mended
        for passage, start, end in parts:
            for code in one.codes:
                given.setdefault((passage.turn, code), set()).update(range(start, end))
    return given


def _agreement(given: Sequence[tuple[Document, _Given, _Given]], code: Code, unit: Unit) -> Agreement:
    table = Table(both=0, only_first=0, only_second=0, neither=0)
    only_first: list[Place] = []
    only_second: list[Place] = []
    for document, by_first, by_second in given:
        for passage in document.passages:
            one, other = (by.get((passage.turn, code.id), set()) for by in (by_first, by_second))
            table += _table(one, other, 1 if unit is Unit.TURNS else len(passage.text), whole=unit is Unit.TURNS)
            if one and not other:
                only_first.append((document.conversation, passage.turn))
            if other and not one:
                only_second.append((document.conversation, passage.turn))
    return Agreement(code=code, table=table, only_first=tuple(only_first), only_second=tuple(only_second))


def _table(first: set[int], second: set[int], units: int, *, whole: bool) -> Table:
    """The counts in one turn; with `whole` the turn is one unit, whatever part of it was meant."""
    if whole:
        first, second = {0} if first else set(), {0} if second else set()
    return Table(
        both=len(first & second),
        only_first=len(first - second),
        only_second=len(second - first),
        neither=units - len(first | second),
    )
