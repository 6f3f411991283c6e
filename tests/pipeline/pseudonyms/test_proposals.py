"""What is proposed about a candidate."""

import pytest

from pipeline.pseudonyms.names import Kind, NameKey, Term
from pipeline.pseudonyms.proposals import MOST, nearest, replacement

KEY = NameKey(
    [
        Term(id="T1", real="Hannah Marlowe", replacement="Mother", kind=Kind.FAMILY),
        Term(id="T2", real="Tyrone", replacement="Person 1", kind=Kind.PERSON, also=("Ty",)),
        Term(id="T3", real="Dr Patel", replacement="GP", kind=Kind.PERSON),
    ]
)


@pytest.mark.parametrize(
    ("shown", "terms"),
    [
        ("Marlowe", ["T1"]), ("Marlow's", ["T1"]), ("Hanna", ["T1"]), ("Tyronne", ["T2"]), ("Mrs Patell", ["T3"]),
        ("Dr Singh", []), ("Ty", []), ("Eastmere", []), ("07700 900123", []),
    ],
)  # fmt: skip
def test_a_candidate_is_near_a_term_it_shares_a_word_with(shown: str, terms: list[str]) -> None:
    assert [term.id for term in nearest(shown, KEY)] == terms


def test_the_most_alike_come_first_and_not_more_than_there_are_keys_for() -> None:
    key = NameKey(
        Term(id=f"T{n}", real=real, replacement=f"x {n}", kind=Kind.PERSON)
        for n, real in enumerate(("Marlow Hill", "Ann Marlowe", "Bob Marlowes", "Marlowe End"), 1)
    )
    assert [term.id for term in nearest("Marlowe", key)] == ["T2", "T4", "T3"] and MOST == 3


def test_a_replacement_is_proposed_that_no_term_has() -> None:
    assert replacement(Kind.PERSON, KEY) == "Person 2"
    assert replacement(Kind.PLACE, KEY) == "Place 1"
    assert replacement(Kind.PERSON, NameKey()) == "Person 1"
