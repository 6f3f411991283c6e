from dataclasses import replace
from datetime import UTC, datetime

import pytest

import configs
from pipeline.codes import cells
from pipeline.codes.codebook import UnknownCode, parse
from pipeline.codes.coding import (
    BadTable,
    Extract,
    Fault,
    HeadingUsed,
    NotExtracts,
    again,
    carry,
    check,
    dump,
    extract,
    from_table,
    load,
)
from pipeline.codes.quotes import Anchor, BadAnchor
from pipeline.transcripts.document import Document
from pipeline.transcripts.transcript import Speaker
from tests.pipeline.codes.test_quotes import span, talk

BOOK = parse(configs.read("codebooks/learning-together.toml"))
AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
TALK = talk("How was it?", "Busy, =very busy. I had 40 cases.", "And then?", "Then nothing; nobody rang.")


def coded(anchor: Anchor, *codes: str, document: Document = TALK, memo: str = "") -> Extract:
    return extract(document, anchor, codes, codebook=BOOK, coder="reviewer", at=AT, memo=memo)


def table(*rows: list[str]) -> bytes:
    return cells.to_bytes(rows)


def read(data: bytes) -> tuple[Extract, ...]:
    return from_table(TALK, data, codebook=BOOK, coder="reviewer", at=AT)


def test_an_extract_knows_its_place() -> None:
    one = coded(span(2, 0, 2, 16), "F1", "c3.3 workload", "f1", memo=" noted ")
    assert one.quote == "Busy, =very busy"
    assert one.codes == (
        "contributory-factors/conditions-of-work/workload",
        "mindset-at-the-time/what-you-thought-was-going-on",
    )
    assert (one.conversation, one.position, one.speaker) == ("C-001", "Teacher 1", Speaker.PARTICIPANT)
    assert one.start == 20.0
    assert one.end == pytest.approx(20 + 10 * 16 / 33)
    assert (one.memo, one.coder, one.at) == ("noted", "reviewer", AT)
    assert one.id != coded(span(2, 0, 2, 16)).id


def test_only_codes_that_take_extracts_are_taken() -> None:
    with pytest.raises(UnknownCode, match="Workload"):
        coded(span(2, 0, 2, 4), "workloda")
    with pytest.raises(HeadingUsed, match="A Structure"):
        coded(span(2, 0, 2, 4), "A")
    with pytest.raises(BadAnchor):
        coded(span(2, 0, 9, 4), "f1")


def test_extracts_are_sealed_and_opened_equal() -> None:
    made = (coded(span(2, 0, 4, 4), "f1", memo="ä – “b”"), coded(span(1, 0, 1, 3)))
    assert load(dump(made)) == made
    assert dump(load(dump(made))) == dump(made)
    for data in (b"", b"{}x", b'[{"id":"1"}]', b"[1]", b"5", b"\xff"):
        with pytest.raises(NotExtracts):
            load(data)


def test_what_stands_against_signing_off_is_listed() -> None:
    sound = coded(span(2, 0, 2, 4), "f1")
    bare = coded(span(1, 0, 1, 3))
    strange = replace(sound, codes=("gone", "structure"))
    moved = coded(span(4, 0, 4, 4), "f1")
    outside = replace(sound, anchor=span(7, 0, 7, 4))
    elsewhere = replace(bare, conversation="C-002")
    shorter = replace(TALK, passages=TALK.passages[:3])
    assert check([sound], BOOK, TALK) == ()
    found = check([sound, bare, strange, moved, outside, elsewhere], BOOK, shorter)
    assert [(problem.extract, problem.turn, problem.fault) for problem in found] == [
        (bare.id, 1, Fault.UNCODED),
        (strange.id, 2, Fault.UNKNOWN_CODE),
        (strange.id, 2, Fault.HEADING),
        (moved.id, 4, Fault.MOVED),
        (outside.id, 7, Fault.MOVED),
    ]


def test_an_extract_is_found_again_in_its_turn() -> None:
    one = coded(span(2, 18, 2, 32), "f1")
    assert one.quote == "I had 40 cases"
    assert again(one, TALK) == one
    moved = again(one, talk("How was it?", "Busy. I had 40 cases.", "And then?"))
    assert check([moved], BOOK, talk("How was it?", "Busy. I had 40 cases.")) == ()
    assert (moved.id, moved.quote, moved.codes, moved.anchor) == (one.id, one.quote, one.codes, span(2, 6, 2, 20))
    for elsewhere in (
        talk("How was it?", "I had 40 plates."),
        talk("Hm.", "I had 40 cases. I had 40 cases."),
        talk("I had 40 cases.", "No."),
    ):
        assert again(one, elsewhere) == one


def test_an_extract_is_carried_where_its_words_went_and_otherwise_waits_for_them() -> None:
    one, elsewhere = coded(span(2, 18, 2, 32), "f1"), talk("I had [40] cases.", "No.")
    gone = talk("How was it?", "No.")
    assert carry(one, TALK, elsewhere, lambda _: span(1, 0, 1, 16)).quote == "I had [40] cases"
    assert carry(one, TALK, gone, lambda _: None) == one
    assert carry(one, gone, TALK, lambda _: span(1, 0, 1, 3)) == one, "what has lost its words follows nothing"


def test_a_table_of_extracts_is_read() -> None:
    made = read(
        table(
            ["turn", "quote", "codes", "memo"],
            ["", "=very busy", "f1; C33", "=memo"],
            ["", "", "", ""],
            ["4", "Then nothing; nobody rang.", "c62", ""],
        )
    )
    assert [(one.quote, one.memo, one.anchor.first_turn, len(one.codes)) for one in made] == [
        ("=very busy", "=memo", 2, 2),
        ("Then nothing; nobody rang.", "", 4, 1),
    ]
    assert [one.quote for one in read(b"Codes;Quote\r\nf1;And then?\r\n")] == ["And then?"]


def test_one_faulty_row_refuses_the_whole_table() -> None:
    with pytest.raises(BadTable) as refusal:
        read(
            table(
                ["turn", "quote", "codes"],
                ["", "And then?", "f1"],
                ["", "And when?", "f1"],
                ["x", "And then?", "f1"],
                ["", "And then?", " ; "],
                ["", "And then?", "no such"],
                ["", "busy", "B"],
                ["1", "n", "f1"],
                ["2"],
            )
        )
    message = str(refusal.value)
    assert "nothing was added" in message
    for part in (
        "row 3: these words are not in the transcript",
        "row 4: the turn is not a number",
        "row 5: it names no code",
        'row 6: no code is called "no such"',
        'row 7: "B Key practice episodes" is a heading',
        "row 8: these words are not in turn 1",
        "row 9: it names no code",
    ):
        assert part in message
    assert "row 2" not in message
    assert "And when" not in message


@pytest.mark.parametrize(
    "header", [["quote"], ["codes", "turn"], ["quote", "codes", "coder"], ["quote", "codes", "Quote"], []]
)
def test_the_columns_must_be_named(header: list[str]) -> None:
    with pytest.raises(BadTable, match="row 1"):
        read(table(header))
    assert read(table(["quote", "codes"])) == ()


def test_an_empty_file_is_refused() -> None:
    with pytest.raises(BadTable, match="row 1"):
        read(b"")
