"""Agreement of two coders: against published figures, against a library of others, and what counts as disagreement."""

from collections.abc import Iterable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nltk.metrics.agreement import AnnotationTask

from pipeline.codes.agreement import NothingCoded, Place, SameCoder, Table, Unit, agreement, overall
from pipeline.codes.coding import Extract
from pipeline.transcripts.document import Document
from tests.pipeline.codes.test_coding import BOOK, coded
from tests.pipeline.codes.test_quotes import span, talk


def by(coder: str, document: Document, turns: Iterable[int], code: str = "f1") -> list[Extract]:
    return [replace(coded(span(turn, 0, turn, 2), code, document=document), coder=coder) for turn in turns]


def places(*turns: int) -> tuple[Place, ...]:
    return tuple(("C-001", turn) for turn in turns)


def test_krippendorffs_worked_example() -> None:
    """Two observers, ten units, yes or no; alpha is 0.095 (Krippendorff 2011, Computing alpha-reliability, section B)."""
    ten = talk(*["some words"] * 10)
    (found,) = agreement([ten], BOOK, by("a", ten, [2, 9]) + by("b", ten, [1, 2, 3, 6]), "a", "b")
    assert found.table == Table(both=1, only_first=1, only_second=3, neither=5)
    assert found.table.alpha == pytest.approx(0.095, abs=0.0005)
    assert found.table.share == pytest.approx(0.6)
    assert (found.only_first, found.only_second) == (places(9), places(1, 3, 6))


def tables(pairs: Iterable[tuple[str, str]]) -> list[Table]:
    """One yes-or-no question a category: did each of the two say it?"""
    given = list(pairs)
    return [
        Table(
            both=sum(one == two == value for one, two in given),
            only_first=sum(one == value != two for one, two in given),
            only_second=sum(two == value != one for one, two in given),
            neither=sum(value not in (one, two) for one, two in given),
        )
        for value in sorted({value for pair in given for value in pair})
    ]


def crossed(counts: Iterable[Iterable[int]]) -> list[tuple[str, str]]:
    """The pairs of answers in a table of categories, rows the first judge's."""
    return [
        (str(row), str(column)) for row, line in enumerate(counts) for column, n in enumerate(line) for _ in range(n)
    ]


# Fleiss, Levin and Paik, Statistical Methods for Rates and Proportions, table 18.1: psychotic, neurotic, organic.
DIAGNOSES = ((75, 1, 4), (5, 4, 1), (0, 0, 10))


def test_kappa_category_by_category_as_in_the_book_on_rates_and_proportions() -> None:
    """100 patients, two raters: 0.69, 0.50 and 0.77; and their average, weighted by 1 - chance, is the overall 0.68."""
    found = tables(crossed(DIAGNOSES))
    assert [one.share for one in found] == pytest.approx([0.90, 0.93, 0.95])
    assert [one.chance for one in found] == pytest.approx([0.68, 0.86, 0.78])
    assert [round(one.kappa, 2) for one in found] == [0.69, 0.50, 0.77]
    weights = [1 - one.chance for one in found]
    overall = sum(one.kappa * weight for one, weight in zip(found, weights, strict=True)) / sum(weights)
    assert overall == pytest.approx(0.676, abs=0.0005)


def test_cohens_own_example() -> None:
    """Cohen 1960, table 2: 200 judgements in three categories; of them chance 0.41, agreement 0.70, kappa 0.492."""
    found = tables(crossed(((88, 14, 18), (10, 40, 10), (2, 6, 12))))
    # what all yes-or-no questions have of disagreement is twice what the question with three answers has
    assert sum(1 - one.share for one in found) / 2 == pytest.approx(1 - 0.70)
    assert sum(1 - one.chance for one in found) / 2 == pytest.approx(1 - 0.41)
    weights = [1 - one.chance for one in found]
    kappa = sum(one.kappa * weight for one, weight in zip(found, weights, strict=True)) / sum(weights)
    assert kappa == pytest.approx(0.492, abs=0.0005)


def test_krippendorffs_example_with_five_values() -> None:
    """Ben and Gerry, twelve articles, values a to e: alpha is 0.692 (Krippendorff 2011, section C)."""
    found = tables(zip("aabbdcccedda", "babbbccceddd", strict=True))
    expected = [_expected(one) for one in found]
    for one, chance in zip(found, expected, strict=True):
        assert one.alpha == pytest.approx(1 - (one.only_first + one.only_second) / chance)
    alpha = sum(one.alpha * chance for one, chance in zip(found, expected, strict=True)) / sum(expected)
    assert alpha == pytest.approx(0.692, abs=0.0005)


def _expected(table: Table) -> float:
    """Pairs that would differ by chance: values drawn two by two, without putting back, from all that both said."""
    yes, values = 2 * table.both + table.only_first + table.only_second, 2 * table.units
    return yes * (values - yes) / (values - 1)


@pytest.mark.parametrize(
    ("counts", "share", "kappa"),
    [((20, 5, 10, 15), 0.70, 0.4), ((45, 15, 25, 15), 0.60, 0.1304), ((25, 35, 5, 35), 0.60, 0.2593)],
)
def test_the_tables_that_explain_cohens_kappa(counts: tuple[int, int, int, int], share: float, kappa: float) -> None:
    """The three tables of the encyclopaedia article on Cohen's kappa, the last two with the same share and another kappa."""
    table = Table(**dict(zip(("both", "only_first", "only_second", "neither"), counts, strict=True)))
    assert table.share == pytest.approx(share)
    assert table.kappa == pytest.approx(kappa, abs=0.00005)


ANSWERS = st.lists(st.tuples(st.booleans(), st.booleans()), min_size=2, max_size=40).filter(
    lambda pairs: len({answer for pair in pairs for answer in pair}) == 2
)


@given(ANSWERS)
def test_a_library_for_agreement_finds_the_same(pairs: list[tuple[bool, bool]]) -> None:
    table = Table(
        both=pairs.count((True, True)),
        only_first=pairs.count((True, False)),
        only_second=pairs.count((False, True)),
        neither=pairs.count((False, False)),
    )
    task = AnnotationTask(data=[(coder, at, pair[coder]) for at, pair in enumerate(pairs) for coder in (0, 1)])
    assert table.share == pytest.approx(task.avg_Ao())
    assert table.kappa == pytest.approx(task.kappa())
    assert table.alpha == pytest.approx(task.alpha())


def test_full_agreement_is_one() -> None:
    three = talk("some words", "some words", "some words")
    for turns in ([1, 2, 3], [2]):
        for unit in Unit:
            (found,) = agreement([three], BOOK, by("a", three, turns) + by("b", three, turns), "a", "b", unit)
            assert (found.table.share, found.table.kappa, found.table.alpha) == (1.0, 1.0, 1.0)


def test_on_characters_it_counts_how_much_was_meant() -> None:
    two = talk("0123456789", "0123456789")
    one, other = coded(span(1, 0, 1, 6), "f1", document=two), coded(span(1, 4, 2, 5), "f1", document=two)
    extracts = [replace(one, coder="a"), replace(other, coder="b")]
    (found,) = agreement([two], BOOK, extracts, "a", "b", Unit.CHARACTERS)
    assert found.table == Table(both=2, only_first=4, only_second=9, neither=5)
    assert (found.only_first, found.only_second) == ((), places(2))
    (turns,) = agreement([two], BOOK, extracts, "a", "b")
    assert turns.table == Table(both=1, only_first=0, only_second=1, neither=0)


def test_two_extracts_of_one_coder_that_overlap_count_once() -> None:
    two = talk("0123456789", "0123456789")
    mine = [replace(coded(span(1, start, 1, 6), "f1", document=two), coder="a") for start in (0, 2)]
    (found,) = agreement([two], BOOK, [*mine, *by("b", two, [2])], "a", "b", Unit.CHARACTERS)
    assert found.table == Table(both=0, only_first=6, only_second=2, neither=12)


def test_every_code_of_either_is_compared_and_a_stretch_counts_for_all_its_turns() -> None:
    three = talk("some words", "some words", "some words")
    across = replace(coded(span(1, 5, 3, 4), "c33", document=three), coder="b")
    others = by("c", three, [1], "c31")
    found = agreement([three], BOOK, [*by("a", three, [2]), across, *others], "a", "b")
    assert [(one.code.name, one.only_first, one.only_second) for one in found] == [
        ("C3.3 Workload", (), places(1, 2, 3)),
        ("F1 What you thought was going on", places(2), ()),
    ]
    assert overall(found) == Table(both=0, only_first=1, only_second=3, neither=2)


def test_conversations_are_counted_together_and_only_those_that_both_have_coded() -> None:
    first, second = talk("some words", "some words"), replace(talk("some words"), conversation="C-002")
    third = replace(talk("some words"), conversation="C-003")
    extracts = [*by("a", first, [1]), *by("b", first, [1, 2]), *by("a", second, [1]), *by("b", second, [1])]
    (found,) = agreement([first, second, third], BOOK, [*extracts, *by("a", third, [1])], "a", "b")
    assert found.table == Table(both=2, only_first=0, only_second=1, neither=0)
    assert found.only_second == places(2)


def test_an_extract_whose_words_are_gone_is_left_to_be_mended() -> None:
    three = talk("some words", "some words", "some words")
    gone = replace(by("b", three, [3])[0], anchor=span(9, 0, 9, 2))
    (found,) = agreement([three], BOOK, [*by("a", three, [1]), *by("b", three, [1]), gone], "a", "b")
    assert found.table == Table(both=1, only_first=0, only_second=0, neither=2)


def test_two_coders_who_have_coded_are_needed() -> None:
    three = talk("some words", "some words", "some words")
    mine = by("a", three, [1])
    with pytest.raises(SameCoder):
        agreement([three], BOOK, mine, "a", "a")
    elsewhere = [replace(one, conversation="C-002", coder="b") for one in mine]
    with pytest.raises(NothingCoded, match="b has coded nothing in C-001"):
        agreement([three], BOOK, [*mine, *elsewhere], "a", "b")
    with pytest.raises(NothingCoded, match="c has coded nothing"):
        agreement([three], BOOK, mine, "c", "a")
