"""Numbers, codes, dates and ages: what is found, and what is left in peace."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.pseudonyms.hits import Rule
from pipeline.pseudonyms.uk_patterns import find, is_nhs_number, spoken_digits


def _found(text: str) -> list[tuple[str, Rule]]:
    return [(text[hit.start : hit.end], hit.rule) for hit in find(text)]


@pytest.mark.parametrize(
    ("text", "what", "rule"),
    [
        ("it is 943 476 5919.", "943 476 5919", Rule.NHS),
        ("it is 943 476 5918.", "943 476 5918", Rule.NUMBER),
        ("ring 07700 900123 now", "07700 900123", Rule.PHONE),
        ("ring (0113) 496 0123", "(0113) 496 0123", Rule.PHONE),
        ("ring +44 7700 900 123", "+44 7700 900 123", Rule.PHONE),
        ("oh double seven zero zero nine zero zero one two three", None, Rule.PHONE),
        ("nine four three four seven six five nine one nine", None, Rule.NHS),
        ("at SW1A 1AA.", "SW1A 1AA", Rule.POSTCODE),
        ("LS six three HN", None, Rule.POSTCODE),
        ("down in SW9 then", "SW9", Rule.DISTRICT),
        ("to ann@example.org.", "ann@example.org", Rule.EMAIL),
        ("ann dot smith at example dot com", None, Rule.EMAIL),
        (
            "email me at ann dot smith at example dot co dot uk please",
            "ann dot smith at example dot co dot uk",
            Rule.EMAIL,
        ),
        ("she was PC 4471 then", "4471", Rule.REFERENCE),
        ("badge number 0417", "0417", Rule.REFERENCE),
        ("see www.example.org/a?b.", "www.example.org/a?b", Rule.WEB),
        ("AB 12 34 56 C", None, Rule.INSURANCE),
        ("case number 4471/B here", "4471/B", Rule.REFERENCE),
        ("in ZC21C00123", "ZC21C00123", Rule.REFERENCE),
        ("a KT62 XYZ outside", "KT62 XYZ", Rule.VEHICLE),
        ("at 12 High Street", "12 High Street", Rule.ADDRESS),
        ("born on the 4th of May 2019", "the 4th of May 2019", Rule.BIRTH),
        ("his date of birth is 3/6/19", "3/6/19", Rule.BIRTH),
        ("born in 2014", "2014", Rule.BIRTH),
        ("Tuesday, the fourteenth of March", None, Rule.DATE),
        ("twenty first of June two thousand and nineteen", None, Rule.DATE),
        ("the third of the sixth", None, Rule.DATE),
        ("on the 14th it", "the 14th", Rule.DATE),
        ("a three-year-old", "three-year-old", Rule.AGE),
        ("turned seven", None, Rule.AGE),
        ("in Year 6", "Year 6", Rule.AGE),
    ],
)
def test_an_identifier_is_found_whole(text: str, what: str | None, rule: Rule) -> None:
    assert _found(text) == [(what or text, rule)]


@pytest.mark.parametrize(
    "text",
    [
        "the first may be late and they march on",
        "one two three go",
        "look at it dot by dot",
        "2,000 people in 2019",
        "section 47, page 12 of 300",
        "A4 paper and 12 of the 6",
        "half past ten on two or three days",
        "oh well, oh no",
    ],
)
def test_ordinary_numbers_are_left_in_peace(text: str) -> None:
    assert _found(text) == []


@given(st.text("0123456789", min_size=9, max_size=9))
def test_one_check_digit_at_most_makes_an_nhs_number_and_a_changed_digit_breaks_it(nine: str) -> None:
    right = [nine + digit for digit in "0123456789" if is_nhs_number(nine + digit)]
    assert len(right) <= 1
    for number in right:
        for at in range(9):
            changed = number[:at] + str((int(number[at]) + 1) % 10) + number[at + 1 :]
            assert not is_nhs_number(changed)


def test_known_nhs_numbers() -> None:
    assert is_nhs_number("9434765919")
    assert is_nhs_number("9876543210")
    assert not is_nhs_number("9434765918")
    assert not is_nhs_number("943476591")
    assert not is_nhs_number("943476591x")


def test_digits_read_aloud() -> None:
    assert spoken_digits("oh double seven, treble one – nine hundred") == "07711190" + "0"
    assert spoken_digits("077 double 0 nine") == "077009"


@given(st.text(max_size=60))
def test_hits_lie_in_the_text_in_order_without_overlap(text: str) -> None:
    at = 0
    for hit in find(text):
        assert at <= hit.start < hit.end <= len(text)
        at = hit.end
