"""Each rule is proven by an archive that breaks it and nothing else."""

import re
from collections.abc import Callable

import pytest

from pipeline.export import archive, qdpx
from pipeline.export.lint import RULES, lint
from tests.pipeline.export.samples import project

Break = Callable[[dict[str, bytes]], None]


def swap(old: str, new: str, count: int = 1) -> Break:
    """A fault in the project file."""

    def fault(entries: dict[str, bytes]) -> None:
        text = entries["project.qde"].decode()
        assert old in text
        entries["project.qde"] = text.replace(old, new, count).encode()

    return fault


def match(old: str, new: str) -> Break:
    """A fault in the project file, at the first place a pattern fits."""

    def fault(entries: dict[str, bytes]) -> None:
        text, count = re.subn(old, new, entries["project.qde"].decode(), count=1)
        assert count
        entries["project.qde"] = text.encode()

    return fault


def in_text(change: Callable[[bytes], bytes]) -> Break:
    """A fault in the text of the first source."""

    def fault(entries: dict[str, bytes]) -> None:
        name = sorted(entries)[1]
        entries[name] = change(entries[name])

    return fault


def add_file(entries: dict[str, bytes]) -> None:
    entries["sources/talk.m4a"] = b"sound"


def lose_text(entries: dict[str, bytes]) -> None:
    del entries[sorted(entries)[1]]


SOURCE = "</TextSource>"
NOTE = '<Notes><Note guid="00000000-0000-0000-0000-00000000000A" name="{name}"{path}/></Notes>'
BREAKS: list[tuple[int, str, Break]] = [
    (1, "origin", swap('origin="Candour"', "")),
    (1, "origin", swap('origin="Candour"', 'origin="like ATLAS.ti"')),
    (2, "inside the project", swap(SOURCE, "<PlainTextContent>x</PlainTextContent>" + SOURCE)),
    (2, "no text in the archive", swap('plainTextPath="internal://', 'plainTextPath="')),
    (2, "no text in the archive", lose_text),
    (3, "byte-order mark", in_text(lambda text: b"\xef\xbb\xbf" + text)),
    (4, "line ends", in_text(lambda text: text.replace(b"\n", b"\r\n"))),
    (4, "above U+FFFF", in_text(lambda text: text + "😀".encode())),
    (5, "two codes", swap('name="A2 Overview of your part"', 'name="A1 introduction"')),
    (6, "heading", swap('name="C3.3 Workload" isCodable="true"', 'name="C3.3 Workload" isCodable="false"')),
    (6, "whether it is codable", swap(' isCodable="true"', "")),
    (7, "two sources", swap('name="C-002 Teacher - head"', 'name="C-001 Health visitor 1"', 2)),
    (8, "only in a note", swap("</PlainTextSelection>", '<NoteRef targetGUID="x"/></PlainTextSelection>', 9)),
    (8, "no name or no text", swap("<Description>Candour", NOTE.format(name="", path="") + "<Description>Candour")),
    (9, "whole source", swap(SOURCE, "<Coding/>" + SOURCE)),
    (10, "attributes", swap("<TextValue>Health visitor 1<", "<TextValue>Someone<")),
    (11, "a Coding does not say", match('(<Coding [^>]*) creatingUser="[^"]*"', r"\1")),
    (12, "recording", swap(SOURCE, SOURCE + "<AudioSource/>")),
    (12, "other than the project", add_file),
    (13, "not sources", swap("<Description>Candour", "<Sets><Set><MemberCode/></Set></Sets><Description>Candour")),
    (14, "colour", swap('color="#0D47A1"', 'color="rgba(1,2,3)"')),
    (15, "readable", swap("<Users>", "<Users")),
    (15, "upper-case", swap('<User guid="', '<User guid="x')),
    (
        15,
        "used twice",
        match('<User guid="([^"]+)"([^>]*>\\s*)<User guid="[^"]+"', r'<User guid="\1"\2<User guid="\1"'),
    ),
    (15, "leads nowhere", swap('<CodeRef targetGUID="', '<CodeRef targetGUID="0')),
    (15, "empty Sets", swap("<Description>Candour", "<Sets/><Description>Candour")),
    (15, "wrong order", swap("<Description>Candour", "<Variables><Variable/></Variables><Description>Candour")),
    (16, "machine", swap('origin="Candour"', 'origin="Candour" basePath="x"')),
    (16, "machine", swap("<User guid", '<User id="/home/someone/talks" guid')),
    (17, "outside", swap('endPosition="', 'endPosition="9')),
]


def test_the_export_keeps_every_rule() -> None:
    assert lint(qdpx.write(project())) == []


def test_every_rule_is_proven() -> None:
    assert {number for number, _, _ in BREAKS} == set(RULES)


@pytest.mark.parametrize(("number", "words", "fault"), BREAKS)
def test_a_fault_is_found(number: int, words: str, fault: Break) -> None:
    entries = archive.unpack(qdpx.write(project()))
    fault(entries)
    found = lint(archive.pack(entries))
    assert any(line.startswith(f"rule {number}:") and words in line for line in found), found


def test_a_broken_file_never_leaves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(qdpx, "ORIGIN", "ATLAS")
    with pytest.raises(qdpx.BadExport, match="rule 1"):
        qdpx.write(project())
