"""What the figures of agreement are said to mean: never more than they do."""

import pytest

from pipeline.codes.agreement import Table, Unit
from pipeline.codes.interpreting import sentences


def said(both: int, only_first: int, only_second: int, neither: int, unit: Unit = Unit.TURNS, codes: int = 1) -> str:
    table = Table(both=both, only_first=only_first, only_second=only_second, neither=neither)
    return "\n".join(sentences(table, unit, codes))


def test_it_counts_before_it_measures() -> None:
    words = said(20, 5, 10, 15, codes=2)
    assert "the same 35 times of 50 (70 %): 2 codes, asked of 25 turns." in words
    assert "by both 20 times, by one alone 15 times." in words
    assert "50 % by chance; of the rest, kappa says, they share 40 %." in words


def test_no_value_is_called_good() -> None:
    for counts in ((20, 5, 10, 15), (100, 0, 0, 100), (0, 5, 5, 0)):
        words = said(*counts)
        assert "No value makes a coding right." in words
        assert not any(word in words for word in ("excellent", "substantial", "moderate", "significant"))


def test_what_chance_would_do_as_well_is_said_to_be_no_more() -> None:
    assert "no more than two people would reach by chance" in said(1, 4, 4, 1)
    assert "no more than" not in said(20, 5, 10, 15)


def test_few_answers_are_called_rough_and_how_far_one_moves_them() -> None:
    words = said(2, 1, 1, 6)
    better, worse = (
        Table(both=3, only_first=0, only_second=1, neither=6),
        Table(both=1, only_first=2, only_second=1, neither=6),
    )
    assert f"would make kappa {better.kappa:.2f}, one less {worse.kappa:.2f}: it is a rough figure." in words
    assert "rough" not in said(2000, 500, 1000, 1500)


def test_high_agreement_with_a_low_kappa_is_explained() -> None:
    assert "Most of what they agree on is codes that neither gave." in said(1, 4, 4, 91)
    assert "Most of what they agree on" not in said(45, 5, 5, 45)


@pytest.mark.parametrize(("both", "neither"), [(4, 6), (0, 10), (10, 0)])
def test_full_agreement_is_no_measurement(both: int, neither: int) -> None:
    assert "nothing on which they differ" in said(both, 0, 0, neither)


def test_almost_all_is_not_all() -> None:
    assert "(99 %)" in said(5000, 1, 0, 4999) and "(100 %)" in said(5, 0, 0, 5)


def test_characters_say_nothing_of_other_codings() -> None:
    assert "not coded independently" in said(20, 5, 10, 15, Unit.CHARACTERS)
    assert "not coded independently" not in said(20, 5, 10, 15)


def test_nothing_compared_is_said_to_be_nothing() -> None:
    assert said(0, 0, 0, 0, codes=0) == "Nothing was compared."
