"""Accounts side by side: who speaks of something and who does not, and who gives a reason that nobody else gives."""

import random
from dataclasses import replace

from pipeline.codes.accounts import Account, accounts
from pipeline.codes.coding import Extract
from pipeline.codes.quotes import pieces
from tests.pipeline.codes.test_coding import BOOK, TALK, coded
from tests.pipeline.codes.test_quotes import span, talk

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


def test_what_is_beside_is_found_among_many_as_among_few() -> None:
    """Against looking at every pair, on stretches of any length and overlap."""
    chance = random.Random(11)  # noqa: S311
    long = talk(*["0123456789"] * 6)
    codable = [code.id for code in BOOK.codes if code.codable]
    made = []
    for _ in range(60):
        first, last = sorted((chance.randint(1, 6), chance.randint(1, 6)))
        start, end = chance.randint(0, 4), chance.randint(5, 10)
        made.append(coded(span(first, start, last, end), *chance.sample(codable, 2), document=long))

    def characters(one: Extract) -> set[tuple[int, int]]:
        return {(passage.turn, at) for passage, start, end in pieces(long, one.anchor) for at in range(start, end)}

    covered = [(characters(one), set(one.codes)) for one in made]
    for account in accounts([long], BOOK, made):
        own = [letters for letters, codes in covered if account.code.id in codes]
        wanted = {code for letters, codes in covered if any(letters & one for one in own) for code in codes}
        assert {code.id for code in account.voices[0].beside} == wanted - {account.code.id}
