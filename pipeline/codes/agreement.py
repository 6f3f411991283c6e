"""How far two coders agree about one conversation, code by code, with the turns they should talk about.

The unit is the turn: a coder has given it a code when an extract of theirs with that code touches it.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from pipeline.codes.codebook import Code, Codebook
from pipeline.codes.coding import Extract
from pipeline.codes.quotes import pieces
from pipeline.transcripts.document import Document
from storage.errors import BadInput


class SameCoder(BadInput):
    """agreement: "{coder}" was named twice; name two different coders"""


class NothingCoded(BadInput):
    """agreement: {coder} has coded nothing in {conversation}; choose a coder who has"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Agreement:
    """Turns with one code: given by `both`, or listed by number where `only_first` or `only_second` gave it."""

    code: Code
    both: int
    neither: int
    only_first: tuple[int, ...]
    only_second: tuple[int, ...]

    @property
    def turns(self) -> int:
        return self.both + self.neither + len(self.only_first) + len(self.only_second)

    @property
    def share(self) -> float:
        """The part of all turns on which both agree, 0 to 1."""
        return (self.both + self.neither) / self.turns

    @property
    def kappa(self) -> float:
        """Cohen's kappa (Cohen 1960): agreement beyond what each coder's own rate would give by chance."""
        first, second = self.both + len(self.only_first), self.both + len(self.only_second)
        rest = (self.turns - first) * (self.turns - second)
        chance = (first * second + rest) / self.turns**2
        return 1.0 if chance == 1 else (self.share - chance) / (1 - chance)

    @property
    def alpha(self) -> float:
        """Krippendorff's alpha for two coders and yes-or-no data (Krippendorff 2011, Computing alpha-reliability)."""
        apart, values = len(self.only_first) + len(self.only_second), 2 * self.turns
        yes = 2 * self.both + apart
        return 1.0 if yes in (0, values) else 1 - (values - 1) * apart / (yes * (values - yes))


def agreement(
    document: Document, codebook: Codebook, extracts: Iterable[Extract], first: str, second: str
) -> tuple[Agreement, ...]:
    """The agreement of two coders on each code that either has used here, in the order of the codebook.

    Raises SameCoder, NothingCoded.
    """
    if first == second:
        raise SameCoder(coder=first)
    here = [one for one in extracts if one.conversation == document.conversation]
    for coder in (first, second):
        if not any(one.coder == coder for one in here):
            raise NothingCoded(coder=coder, conversation=document.conversation)
    given = {coder: _given(document, here, coder) for coder in (first, second)}
    used = {code for _, code in given[first] | given[second]}
    return tuple(_agreement(document, code, given[first], given[second]) for code in codebook.codes if code.id in used)


def _given(document: Document, extracts: Iterable[Extract], coder: str) -> set[tuple[int, str]]:
    return {
        (passage.turn, code)
        for one in extracts
        if one.coder == coder
        for passage, _, _ in pieces(document, one.anchor)
        for code in one.codes
    }


def _agreement(document: Document, code: Code, first: set[tuple[int, str]], second: set[tuple[int, str]]) -> Agreement:
    turns = [passage.turn for passage in document.passages]
    by_first, by_second = ([(turn, code.id) in given for turn in turns] for given in (first, second))
    pairs = list(zip(turns, by_first, by_second, strict=True))
    return Agreement(
        code=code,
        both=sum(a and b for _, a, b in pairs),
        neither=sum(not a and not b for _, a, b in pairs),
        only_first=tuple(turn for turn, a, b in pairs if a and not b),
        only_second=tuple(turn for turn, a, b in pairs if b and not a),
    )
