"""Files of other programs, each with its own way of counting: every quote comes out as it was coded."""

import io
import zipfile
from pathlib import Path

import pytest

from pipeline.export import archive
from pipeline.imports import refi
from pipeline.imports.guard import NotReadable
from pipeline.imports.incoming import Incoming

VECTORS = Path(__file__).parents[2] / "vectors" / "refi-qda"
WORKLOAD, LOST, ALONE = (
    "I had 32 cases – we’d lost two colleagues.",
    "lost two colleagues",
    "I did not see the child alone.",
)
BASELINE = [
    (WORKLOAD, ("Workload", "Staffing"), "memo for s1", "Reviewer 1"),
    (LOST, ("Staffing",), "memo for s2", "Reviewer 2"),
    (ALONE, ("KPE 1",), "memo for s3", "Reviewer 1"),
]
Coded = list[tuple[str, tuple[str, ...], str, str]]


def read(name: str) -> Incoming:
    return refi.read(io.BytesIO((VECTORS / name).read_bytes()))


def coded(incoming: Incoming) -> Coded:
    """Quote, names of codes, memo and coder of all that was coded."""
    names = {code.key: code.name for code in incoming.codes}
    return [
        (text.text[mark.start : mark.end], tuple(names[key] for key in mark.codes), mark.memo, mark.coder)
        for text in incoming.texts
        for mark in text.marks
    ]


PROBES = {
    "ok-baseline": "as the standard says",
    "inline": "as the standard says",
    "noorigin": "as the standard says",
    "nodates": "as the standard says",
    "crlf": "as the standard says (CRLF line ends that count as two)",
    "bom": "as QualCoder writes (a byte-order mark that does not count)",
    "nonbmp": "as the standard says (code points)",
    "style-qualcoder": "as QualCoder writes (a byte-order mark that does not count)",
    "style-atlasti": "as ATLAS.ti writes (CRLF line ends that count as one)",
    "style-nvivo-windows": (
        "as NVivo for Windows writes (a byte-order mark that does not count, CRLF line ends that count as two, UTF-16 units)"
    ),
}


@pytest.mark.parametrize("name", PROBES)
def test_every_dialect_is_recognised_and_exact(name: str) -> None:
    incoming = read(f"probes/{name}.qdpx")
    assert coded(incoming) == BASELINE
    assert incoming.dialect == PROBES[name]


@pytest.mark.parametrize("name", ["style-nvivo-windows", "style-atlasti", "crlf", "nonbmp"])
def test_the_dialect_is_read_from_the_file_not_from_its_name(name: str) -> None:
    entries = archive.unpack((VECTORS / f"probes/{name}.qdpx").read_bytes())
    (inner,) = (entry for entry in entries if entry.endswith(".qde"))
    entries[inner] = entries[inner].replace(b"NVivo", b"Other").replace(b"ATLAS", b"Other")
    assert coded(refi.read(io.BytesIO(archive.pack(entries)))) == BASELINE


def test_without_names_of_selections_the_edges_of_words_decide() -> None:
    entries = archive.unpack((VECTORS / "probes/style-atlasti.qdpx").read_bytes())
    for quote, *_ in BASELINE:
        entries["Trial.qde"] = entries["Trial.qde"].replace(f'name="{quote}"'.encode(), b'name="x"')
    assert coded(refi.read(io.BytesIO(archive.pack(entries)))) == BASELINE


@pytest.mark.parametrize("name", ["absolute", "internal", "nopath", "relative"])
def test_what_hangs_on_a_recording_is_counted_and_its_transcript_read(name: str) -> None:
    incoming = read(f"probes/audio_{name}.qdpx")
    assert coded(incoming) == [*BASELINE, (WORKLOAD, ("Workload",), "", "")]
    assert {"recordings: 1", "stretches of recordings: 1"} <= set(incoming.lost)


def test_two_codes_with_one_name_stay_two() -> None:
    incoming = read("probes/dupcode.qdpx")
    assert len(coded(incoming)) == 4
    same = [code for code in incoming.codes if code.name == "Workload"]
    assert len({code.key for code in same}) == len(same) == 2


def test_what_qualcoder_wrote() -> None:
    incoming = read("peer-outputs/qualcoder-4.0beta-export.qdpx")
    split = [(WORKLOAD, (name,), "memo for s1", "Reviewer 1") for name in ("Workload", "Staffing")]
    assert coded(incoming) == [*split, *BASELINE[1:]]
    assert incoming.dialect == PROBES["style-qualcoder"]
    assert "cases: 1" in incoming.lost


def test_what_qualitative_coding_wrote() -> None:
    incoming = read("peer-outputs/qualitative-coding-1.7.8-export.qdpx")
    first = "Interview P03 (Social Worker)\n"
    assert coded(incoming) == [
        (first, ("Workload", "KPE 1", "Staffing"), "", "Reviewer 1"),
        (first, ("Staffing",), "", "Reviewer 2"),
    ]


def test_the_example_of_the_standard_without_its_texts() -> None:
    incoming = read("atlasti-spec-example.qdpx")
    assert incoming.program.startswith("ATLAS.ti 8")
    assert "happiness" in {code.name for code in incoming.codes}
    assert "texts without plain text in the file: 9" in incoming.lost


def test_codebooks_of_others() -> None:
    codes, lost = refi.read_codebook((VECTORS / "probes/codebook-ok.qdc").read_bytes())
    assert [(code.name, code.parent, code.codable, code.colour) for code in codes] == [
        ("3 Responses to incidents", None, False, ""),
        ("Referral procedures", "2E8F2C3A-0000-4000-8000-000000000001", True, "#1B5E20"),
    ]
    assert codes[1].description == "Définition – “x” & y"
    assert lost == ("sets: 1",)
    codes, _ = refi.read_codebook((VECTORS / "peer-outputs/qualcoder-4.0beta-export.qdc").read_bytes())
    assert [code.name for code in codes][:2] == ["Key practice episode", "KPE 1"]
    codes, lost = refi.read_codebook((VECTORS / "peer-outputs/taguette-1.5.2-export.qdc").read_bytes())
    assert [code.name for code in codes] == ["Management systems.Workload", "Management systems.Staffing", "KPE.KPE 1"]
    assert lost == ()


PROJECT = """<Project xmlns="urn:QDA-XML:project:1.0"><Users><User guid="U" name="Ann"/></Users><Sources>
<TextSource guid="{{aa}}" plainTextPath="{path}"><Coding/>{selection}</TextSource></Sources>
<Notes><Note guid="N" plainTextPath="note.txt"/></Notes></Project>"""
SELECTION = """<PlainTextSelection creatingUser="U" startPosition="{}" endPosition="{}">
<NoteRef targetGUID="n"/></PlainTextSelection>"""


def made(path: str = "internal://A.txt", start: object = 0, end: object = 5, text: bytes = b"Hello there.") -> Incoming:
    entries = {
        "project.qde": PROJECT.format(path=path, selection=SELECTION.format(start, end)).encode(),
        "Sources/a.TXT": text,
        "Sources/note.txt": b"A thought.",
    }
    return refi.read(io.BytesIO(archive.pack(entries)))


@pytest.mark.parametrize("path", ["internal://A.txt", "A.txt", "internal:///a.txt", "Sources/A.txt"])
def test_a_text_is_found_however_it_is_named(path: str) -> None:
    incoming = made(path)
    assert coded(incoming) == [("Hello", (), "A thought.", "Ann")]
    assert incoming.texts[0].key == "AA"
    assert incoming.lost == ("codings of a whole text: 1",)


@pytest.mark.parametrize("path", ["", "absolute:///etc/passwd", "relative:///A.txt", "internal://B.txt"])
def test_a_text_that_is_not_in_the_file_is_told(path: str) -> None:
    incoming = made(path)
    assert incoming.texts == ()
    assert "texts without plain text in the file: 1" in incoming.lost


@pytest.mark.parametrize(("start", "end"), [(5, 5), (7, 5), (0, 99), ("x", 5), (-1, 5), ("", ""), (0, "9" * 5000)])
def test_a_selection_outside_its_text_is_told(start: object, end: object) -> None:
    incoming = made(start=start, end=end)
    assert coded(incoming) == []
    assert "selections outside their text: 1" in incoming.lost


def test_a_text_in_another_encoding_is_told() -> None:
    assert "texts without plain text in the file: 1" in made(text="Ça va".encode("latin-1")).lost


@pytest.mark.parametrize(
    "entries",
    [
        {},
        {"other.xml": b"<Project/>"},
        {"a.qde": b"<Project/>", "b.qde": b"<Project/>"},
        {"deep/project.qde": b"<Project/>"},
        {"project.qde": b"<CodeBook/>"},
        {"project.qde": b"<Project>"},
        {"project.qde": b""},
    ],
)
def test_what_is_no_project_is_said(entries: dict[str, bytes]) -> None:
    with pytest.raises(NotReadable):
        refi.read(io.BytesIO(archive.pack(entries)))


def test_what_is_no_archive_or_codebook_is_said() -> None:
    for data in (b"", b"PK\x03\x04 and no more", b"plain words"):
        with pytest.raises(NotReadable):
            refi.read(io.BytesIO(data))
    for data in (b"", b"<Project/>", b"PK"):
        with pytest.raises(NotReadable):
            refi.read_codebook(data)


def test_a_damaged_archive_is_said() -> None:
    data = bytearray((VECTORS / "probes/ok-baseline.qdpx").read_bytes())
    offset = zipfile.ZipFile(io.BytesIO(bytes(data))).infolist()[0].header_offset + 60
    data[offset : offset + 40] = bytes(40)
    with pytest.raises(NotReadable, match="damaged"):
        refi.read(io.BytesIO(bytes(data)))
