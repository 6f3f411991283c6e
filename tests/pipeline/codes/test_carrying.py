"""Extracts and the words they were made of: they go together, and part only where a word is gone or new."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.codes.carrying import Carrier
from pipeline.codes.quotes import find_quote, take
from pipeline.pseudonyms import marked
from pipeline.pseudonyms.names import Kind, NameKey, Term
from pipeline.transcripts.document import Document
from pipeline.transcripts.transcript import Speaker, Turn, Word

TOLD = ("How was it?", "We told Marlowe, twice. Nobody told the school.", "Yes.", "Yes. Then we waited.", "Yes.")


def key(*terms: tuple[str, str]) -> NameKey:
    return NameKey(
        Term(id=f"T{n}", real=real, replacement=shown, kind=Kind.PERSON) for n, (real, shown) in enumerate(terms)
    )


def turns(*texts: str, numbers: Sequence[int] = ()) -> list[Turn]:
    return [
        Turn(
            number=number,
            speaker=Speaker.PARTICIPANT,
            words=tuple(Word(text=word, start=number, end=number + 0.5, probability=1.0) for word in text.split()),
        )
        for number, text in zip(numbers or range(1, len(texts) + 1), texts, strict=True)
    ]


def made(told: list[Turn], names: NameKey) -> tuple[Document, tuple[marked.Said, ...]]:
    both = marked.mark(told, names)
    kept = marked.from_json(marked.to_json(marked.said(both)))
    return marked.document(both, conversation="C-001", position="Teacher 1"), kept


def moved(
    quote: str, new: list[Turn], names: NameKey, *, turn: int | None = None, old_names: NameKey | None = None
) -> str:
    """What an extract of TOLD quotes afterwards; nothing where it has to be mended."""
    document, before = made(turns(*TOLD), old_names or key())
    fresh, after = made(new, names)
    anchor = Carrier(before, after).move(find_quote(document, quote, turn))
    return "" if anchor is None else f"{anchor.first_turn}: {take(fresh, anchor)}"


def changed(turn: int, text: str) -> list[Turn]:
    return turns(*(text if number == turn else told for number, told in enumerate(TOLD, 1)))


@pytest.mark.parametrize(
    ("quote", "new", "expected"),
    [
        ("told Marlowe, twice", changed(1, "So how was all of it?"), "2: told Marlowe, twice"),
        ("told Marlowe, twice", changed(2, "And so we told Marlowe, twice."), "2: told Marlowe, twice"),
        ("told Marlowe, twice", changed(2, "We told Marlowe twice? Nobody told."), "2: told Marlowe twice"),
        ("told Marlowe, twice", changed(2, "WE TOLD MARLOWE, TWICE."), "2: TOLD MARLOWE, TWICE"),
        ("twice.", changed(2, "We told Marlowe twice! Nobody."), "2: twice"),
        ("twice. Nobody told", changed(2, "We told Marlowe, twice. Nobody told a soul."), "2: twice. Nobody told"),
        ("told Marlowe, twice", changed(2, "We asked Marlowe, twice."), ""),
        ("told Marlowe, twice", changed(2, "We told young Marlowe, twice."), ""),
        ("told Marlowe, twice", turns(TOLD[0], *TOLD[2:]), ""),
        ("How was it?\nWe told", changed(1, "Well. How was it?"), "1: How was it?\nWe told"),
    ],
)
def test_an_extract_goes_with_its_words(quote: str, new: list[Turn], expected: str) -> None:
    assert moved(quote, new, key()) == expected


def test_of_words_that_stand_more_than_once_the_same_are_followed() -> None:
    """Where a search for the quote would find three places, or the wrong one."""
    assert moved("Yes.", changed(2, "We told nobody."), key(), turn=4) == "4: Yes."
    assert moved("Yes.", changed(4, "Well, yes. Then we waited."), key(), turn=4) == "4: yes."
    assert moved("Yes.", changed(4, "No. Then we waited."), key(), turn=4) == ""


@pytest.mark.parametrize(
    ("old_names", "names", "quote", "expected"),
    [
        (key(), key(("Marlowe", "child 1")), "told Marlowe, twice", "2: told [child 1], twice"),
        (key(("Marlowe", "boy")), key(("Marlowe", "child 1")), "told [boy], twice", "2: told [child 1], twice"),
        (key(("Marlowe", "boy")), key(), "told [boy], twice", "2: told Marlowe, twice"),
        (key(), key(("school", "school A")), "told Marlowe, twice", "2: told Marlowe, twice"),
        (key(), key(("Marlowe", "child 1")), "Marlowe", "2: [child 1]"),
        (key(), key(("told Marlowe", "somebody")), "We told", "2: We [somebody]"),
    ],
)
def test_another_name_key_changes_what_stands_there_and_not_what_is_meant(
    old_names: NameKey, names: NameKey, quote: str, expected: str
) -> None:
    assert moved(quote, turns(*TOLD), names, old_names=old_names) == expected


def test_words_and_name_key_may_change_at_once() -> None:
    new = changed(2, "Well, we told Marlowe, twice. Nobody told Hartigan.")
    assert (
        moved("told Marlowe, twice", new, key(("Marlowe", "child 1"), ("Hartigan", "head")))
        == "2: told [child 1], twice"
    )


def test_a_turn_that_is_cut_takes_its_extracts_along() -> None:
    cut = turns(
        "How was it?", "We told Marlowe, twice.", "Nobody told the school.", *TOLD[2:], numbers=[1, 2, 6, 3, 4, 5]
    )
    assert moved("Nobody told", cut, key()) == "6: Nobody told"
    assert moved("twice. Nobody told", cut, key()) == "2: twice.\nNobody told"
    joined = turns(TOLD[0], f"{TOLD[1]} {TOLD[2]}", *TOLD[3:], numbers=[1, 2, 4, 5])
    assert moved("Yes.", joined, key(), turn=3) == "2: Yes."


@given(st.data())
def test_on_unchanged_words_every_extract_follows_exactly(data: st.DataObject) -> None:
    words = st.sampled_from(["a", "B", "c,", "Marlowe", "d.", "Hartigan's"])
    texts = data.draw(st.lists(st.lists(words, min_size=1, max_size=6).map(" ".join), min_size=1, max_size=5))
    names = [key(), key(("Marlowe", "boy")), key(("Hartigan", "head"), ("Marlowe", "a boy"))]
    one, other = data.draw(st.sampled_from(names)), data.draw(st.sampled_from(names))
    document, before = made(turns(*texts), one)
    back = data.draw(st.booleans())
    fresh, after = made(turns(*texts, "more"), other if back else one)
    first = data.draw(st.integers(0, len(texts) - 1))
    last = data.draw(st.integers(first, len(texts) - 1))
    quote = "\n".join(passage.text for passage in document.passages[first : last + 1])
    anchor = find_quote(document, quote, first + 1)
    moved_to = Carrier(before, after).move(anchor)
    assert moved_to is not None
    assert take(fresh, moved_to) == "\n".join(passage.text for passage in fresh.passages[first : last + 1])
