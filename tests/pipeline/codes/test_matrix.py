from dataclasses import replace

from pipeline.codes.coding import Extract
from pipeline.codes.matrix import matrix
from tests.pipeline.codes.test_coding import BOOK, TALK, coded
from tests.pipeline.codes.test_quotes import span

SECOND = replace(TALK, conversation="C-002", position="Social worker 1")
THIRD = replace(TALK, conversation="C-003", position="GP 1")
EXTRACTS: tuple[Extract, ...] = (
    coded(span(2, 0, 2, 16), "c33", "f1"),
    coded(span(4, 0, 4, 12), "c31"),
    coded(span(4, 0, 4, 4), "c31", "c33"),
    coded(span(1, 0, 1, 3)),
    coded(span(2, 6, 2, 11), "c3", document=SECOND),
)


def test_counts_by_position_and_code() -> None:
    assert matrix([TALK, SECOND, THIRD], BOOK, EXTRACTS).to_table() == [
        [
            "Position",
            "C3 Conditions of work",
            "C3.1 Atmosphere at work",
            "C3.3 Workload",
            "F1 What you thought was going on",
        ],
        ["Teacher 1", "0", "2", "2", "1"],
        ["Social worker 1", "1", "0", "0", "0"],
        ["GP 1", "0", "0", "0", "0"],
        ["Total", "1", "2", "2", "1"],
    ]


def test_rolled_up_a_code_has_what_is_below_it_and_each_extract_once() -> None:
    assert matrix([TALK, SECOND], BOOK, EXTRACTS, rolled_up=True).to_table() == [
        [
            "Position",
            "C Contributory factors",
            "C3 Conditions of work",
            "C3.1 Atmosphere at work",
            "C3.3 Workload",
            "F Mindset at the time",
            "F1 What you thought was going on",
        ],
        ["Teacher 1", "3", "3", "2", "2", "1", "1"],
        ["Social worker 1", "1", "1", "0", "0", "0", "0"],
        ["Total", "4", "4", "2", "2", "1", "1"],
    ]


def test_a_cell_holds_its_extracts_in_the_order_of_the_talk() -> None:
    whole = matrix([TALK], BOOK, EXTRACTS)
    cell = whole.cells[0][1]
    assert (cell.conversation, cell.code) == ("C-001", BOOK.find("c33").id)
    assert [one.quote for one in cell.extracts] == ["Busy, =very busy", "Then"]


def test_the_table_has_numbers_beside_quotes() -> None:
    rows = matrix([TALK, SECOND], BOOK, EXTRACTS).to_rows()
    assert rows[0][:4] == ["Conversation", "Position", "C3 Conditions of work: number", "C3 Conditions of work"]
    assert rows[1][6:8] == ["2", "Busy, =very busy (C-001, turn 2)\n\nThen (C-001, turn 4)"]
    assert rows[2][:6] == ["C-002", "Social worker 1", "1", "=very (C-002, turn 2)", "0", ""]


def test_without_extracts_there_are_positions_only() -> None:
    assert matrix([TALK], BOOK, []).to_table() == [["Position"], ["Teacher 1"], ["Total"]]
    assert matrix([], BOOK, EXTRACTS).to_table()[-1] == ["Total"]
