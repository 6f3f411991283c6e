import json
import zipfile
from dataclasses import replace
from io import BytesIO

import docx
import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings

from pipeline.codes import coding
from pipeline.codes.coding import Extract
from pipeline.export import archive, formats
from pipeline.export.formats import FORMATS, NoLineEnds, UnknownFormat
from pipeline.export.line_ends import LineEnds
from pipeline.export.loss import loss
from pipeline.export.model import CannotExport, Profile, Project, build, digest, header, rows
from pipeline.export.writers import WRITERS, ExportDiffers, export, verify
from pipeline.export.xlsx import CellTooLong
from pipeline.transcripts.document import Document
from tests.pipeline.export.samples import AT, all_text, alone, document, project, projects, quoted, shipped, span

OF_EXTRACTS = [name for name, format in FORMATS.items() if format.of_extracts]


def fitting(name: str, whole: Project) -> Project:
    """The project, or of it the one conversation that captions are for."""
    return alone(whole) if name in {"vtt", "srt"} else whole


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_is_written_and_read_back_equal(name: str) -> None:
    assert export(name, fitting(name, project()))


@pytest.mark.parametrize("name", OF_EXTRACTS)
def test_every_format_holds_the_same_extracts(name: str) -> None:
    whole = project()
    assert digest(WRITERS[name].read_back(WRITERS[name].write(whole))) == digest(rows(whole))
    assert len(rows(whole)) == 5


@pytest.mark.parametrize("name", FORMATS)
def test_two_exports_are_the_same_bytes(name: str) -> None:
    assert len({WRITERS[name].write(fitting(name, project())) for _ in range(2)}) == 1


@pytest.mark.parametrize("name", FORMATS)
@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(whole=projects())
def test_any_project_is_read_back_equal(name: str, whole: Project) -> None:
    whole = fitting(name, whole)
    assert export(name, whole) == WRITERS[name].write(whole)


@pytest.mark.parametrize("name", OF_EXTRACTS)
def test_a_missing_extract_or_code_is_noticed(name: str) -> None:
    whole = project()
    for changed in (
        replace(whole, extracts=whole.extracts[:-1]),
        replace(whole, extracts=(*whole.extracts[:-1], replace(whole.extracts[-1], codes=()))),
    ):
        with pytest.raises(ExportDiffers):
            verify(name, WRITERS[name].write(changed), whole)


@pytest.mark.parametrize("name", FORMATS)
def test_a_damaged_file_is_noticed(name: str) -> None:
    whole = fitting(name, project())
    for data in (b"", b"\xff\x00 nothing of the kind", WRITERS[name].write(whole)[:200]):
        with pytest.raises(ExportDiffers):
            verify(name, data, whole)


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("profile", Profile)
def test_every_export_says_for_whom_it_is_and_what_it_holds(name: str, profile: Profile) -> None:
    whole = fitting(name, project(profile))
    data = WRITERS[name].write(whole)
    text = all_text(data)
    assert f"Profile: {profile}" in text
    assert digest(rows(whole)) in text
    assert len(header(whole)) == 3
    marked = replace(whole, mark="Confidential: for Teacher 1 only")
    assert "Confidential: for Teacher 1 only" in all_text(WRITERS[name].write(marked))
    assert export(name, marked)


@pytest.mark.parametrize("name", OF_EXTRACTS)
def test_memos_and_coders_stay_inside(name: str) -> None:
    seen = all_text(WRITERS[name].write(project()))
    outside = all_text(WRITERS[name].write(project(Profile.PUBLIC)))
    assert "with two lines" in seen or any("memo" in line for line in loss(project(), name))
    assert "with two lines" not in outside
    assert "reviewer-1" not in outside


def test_what_does_not_count_at_sign_off_is_known() -> None:
    assert set(FORMATS) - set(OF_EXTRACTS) == {"matrix", "qdc", "toml", "vtt", "srt"}
    assert {name for name, format in FORMATS.items() if not format.quotes} == {"qdc", "toml", "vtt", "srt"}


def test_a_matrix_has_each_extract_under_each_of_its_codes() -> None:
    whole = project()
    found = WRITERS["matrix"].read_back(WRITERS["matrix"].write(whole))
    assert len(found) == sum(len(one.codes) for one in whole.extracts) > len(whole.extracts)
    assert {quote for _, _, quote, _ in found} == {one.quote for one in whole.extracts if one.codes}
    assert any("1 extract without a code" in line for line in loss(whole, "matrix"))


def test_line_ends_are_for_one_format() -> None:
    with pytest.raises(NoLineEnds, match="--line-ends"):
        export("csv", project(), LineEnds.CRLF1)


def test_an_unknown_format_is_named() -> None:
    with pytest.raises(UnknownFormat, match="csv, xlsx, json"):
        formats.named("pdf")


def test_what_no_longer_stands_is_not_exported() -> None:
    one = document()
    shorter = replace(one, passages=(replace(one.passages[0], text="Why not"), *one.passages[1:]))
    assert len(_build([one], quoted(1, span(1, 0, 1, 4))).extracts) == 1
    for documents, anchor, problem in (
        ([shorter], span(1, 0, 1, 4), "no longer stand"),
        ([shorter], span(1, 0, 1, 9), "no longer stand"),
        ([], span(1, 0, 1, 4), "no conversation"),
    ):
        with pytest.raises(CannotExport, match=problem):
            _build(documents, quoted(1, anchor))
    with pytest.raises(CannotExport, match="heading"):
        _build([one], replace(quoted(1, span(1, 0, 1, 4)), codes=("structure",)))


def test_a_line_end_inside_a_turn_becomes_a_space() -> None:
    one = document()
    broken = replace(one, passages=(replace(one.passages[0], text="one\ntwo"),))
    made = coding.extract(broken, span(1, 0, 1, 7), ["f1"], codebook=shipped(), coder="a", at=AT)
    whole = _build([broken], made)
    assert rows(whole)[0][2] == "one two"
    for name in FORMATS:
        assert export(name, fitting(name, whole))


@pytest.mark.parametrize("name", FORMATS)
def test_losses_are_named_and_true(name: str) -> None:
    whole = fitting(name, project())
    lost = loss(whole, name)
    assert any("audio" in line for line in lost)
    text = all_text(WRITERS[name].write(whole))
    if any("text of the conversations" in line for line in lost):
        assert "Thank you" not in text
    elif name in ("qdc", "toml"):
        assert "Thank you" not in text
        assert "5 extracts" in lost
        assert "2 conversations" in lost
    else:
        assert "Thank you" in text
    if name == "taguette":
        assert {"1 memo", "colours of codes", "who coded, and when"} <= set(lost)
    if any("shortcuts and aliases" in line for line in lost):
        assert "Management systems" not in text


@pytest.mark.parametrize("name", ["docx", "html", "txt"])
def test_a_report_with_the_conversation_holds_every_turn(name: str) -> None:
    whole = replace(project(), with_text=True)
    text = all_text(export(name, whole))
    assert "[00:00:50] Interviewer: Thank you for telling me." in text
    assert not any("text of the conversations" in line for line in loss(whole, name))


def test_the_mark_stands_on_every_page() -> None:
    whole = replace(project(), mark="Confidential: for Teacher 1 only")
    word = docx.Document(BytesIO(WRITERS["docx"].write(whole)))
    for edge in (word.sections[0].header, word.sections[0].footer):
        assert [paragraph.text for paragraph in edge.paragraphs] == [whole.mark]
    page = WRITERS["html"].write(whole).decode()
    assert page.count(f">{whole.mark}<") == 2
    assert "@media print" in page
    assert "table-header-group" in page
    assert whole.mark not in WRITERS["html"].write(project()).decode()


def test_losses_of_the_reader_are_named() -> None:
    assert any("memos" in line and "public" in line for line in loss(project(Profile.PUBLIC), "json"))
    assert not any("memos" in line for line in loss(project(), "json"))


def test_json_is_whole() -> None:
    whole = json.loads(WRITERS["json"].write(project()))
    assert whole["profile"] == "internal"
    assert whole["digest"] == digest(rows(project()))
    assert len(whole["codebook"]["codes"]) == len(shipped().codes)
    assert whole["extracts"][0]["anchor"] == {"first_turn": 1, "first_char": 0, "last_turn": 1, "last_char": 4}


def test_no_cell_of_the_table_is_a_formula() -> None:
    text = WRITERS["csv"].write(project()).decode("utf-8-sig")
    assert "'=I thought" in text
    assert not any(cell.startswith(("=", "+", "-", "@")) for cell in text.split(","))


def test_a_workbook_is_three_sheets_of_text() -> None:
    entries = archive.unpack(WRITERS["xlsx"].write(project()))
    assert [name for name in entries if "sheet" in name] == [f"xl/worksheets/sheet{n}.xml" for n in (1, 2, 3)]
    text = "".join(content.decode() for content in entries.values())
    assert "<f>" not in text
    assert "=I thought they were coping" in text
    assert "Management systems" in text


def test_another_program_opens_the_workbook() -> None:
    book = openpyxl.load_workbook(BytesIO(WRITERS["xlsx"].write(project())), read_only=False)
    assert book.sheetnames == ["Extracts", "Matrix", "Codebook"]
    header_row, *found = list(book["Extracts"].iter_rows(values_only=True))[len(header(project())) :]
    at = [str(name) for name in header_row].index("quote")
    assert [str(row[at]) for row in found] == [one.quote for one in project().extracts]
    assert {cell.data_type for row in book["Extracts"].iter_rows() for cell in row if cell.value} == {"s"}


def test_words_that_look_like_an_escape_stay() -> None:
    one = document()
    odd = replace(one, passages=(replace(one.passages[0], text="_x0041_ _x005F_x0041_ __x0041_"),))
    made = coding.extract(odd, span(1, 0, 1, 30), ["f1"], codebook=shipped(), coder="a", at=AT)
    assert export("xlsx", _build([odd], made))


def test_a_cell_that_is_too_long_is_refused() -> None:
    one = document()
    long = replace(one, passages=(replace(one.passages[0], text="x" * 40_000),))
    fits, too_long = (
        coding.extract(long, span(1, 0, 1, end), ["f1"], codebook=shipped(), coder="a", at=AT)
        for end in (32_767, 32_768)
    )
    assert export("xlsx", _build([long], fits))
    with pytest.raises(CellTooLong):
        export("xlsx", _build([long], too_long))


def test_the_word_document_says_nothing_of_the_machine() -> None:
    with zipfile.ZipFile(BytesIO(WRITERS["docx"].write(project()))) as archive:
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        core = archive.read("docProps/core.xml").decode()
    assert "<dc:creator>Candour</dc:creator>" in core
    assert "2026-03-04T05:06:07Z" in core


def _build(documents: list[Document], *extracts: Extract) -> Project:
    return build(
        review="R",
        profile=Profile.INTERNAL,
        codebook=shipped(),
        documents=documents,
        extracts=extracts,
        created=AT,
    )
