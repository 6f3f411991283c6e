import io
import re
import zipfile
from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from lxml import etree
from pyrefiqda.refiproject import RefiProject

from pipeline.export import archive, qdc, qdpx
from pipeline.export.line_ends import LineEnds
from pipeline.export.lint import lint
from pipeline.export.model import Profile, Project, names, rows
from pipeline.export.plain import plain_text
from pipeline.export.writers import export
from pipeline.imports import refi
from tests.pipeline.export.samples import project, projects

VECTORS = Path(__file__).parents[2] / "vectors" / "refi-qda"


@cache
def schema(name: str) -> etree.XMLSchema:
    return etree.XMLSchema(etree.parse(VECTORS / name))


def assert_valid(name: str, data: bytes) -> None:
    schema(name).assertValid(etree.fromstring(data))


def test_the_schemas_can_see_a_fault() -> None:
    broken = archive.unpack(qdpx.write(project()))["project.qde"].replace(b"<Users>", b"<Sets/><Users>", 1)
    with pytest.raises(etree.DocumentInvalid):
        assert_valid("Project-mrt2019.xsd", broken)
    with pytest.raises(etree.DocumentInvalid):
        assert_valid("Codebook.xsd", qdc.write(project()).replace(b'isCodable="true"', b'isCodable="perhaps"'))


def test_the_sample_is_valid() -> None:
    assert_valid("Project-mrt2019.xsd", archive.unpack(qdpx.write(project()))["project.qde"])
    assert_valid("Codebook.xsd", qdc.write(project()))


@settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow])
@given(whole=projects())
def test_any_project_is_valid(whole: Project) -> None:
    assert_valid("Project-mrt2019.xsd", archive.unpack(qdpx.write(whole))["project.qde"])
    assert_valid("Codebook.xsd", qdc.write(whole))


def test_another_program_reads_every_quote_and_code(tmp_path: Path) -> None:
    whole = project()
    file = tmp_path / "review.qdpx"
    file.write_bytes(qdpx.write(whole))
    read = RefiProject.load(file, str(tmp_path / "unpacked"))
    codes = {}

    def walk(found: list[object]) -> None:
        for code in found:
            codes[code.guid] = code.name  # type: ignore[attr-defined]
            walk(code.code)  # type: ignore[attr-defined]

    walk(read.code_book.codes.code)
    sources = read.sources.text_source
    assert [source.name for source in sources] == ["C-001 Health visitor 1", "C-002 Teacher - head"]
    text = (tmp_path / "unpacked" / sources[0].plain_text_path.replace("internal://", "sources/")).read_bytes().decode()
    found = []
    for selection in sources[0].plain_text_selection:
        piece = text[selection.start_position : selection.end_position]
        piece = re.sub(r"(?m)^\[\d\d:\d\d:\d\d\] \w+: ", "", piece)
        found.append((piece, tuple(codes[coding.code_ref.target_guid] for coding in selection.coding)))
    assert found == [(one.quote, names(whole, one)) for one in whole.extracts]
    assert len(found) == 5


@pytest.mark.parametrize(
    ("ends", "dialect"),
    [
        (LineEnds.LF, "as the standard says"),
        (LineEnds.CRLF1, "as ATLAS.ti writes (CRLF line ends that count as one)"),
        (LineEnds.CRLF2, "as the standard says (CRLF line ends that count as two)"),
    ],
)
def test_line_ends_for_other_programs_are_exact(ends: LineEnds, dialect: str) -> None:
    whole = project()
    data = export("qdpx", whole, ends)
    entries = archive.unpack(data)
    assert_valid("Project-mrt2019.xsd", entries["project.qde"])
    text = next(content for name, content in entries.items() if name.startswith("sources/"))
    assert text.count(b"\r\n") == (0 if ends is LineEnds.LF else text.count(b"\n"))
    assert qdpx.read_back(data, ends) == rows(whole)
    incoming = refi.read(io.BytesIO(data))
    assert incoming.dialect == dialect
    assert [one.text[mark.start : mark.end] for one in incoming.texts for mark in one.marks] == [
        one.text[mark.start : mark.end] for one in refi.read(io.BytesIO(qdpx.write(whole))).texts for mark in one.marks
    ]


def test_other_line_ends_than_asked_for_break_a_rule() -> None:
    data = qdpx.write(project(), LineEnds.CRLF1)
    assert lint(data, LineEnds.CRLF1) == []
    assert lint(data, LineEnds.CRLF2) == []
    assert any(line.startswith("rule 4") for line in lint(data))
    assert any(line.startswith("rule 4") for line in lint(qdpx.write(project()), LineEnds.CRLF2))


def test_the_text_has_a_line_a_turn() -> None:
    text, begins = plain_text(project().documents[0])
    lines = text.split("\n")
    assert lines[0] == "[00:00:10] Interviewer: What did you think was going on?"
    assert lines[3].startswith("[00:00:40] Participant: Then the [school]")
    assert lines[5:] == [""]
    assert text[begins[4] :].startswith("Then")


def test_words_that_look_like_the_head_of_a_turn_stay() -> None:
    assert qdpx.read_back(qdpx.write(project())) == rows(project())
    assert "\nThen the [school]" in rows(project())[2][2] or "\nThen the [school]" in rows(project())[1][2]


def test_the_archive_holds_nothing_but_project_and_texts() -> None:
    with zipfile.ZipFile(io.BytesIO(qdpx.write(project()))) as file:
        assert file.namelist()[0] == "project.qde"
        assert all(re.fullmatch(r"sources/[0-9A-F-]{36}\.txt", name) for name in file.namelist()[1:])
        assert {entry.date_time for entry in file.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_identifiers_stay_the_same_when_the_profile_changes() -> None:
    inside, outside = (
        archive.unpack(qdpx.write(project(profile)))["project.qde"] for profile in (Profile.INTERNAL, Profile.PUBLIC)
    )
    selections = [re.findall(rb'<PlainTextSelection guid="([^"]+)"', data) for data in (inside, outside)]
    assert selections[0] == selections[1]
    assert len(selections[0]) == 5
