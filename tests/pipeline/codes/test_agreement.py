from collections.abc import Iterable
from dataclasses import replace

import pytest

from pipeline.codes.agreement import Agreement, NothingCoded, SameCoder, agreement
from pipeline.codes.coding import Extract
from pipeline.transcripts.document import Document
from tests.pipeline.codes.test_coding import BOOK, coded
from tests.pipeline.codes.test_quotes import span, talk


def by(coder: str, document: Document, turns: Iterable[int], code: str = "f1") -> list[Extract]:
    return [replace(coded(span(turn, 0, turn, 2), code, document=document), coder=coder) for turn in turns]


def test_krippendorffs_worked_example() -> None:
    """Two observers, ten units, yes or no; alpha is 0.095 (Krippendorff 2011, Computing alpha-reliability)."""
    ten = talk(*["some words"] * 10)
    (found,) = agreement(ten, BOOK, by("a", ten, [2, 9]) + by("b", ten, [1, 2, 3, 6]), "a", "b")
    assert found.alpha == pytest.approx(0.095, abs=0.0005)
    assert (found.both, found.neither, found.only_first, found.only_second) == (1, 5, (9,), (1, 3, 6))
    assert found.share == pytest.approx(0.6)


def test_cohens_kappa_of_a_common_example() -> None:
    """Fifty cases, 20 yes by both, 15 no by both, 5 and 10 apart: observed 0.7, by chance 0.5, kappa 0.4."""
    found = Agreement(
        code=BOOK.find("f1"), both=20, neither=15, only_first=tuple(range(5)), only_second=tuple(range(10))
    )
    assert found.turns == 50
    assert found.share == pytest.approx(0.7)
    assert found.kappa == pytest.approx(0.4)


def test_full_agreement_is_one() -> None:
    three = talk("some words", "some words", "some words")
    for turns in ([1, 2, 3], [2]):
        (found,) = agreement(three, BOOK, by("a", three, turns) + by("b", three, turns), "a", "b")
        assert (found.share, found.kappa, found.alpha) == (1.0, 1.0, 1.0)


def test_every_code_of_either_is_compared_and_a_stretch_counts_for_all_its_turns() -> None:
    three = talk("some words", "some words", "some words")
    across = replace(coded(span(1, 5, 3, 4), "c33", document=three), coder="b")
    others = by("c", three, [1], "c31")
    found = agreement(three, BOOK, [*by("a", three, [2]), across, *others], "a", "b")
    assert [(one.code.name, one.only_first, one.only_second) for one in found] == [
        ("C3.3 Workload", (), (1, 2, 3)),
        ("F1 What you thought was going on", (2,), ()),
    ]


def test_two_coders_who_have_coded_are_needed() -> None:
    three = talk("some words", "some words", "some words")
    mine = by("a", three, [1])
    with pytest.raises(SameCoder):
        agreement(three, BOOK, mine, "a", "a")
    with pytest.raises(NothingCoded, match="b has coded nothing in C-001"):
        agreement(three, BOOK, [*mine, *(replace(one, conversation="C-2", coder="b") for one in mine)], "a", "b")
