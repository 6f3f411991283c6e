"""Accounts side by side: who speaks of something and who does not, and who gives a reason that nobody else gives."""

from dataclasses import replace

from pipeline.codes.accounts import Account, accounts
from tests.pipeline.codes.test_coding import BOOK, TALK, coded
from tests.pipeline.codes.test_quotes import span

SECOND = replace(TALK, conversation="C-002", position="Social worker 1")
THIRD = replace(TALK, conversation="C-003", position="GP 1")


def on(found: tuple[Account, ...], label: str) -> Account:
    (one,) = [each for each in found if each.code == BOOK.find(label)]
    return one


def alone(one: Account) -> list[list[str]]:
    return [[code.name for code in voice.alone] for voice in one.voices]


def test_each_position_stands_beside_the_others_also_the_silent_one() -> None:
    found = accounts(
        [TALK, SECOND, THIRD], BOOK, [coded(span(2, 0, 2, 4), "b1"), coded(span(4, 0, 4, 4), "b1", document=THIRD)]
    )
    one = on(found, "b1")
    assert [(voice.position, [e.quote for e in voice.extracts]) for voice in one.voices] == [
        ("Teacher 1", ["Busy"]),
        ("Social worker 1", []),
        ("GP 1", ["Then"]),
    ]
    assert one.differs


def test_two_who_give_different_reasons_for_the_same_differ() -> None:
    """Also where the reason was coded as an extract of its own over the same words."""
    extracts = [
        coded(span(2, 0, 2, 16), "b1", "c33"),
        coded(span(2, 0, 2, 16), "b1", document=SECOND),
        coded(span(2, 10, 2, 32), "c41", document=SECOND),
        coded(span(4, 0, 4, 4), "d1", document=SECOND),
    ]
    one = on(accounts([TALK, SECOND], BOOK, extracts), "b1")
    assert [[code.name for code in voice.beside] for voice in one.voices] == [
        ["C3.3 Workload"],
        ["C4.1 Knowledge and skills"],
    ]
    assert alone(one) == [["C3.3 Workload"], ["C4.1 Knowledge and skills"]]
    assert one.differs


def test_two_who_say_the_same_do_not_differ() -> None:
    extracts = [coded(span(2, 0, 2, 16), "b1", "c33", document=document) for document in (TALK, SECOND)]
    found = accounts([TALK, SECOND], BOOK, extracts)
    assert [(one.code.name, one.differs) for one in found] == [("B1 Episode 1", False), ("C3.3 Workload", False)]


def test_who_speaks_alone_differs_from_nobody_in_reasons() -> None:
    one = on(accounts([TALK, SECOND], BOOK, [coded(span(2, 0, 2, 16), "b1", "c33")]), "b1")
    assert alone(one) == [[], []]
    assert one.differs, "the other is silent"


def test_words_next_to_each_other_do_not_belong_together() -> None:
    extracts = [
        coded(span(2, 0, 2, 4), "b1"),
        coded(span(2, 4, 2, 16), "c33"),
        coded(span(2, 0, 2, 4), "b1", document=SECOND),
    ]
    assert on(accounts([TALK, SECOND], BOOK, extracts), "b1").voices[0].beside == ()
