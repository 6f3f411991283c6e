"""Hostile files: each is refused before it can cost memory, reach a disk or read one."""

import io
import stat
import struct
import zipfile
from pathlib import Path

import pytest

from pipeline.export import archive
from pipeline.imports import guard, refi
from pipeline.imports.guard import Archive, NotReadable, Suspect
from pipeline.imports.markup import xml

PROJECT = b'<Project xmlns="urn:QDA-XML:project:1.0"/>'


def packed(*entries: tuple[zipfile.ZipInfo | str, bytes], method: int = zipfile.ZIP_DEFLATED) -> io.BytesIO:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", method) as file:
        for name, content in entries:
            file.writestr(name, content)
    return data


def test_an_honest_archive_is_read() -> None:
    archive = Archive(packed(("project.qde", PROJECT), ("Sources\\A.txt", b"words")))
    assert archive.read("sources/a.txt") == b"words"
    assert refi.read(packed(("project.qde", PROJECT))).texts == ()


@pytest.mark.parametrize(
    "name",
    [
        "../project.qde",
        "sources/../../x.txt",
        "/etc/x.txt",
        "C:\\x.txt",
        "c:x.txt",
        "sources\\..\\..\\x",
        "\\\\host\\x",
        "..",
    ],
)
def test_a_way_out_of_the_archive_is_refused(name: str) -> None:
    with pytest.raises(Suspect, match="outside"):
        refi.read(packed(("project.qde", PROJECT), (name, b"x")))


def test_a_link_is_refused() -> None:
    link = zipfile.ZipInfo("sources/a.txt")
    link.create_system, link.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
    with pytest.raises(Suspect, match="link"):
        Archive(packed((link, b"/etc/passwd")))


def test_two_parts_with_one_name_are_refused() -> None:
    with pytest.raises(Suspect, match="one name"):
        Archive(packed(("project.qde", PROJECT), ("PROJECT.QDE", PROJECT)))


def test_an_unusual_packing_is_refused() -> None:
    with pytest.raises(NotReadable, match="unusual"):
        Archive(packed(("project.qde", PROJECT), method=zipfile.ZIP_LZMA))


def test_an_encrypted_archive_is_said() -> None:
    data = bytearray(packed(("project.qde", PROJECT)).getvalue())
    place = data.index(b"PK\x01\x02") + 8
    data[place : place + 2] = struct.pack("<H", 1)
    with pytest.raises(NotReadable, match="encrypted"):
        Archive(io.BytesIO(bytes(data)))


def test_a_part_that_unpacks_to_too_much_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = packed(("project.qde", bytes(guard.LARGEST_PART + 1)))
    assert len(bomb.getvalue()) < guard.LARGEST_PART // 500
    with pytest.raises(Suspect, match="too large"):
        refi.read(bomb)
    monkeypatch.setattr(guard, "LARGEST_PART", guard.LARGEST_PART + 1)
    with pytest.raises(NotReadable, match="well-formed"):
        refi.read(bomb)


def test_a_part_that_lies_about_its_size_gives_no_more_than_it_said() -> None:
    data = bytearray(packed(("project.qde", bytes(100_000))).getvalue())
    for magic, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        place = data.index(magic) + offset
        data[place : place + 4] = struct.pack("<I", 10)
    with pytest.raises(NotReadable):
        Archive(io.BytesIO(bytes(data))).read("project.qde")


def test_many_parts_together_are_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "LARGEST_WHOLE", 1000)
    archive = Archive(packed(("a", bytes(600)), ("b", bytes(600))))
    assert len(archive.read("a")) == 600
    with pytest.raises(Suspect, match="too large"):
        archive.read("b")


def test_too_many_parts_are_refused() -> None:
    with pytest.raises(Suspect, match="many parts"):
        Archive(packed(*((f"sources/{n}.txt", b"") for n in range(10_001))))


def entities(system: str) -> bytes:
    return f'<!DOCTYPE Project [<!ENTITY x {system}>]><Project xmlns="urn:QDA-XML:project:1.0" name="&x;">&x;</Project>'.encode()


def test_an_outside_entity_is_neither_read_nor_let_pass(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("do not read")
    for data in (
        entities(f'SYSTEM "{secret.as_uri()}"').replace(b' name="&x;"', b""),
        entities('SYSTEM "http://127.0.0.1:9/x"').replace(b' name="&x;"', b""),
        entities('"within"'),
        b'<!DOCTYPE Project SYSTEM "http://127.0.0.1:9/x.dtd"><Project/>',
        entities('"within"').decode().encode("utf-16"),
    ):
        with pytest.raises(Suspect, match="document type") as refused:
            xml(data)
        assert "do not read" not in str(refused.value)
        with pytest.raises(Suspect):
            refi.read(io.BytesIO(archive.pack({"project.qde": data})))
        with pytest.raises(Suspect):
            refi.read_codebook(data)


def test_a_laugh_a_billion_times_over_is_refused() -> None:
    lines = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 20))
    bomb = f'<!DOCTYPE P [<!ENTITY l0 "ha">{lines}]><P name="&l19;">&l19;</P>'
    with pytest.raises((Suspect, NotReadable)):
        xml(bomb.encode())


def test_a_tree_too_deep_is_refused() -> None:
    assert xml(b"<a>" * 200 + b"</a>" * 200) is not None
    with pytest.raises(NotReadable):
        xml(b"<a>" * 100_000 + b"</a>" * 100_000)
