import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.codes.cells import NotATable, from_bytes, guard, restore, to_bytes

CELLS = st.text(st.sampled_from("=+-@\t'\r\n\",; aé–")) | st.text(st.characters(codec="utf-8"))


@given(CELLS)
def test_a_guarded_cell_is_no_formula_and_comes_back(cell: str) -> None:
    assert not guard(cell).startswith(("=", "+", "-", "@", "\t", "\r"))
    assert restore(guard(cell)) == cell


@given(st.lists(st.lists(CELLS, min_size=1, max_size=4), max_size=4))
def test_a_table_comes_back(rows: list[list[str]]) -> None:
    assert from_bytes(to_bytes(rows), ",") == rows


def test_a_spreadsheet_sees_the_encoding() -> None:
    assert to_bytes([["é"]]).startswith(b"\xef\xbb\xbf")


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_any_common_separator_is_read(separator: str) -> None:
    text = io.StringIO()
    csv.writer(text, delimiter=separator).writerows([["quote", "codes"], ["one, two; three", "f1;f2"]])
    assert from_bytes(text.getvalue().encode()) == [["quote", "codes"], ["one, two; three", "f1;f2"]]


@pytest.mark.parametrize("data", [b"\xff\xfeq\x00", b'a,"b'])
def test_what_is_no_table_is_refused(data: bytes) -> None:
    with pytest.raises(NotATable):
        from_bytes(data)
