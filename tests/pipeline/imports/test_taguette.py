"""Taguette's file: what it holds comes back exactly, and one that was made to do harm does none."""

import io
import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace

import pytest

from pipeline.export import taguette as written
from pipeline.imports import taguette
from pipeline.imports.guard import NotReadable, Suspect
from pipeline.imports.incoming import Incoming
from tests.pipeline.export.samples import project, shipped
from tests.pipeline.imports.test_planning import imported, talk


def read(data: bytes) -> Incoming:
    return taguette.read(io.BytesIO(data))


def changed(*statements: str) -> bytes:
    """The sample project with changes somebody made to it."""
    with closing(sqlite3.connect(":memory:")) as base:
        base.deserialize(written.write(project()))
        for statement in statements:
            base.execute(statement)
        base.commit()
        return base.serialize()


def test_every_extract_comes_back_with_its_codes() -> None:
    whole = talk(100, 300)
    back = imported(whole, read(written.write(whole)))
    assert [(one.anchor, one.quote, one.codes) for one in back.extracts] == [
        (one.anchor, one.quote, one.codes) for one in whole.extracts
    ]
    assert {one.coder for one in back.extracts} == {"importer"}
    assert back.lost == ()


def test_the_codes_are_known_by_their_names() -> None:
    incoming = read(written.write(project()))
    assert [code.name for code in incoming.codes] == [code.name for code in shipped().codes if code.codable]
    assert incoming.codes[0].description == next(code for code in shipped().codes if code.codable).description
    assert incoming.dialect == "as Taguette counts (UTF-8 bytes)"


def page(contents: str, *places: tuple[int, int]) -> list[str]:
    rows = [f"INSERT INTO highlights VALUES ({n}, 1, {a}, {b}, '')" for n, (a, b) in enumerate(places, start=1)]
    data = changed(
        "DELETE FROM highlight_tags", "DELETE FROM highlights", f"UPDATE documents SET contents = '{contents}'", *rows
    )
    text = read(data).texts[0]
    return [text.text[mark.start : mark.end] for mark in text.marks]


def test_positions_count_bytes_of_the_text_alone() -> None:
    contents = "<h1>Él</h1><p>a &amp; <b>ü</b>b</p>\n<ul><li>one</li><li>two</li></ul><p>x<br>y</p>"
    assert page(contents, (0, 3), (3, 9), (0, 4), (9, 10), (10, 13), (13, 16), (10, 16), (16, 18)) == [
        "Él", "a & ü", "Él\na", "b", "\non", "e\ntw", "\none\ntw", "o\nx",
    ]  # fmt: skip


def test_a_highlight_outside_its_text_is_told() -> None:
    incoming = read(
        changed("UPDATE highlights SET end_offset = 99999 WHERE id = 1", "DELETE FROM highlights WHERE id > 1")
    )
    assert sum(len(text.marks) for text in incoming.texts) == 0
    assert incoming.lost == ("selections outside their text: 1",)


def test_who_made_a_highlight_is_known_where_people_share_a_project() -> None:
    done = [
        ("ann", {"type": "highlight_add", "highlight_id": 1}),
        ("admin", {"type": "highlight_add", "highlight_id": 2}),
        ("ann", {"type": "tag_add", "tag_id": 1}),
    ]
    data = changed(
        *(
            f"INSERT INTO commands VALUES (NULL, '2026-01-02 03:04:05.6', '{login}', 1, 1, '{json.dumps(payload)}')"
            for login, payload in done
        )
    )
    marks = read(data).texts[0].marks
    assert [mark.coder for mark in marks][:3] == ["ann", "", ""]
    assert marks[0].at is not None
    assert marks[0].at.isoformat() == "2026-01-02T03:04:05.600000+00:00"


HARMFUL: dict[str, tuple[str, ...]] = {
    "a view in place of a table": (
        "ALTER TABLE tags RENAME TO other",
        "CREATE VIEW tags AS WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x+1 FROM n) SELECT x AS id, x AS path, "
        "x AS description FROM n",
    ),
    "a trigger": ("CREATE TRIGGER t AFTER INSERT ON tags BEGIN DELETE FROM tags; END",),
    "a virtual table": ("CREATE VIRTUAL TABLE v USING fts5(x)",),
}


@pytest.mark.parametrize("statements", HARMFUL.values(), ids=HARMFUL)
def test_what_acts_by_itself_is_refused(statements: tuple[str, ...]) -> None:
    with pytest.raises(Suspect, match="acts by itself"):
        read(changed(*statements))


def test_a_query_without_an_end_is_broken_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(taguette, "_PACE", 10)
    with pytest.raises(NotReadable):
        read(written.write(talk(100, 300)))


def test_a_text_beyond_all_measure_is_refused() -> None:
    with pytest.raises(NotReadable):
        read(changed("UPDATE documents SET contents = printf('%.*c', 9000000, 'x')"))


Damage = Callable[[bytes], bytes]


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data[:3000],
        lambda data: data[:4096] + bytes(len(data) - 4096),
        lambda data: b"SQLite format 3\0",
        lambda data: b"",
        lambda _: changed("UPDATE highlights SET start_offset = 'x'"),
        lambda _: changed("INSERT INTO commands VALUES (NULL, '', 'a', 1, 1, 'not json')"),
        lambda _: changed("DROP TABLE highlight_tags"),
    ],
)
def test_what_is_no_project_is_said(damage: Damage) -> None:
    with pytest.raises(NotReadable):
        read(damage(written.write(project())))


def test_turns_are_numbered_in_short() -> None:
    one = project().documents[0]
    gaps = replace(one, passages=tuple(replace(p, turn=n) for p, n in zip(one.passages, (1, 2, 5, 6, 9), strict=True)))
    whole = replace(project(), documents=(gaps,), extracts=())
    assert b"Turns: 1-2, 5-6, 9" in written.write(whole)
