"""What figures of agreement say and do not say, in sentences: how much chance explains, how little would change them."""

from collections.abc import Iterator
from dataclasses import replace

from pipeline.codes.agreement import Table, Unit

_HIGH, _LOW = 0.8, 0.4  # of agreement and of kappa, where the one is often mistaken for the other
_MOVES = 0.05  # how far one answer may move kappa before that is said


def sentences(table: Table, unit: Unit, codes: int) -> tuple[str, ...]:
    """What to make of the figures of `codes` codes together. Never a verdict: no value makes a coding right."""
    return tuple(_sentences(table, unit, codes))


def _sentences(table: Table, unit: Unit, codes: int) -> Iterator[str]:
    same, apart = table.both + table.neither, table.only_first + table.only_second
    if not table.units:
        yield "Nothing was compared."
        return
    yield (
        f"They said the same {same:,} times of {table.units:,} ({_percent(table.share)}): {_counted(codes, 'code')}, asked of "
        f"{_counted(table.units // codes, unit.value[:-1])}. A code was given by both {_times(table.both)}, by one alone "
        f"{_times(apart)}."
    )
    if not apart:
        yield "There is nothing on which they differ, so kappa and alpha are 1 by convention or in fact."
    elif table.kappa <= 0:
        yield "That is no more than two people would reach by chance who give codes as often as these two."
    else:
        yield (
            f"Two people who give codes as often as these two would reach {_percent(table.chance)} by chance; of the rest, "
            f"kappa says, they share {_percent(table.kappa)}."
        )
    yield from _sensitivity(table, unit)
    if apart and table.share >= _HIGH and table.kappa < _LOW:
        yield (
            "Most of what they agree on is codes that neither gave. Where codes are rare, kappa and alpha are low although "
            "few places differ, and agreement is high although little was found by both."
        )
    if unit is Unit.CHARACTERS:
        yield (
            "Characters next to each other are not coded independently: these figures describe two codings and say nothing "
            "of others."
        )
    yield (
        "No value makes a coding right. Krippendorff asks for an alpha of 0.8, or 0.667 for tentative conclusions, where codes "
        "are counted as data; where they lead back to what people said, the places below matter more."
    )


def _sensitivity(table: Table, unit: Unit) -> Iterator[str]:
    """How far one judgement moves kappa: honest where the numbers are small, and without a model of chance behind it."""
    if unit is not Unit.TURNS or not table.both:
        return
    worse = replace(table, both=table.both - 1, only_first=table.only_first + 1).kappa
    better = _settled(table).kappa
    if better - worse >= _MOVES:
        yield f"One answer more that agrees would make kappa {better:.2f}, one less {worse:.2f}: it is a rough figure."


def _settled(table: Table) -> Table:
    """The same with one difference, if there is any, settled in favour of the code."""
    if table.only_first:
        return replace(table, both=table.both + 1, only_first=table.only_first - 1)
    if table.only_second:
        return replace(table, both=table.both + 1, only_second=table.only_second - 1)
    return table


def _percent(share: float) -> str:
    # 99.6 % is not everything
    return f"{int(share * 100)} %" if share > 0.99 else f"{share * 100:.0f} %"


def _counted(count: int, what: str) -> str:
    return f"{count:,} {what}{'s' * (count != 1)}"


def _times(count: int) -> str:
    return {0: "never", 1: "once", 2: "twice"}.get(count, f"{count:,} times")
