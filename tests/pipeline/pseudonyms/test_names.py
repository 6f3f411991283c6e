"""The name key: every way a term is written is found, once, in the original, and every offset can be followed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.pseudonyms import marked
from pipeline.pseudonyms.names import (
    KeyUnusable,
    Kind,
    NameKey,
    ReplacementNames,
    Term,
    TermTaken,
    TermUnusable,
    passages,
    replace,
)
from pipeline.transcripts.transcript import Speaker, Turn, Word
from tests.pipeline import corpus
from tests.pipeline.corpus import Sort


def _key(*terms: tuple[str, str], kind: Kind = Kind.PERSON) -> NameKey:
    return NameKey(
        Term(id=f"T{number}", real=real, replacement=replacement, kind=kind)
        for number, (real, replacement) in enumerate(terms, 1)
    )


FAMILY = _key(("Ann", "sister"), ("Anna", "mother"), ("Ann Marie", "aunt"), ("Marie", "cousin"))


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("Ann, Anna, Ann Marie and Marie.", "[sister], [mother], [aunt] and [cousin]."),
        ("ANN MARIE's and ann-marie’s", "[aunt]'s and [aunt]’s"),
        ("Annmarie", "[aunt]"),
        ("two Annas, the Annas' house", "two [mother]s, the [mother]s' house"),
        ("Annabel, Joanna and Marianne", "Annabel, Joanna and Marianne"),
        ("Ann. Marie came.", "[sister]. [cousin] came."),
        ("Ann a bit later", "[sister] a bit later"),
        ("Tom and Marie", "Tom and [cousin]"),
        ("", ""),
    ],
)
def test_the_longest_term_wins_and_only_whole_words_count(text: str, result: str) -> None:
    assert replace(text, FAMILY).text == result


@pytest.mark.parametrize(
    ("real", "text", "result"),
    [
        ("O'Brien", "O’Brien, o'brien's, OBrien and O Brien", "[x], [x]'s, [x] and [x]"),
        ("St Mary's", "St. Mary’s, ST MARYS, st mary's", "[x], [x], [x]"),
        ("José", "Jose and JOSÉ", "[x] and [x]"),
        ("Jose\u0301", "José", "[x]"),
        ("Patel", "Dr Patel, dr. Patel's, Mrs Patel; the doctor patel", "[x], [x]'s, [x]; the doctor [x]"),
        ("Ann", "my sister Ann, Sister Ann, Auntie Ann", "my sister [x], [x], [x]"),
        ("Kerry", "two Kerries", "two [x]"),
        ("Jones", "the Joneses and Jones's", "the [x]es and [x]'s"),
        ("Jon", "Jones", "Jones"),
        ("a.b@example.org", "to A.B@example.org.", "to [x]."),
        ("3 June 2021", "on 3 June 2021.", "on [x]."),
    ],
)
def test_a_term_is_found_however_it_is_written(real: str, text: str, result: str) -> None:
    assert replace(text, _key((real, "x"))).text == result


@pytest.mark.parametrize(
    ("real", "text", "found"),
    [
        ("Katherine", "Catherine", True),
        ("Katherine", "Kathrine’s", True),
        ("Katherine", "Katehrine", True),
        ("Katherine", "Catharine", False),
        ("Hartley", "hartly", True),
        ("Harley", "Hartley", False),  # six letters: one letter more is another name
        ("Parsons", "seven persons", False),
        ("Ann Marie", "Anne Marie", True),
        ("Ann Marie", "and Marie", False),
        ("St Marys", "at Marys", False),
    ],
)
def test_one_wrong_letter_is_forgiven_in_long_terms_only(real: str, text: str, found: bool) -> None:
    marks = replace(text, _key((real, "x"))).marks
    assert [mark.exact for mark in marks] == ([False] if found else [])


def test_the_possessive_of_one_name_is_not_another_name() -> None:
    key = _key(("William", "father"), ("Williams", "teacher"))
    assert replace("William's and Williams and Williams's", key).text == "[father]'s and [teacher] and [teacher]'s"


def test_a_name_that_is_a_word_needs_its_capital_unless_the_term_is_written_without() -> None:
    assert replace("Mark will mark it", _key(("Mark", "father"))).text == "[father] will mark it"
    assert replace("Mark and mark", _key(("mark", "father"))).text == "[father] and [father]"


def test_a_replacement_that_reads_like_another_term_is_left_alone() -> None:
    key = _key(("Anna", "Marie"), ("Marie", "Anna Marie"))
    assert replace("Anna met Marie", key).text == "[Marie] met [Anna Marie]"


NAMES = st.sampled_from(
    ["Ann", "Anna", "Ann Marie", "Marie", "ann", "MARIE", "Ann-Marie", "Anna's", "Marianne", "and", "a"]
)
GAPS = st.sampled_from([" ", ", ", ". ", "-", "\n", " – ", "’"])


@given(st.lists(st.tuples(NAMES, GAPS), max_size=12).map(lambda parts: "".join(name + gap for name, gap in parts)))
def test_nothing_is_replaced_twice_and_every_offset_can_be_followed(text: str) -> None:
    key = _key(("Ann", "Anna Ann"), ("Anna", "Ann Marie"), ("Ann Marie", "Marie"), ("Marie", "Ann"))
    replaced = replace(text, key)
    shown = {term.id: term.shown for term in key.terms}
    rebuilt, at = "", 0
    for mark in replaced.marks:
        assert at <= mark.start < mark.end
        rebuilt += text[at : mark.start] + shown[mark.term]
        at = mark.end
        assert replaced.text[mark.result_start : mark.result_end] == shown[mark.term]
        assert replaced.to_result(mark.start, mark.start + 1) == (mark.result_start, mark.result_end)
        assert replaced.to_original(mark.result_start + 1, mark.result_end) == (mark.start, mark.end)
    assert replaced.text == rebuilt + text[at:]
    assert replaced.to_result(0, len(text)) == (0, len(replaced.text))
    left = "".join(
        char for at, char in enumerate(text) if not any(mark.start <= at < mark.end for mark in replaced.marks)
    )
    assert "marie" not in left.casefold().replace("marianne", "")


@given(st.text(max_size=40), st.integers(0, 40), st.integers(0, 40))
def test_stretches_outside_replacements_come_back_exactly(text: str, one: int, other: int) -> None:
    replaced = replace(text, FAMILY)
    start, end = sorted((min(one, len(text)), min(other, len(text))))
    if start < end and not any(mark.start < end and start < mark.end for mark in replaced.marks):
        there = replaced.to_result(start, end)
        assert replaced.text[slice(*there)] == text[start:end]
        assert replaced.to_original(*there) == (start, end)


def test_every_keyed_name_of_the_corpus_is_replaced_by_its_own_replacement() -> None:
    made = corpus.make()
    texts = {passage.turn: passage.text for passage in made.passages}
    shown = {real: f"[{replacement}]" for real, replacement, _ in corpus.TERMS}
    planted = made.of(Sort.KEYED, Sort.MISSPELT)
    assert len(made.planted) >= 300
    for one in planted:
        replaced = replace(texts[one.turn], made.key)
        assert len(replaced.marks) == 1, one
        assert replaced.marks[0].exact is (one.sort is Sort.KEYED), one
        assert replaced.text.count(made.key[replaced.marks[0].term].shown) == 1
        start, end = replaced.marks[0].start, replaced.marks[0].end
        assert start == one.start, one
        assert texts[one.turn][end : one.end] in ("", "'s", "’s", "s"), one
        assert made.key[replaced.marks[0].term].shown in shown.values()


def test_a_key_can_be_kept_and_read_again() -> None:
    key = FAMILY.with_spelling("T2", "Annika")
    again = NameKey.from_json(key.to_json())
    assert again == key
    assert replace("Annika", again).text == "[mother]"


@pytest.mark.parametrize("data", [b"", b"{}", b'[{"id":"1"}]', b"\xff", b"null"])
def test_other_bytes_are_no_key(data: bytes) -> None:
    with pytest.raises(KeyUnusable):
        NameKey.from_json(data)


@pytest.mark.parametrize(
    ("real", "replacement"), [("", "x"), ("–", "x"), ("Ann", " "), ("Ann", "[x]"), ("Ann", "x\ny")]
)
def test_a_term_needs_something_to_find_and_something_to_show(real: str, replacement: str) -> None:
    with pytest.raises(TermUnusable):
        Term(id="T1", real=real, replacement=replacement, kind=Kind.PERSON)


def test_a_term_is_in_the_key_once() -> None:
    with pytest.raises(TermTaken):
        FAMILY.with_term(Term(id="T9", real="ann-marie", replacement="x", kind=Kind.PERSON))
    assert len(FAMILY.with_term(Term(id="T9", real="Anne Marie", replacement="x", kind=Kind.PERSON)).terms) == 5


def test_no_replacement_may_show_a_real_name() -> None:
    with pytest.raises(ReplacementNames):
        FAMILY.with_term(Term(id="T9", real="Joe", replacement="Anna's son", kind=Kind.PERSON))
    with pytest.raises(ReplacementNames):
        FAMILY.with_term(Term(id="T9", real="cousin", replacement="x", kind=Kind.PERSON))


def test_nothing_shown_of_a_term_in_a_traceback_is_real() -> None:
    term = Term(id="T1", real="Marlowe", replacement="mother", kind=Kind.FAMILY, also=("Marlow",))
    assert "arlow" not in repr(term)
    assert "mother" in repr(term)


def _turn(number: int, text: str) -> Turn:
    words = tuple(
        Word(text=w, start=number + at / 10, end=number + at / 10 + 0.1, probability=1.0)
        for at, w in enumerate(text.split())
    )
    return Turn(number=number, speaker=Speaker.PARTICIPANT, words=words)


def test_a_conversation_becomes_a_document() -> None:
    turns = (
        _turn(1, "I met Ann Marie \U0001f600"),
        Turn(number=2, speaker=Speaker.UNKNOWN, words=()),
        _turn(3, "An\u00adna"),
    )
    both = marked.mark(turns, FAMILY)
    document = marked.document(both, conversation="C-001", position="Nurse 1")
    assert [(p.turn, p.text, p.start) for p in document.passages] == [
        (1, "I met [aunt] \ufffd", 1.0),
        (3, "[mother]", 3.0),
    ]
    assert [one.said.text for one in both] == [p.text for p in passages(turns)] == ["I met Ann Marie \ufffd", "Anna"]
    assert "Anna" not in repr(both)
