"""Files that people and programs write are read for who said what and when, and what is left out is named."""

import io
import zipfile

import docx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.imports.guard import NotReadable, Suspect
from pipeline.transcripts.written.lines import Written, seconds, stamped, tagged
from pipeline.transcripts.written.reading import NothingSaid, NotText, TooLarge, parse
from storage.errors import CandourError

VTT = """WEBVTT - made elsewhere

NOTE a remark
of two lines

STYLE
::cue { color: red }

intro
00:00:01.000 --> 00:00:03.500 align:start position:10%
<v Anna Bell>What <i>happened</i> &amp; when?</v>

00:03.500 --> 00:07.000
<v.loud Ben Reed>I <00:00:04.000><c>rang</c> her.
<v Anna Bell>Yes?

00:08.000 -> 00:09.000
lost

00:09.000 --> 00:10.000
Ben Reed: on Monday
"""
SRT = """1
00:00:01,000 --> 00:00:02,000
{\\an8}Interviewer: <b>What</b> happened?

2
00:00:02,500 --> 00:00:04,000
Participant: I rang her
on Monday.

3
00:00:05,000 --> 00:00:04,000
backwards
"""


def said(written: Written) -> list[tuple[str | None, str, float | None, float | None]]:
    def rounded(time: float | None) -> float | None:
        return None if time is None else round(time, 2)

    return [(line.tag, line.text, rounded(line.start), rounded(line.end)) for line in written.lines]


def problems(written: Written) -> list[tuple[int, str]]:
    return [(problem.place, problem.what) for problem in written.problems]


def text(*lines: str) -> Written:
    return parse("\n".join(lines).encode())


def word_file(*paragraphs: str, rows: tuple[tuple[str, ...], ...] = ()) -> bytes:
    document = docx.Document()
    for paragraph in paragraphs:
        document.add_paragraph(paragraph)
    if rows:
        table = document.add_table(rows=0, cols=len(rows[0]))
        for cells in rows:
            for cell, content in zip(table.add_row().cells, cells, strict=True):
                cell.text = content
    file = io.BytesIO()
    document.save(file)
    return file.getvalue()


def archive(parts: dict[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, body in parts.items():
            packed.writestr(name, body)
    return file.getvalue()


def body(xml: str, head: str = "") -> bytes:
    space = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    return f'{head}<w:document xmlns:w="{space}"><w:body>{xml}</w:body></w:document>'.encode()


def test_webvtt_with_voices_markup_and_things_that_are_no_cues() -> None:
    found = parse(VTT.encode())
    assert found.format == "vtt"
    assert said(found) == [
        ("Anna Bell", "What happened & when?", 1.0, 3.5),
        ("Ben Reed", "I rang her.", 3.5, 6.07),
        ("Anna Bell", "Yes?", 6.07, 7.0),
        ("Ben Reed", "on Monday", 9.0, 10.0),
    ]
    assert problems(found) == [(17, "no times; left out")]


def test_subrip_with_speakers_before_a_colon() -> None:
    found = parse(SRT.replace("\n", "\r\n").encode("utf-8-sig"))
    assert found.format == "srt"
    assert said(found) == [
        ("Interviewer", "What happened?", 1.0, 2.0), ("Participant", "I rang her on Monday.", 2.5, 4.0),
    ]  # fmt: skip
    assert problems(found) == [(11, "times that cannot be read; left out")]


def test_plain_text_with_tags_and_paragraphs_that_go_on() -> None:
    found = text(
        "Interview 7", "", "Interviewer: What happened?", "AB: I rang her.", "", "She said: come.", "AB: So I went."
    )
    assert said(found) == [
        (None, "Interview 7", None, None), ("Interviewer", "What happened?", None, None), ("AB", "I rang her.", None, None),
        (None, "She said: come.", None, None), ("AB", "So I went.", None, None),
    ]  # fmt: skip
    assert problems(found) == [(1, "text before anybody is named; kept, speaker unknown")]


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["[00:00:12] S01: Hello.", "[00:01:02 --> 00:01:05] S02: Hi.", "[0:01:06] S01: So.", "S02: Yes."],
         [("S01", "Hello.", 12.0, None), ("S02", "Hi.", 62.0, 65.0), ("S01", "So.", 66.0, None), ("S02", "Yes.", None, None)]),
        (["I: Hello. #00:00:03-5#", "P: Hi. #00:00:05-0#"], [("I", "Hello.", None, 3.5), ("P", "Hi.", None, 5.0)]),
        (["Anna Bell  0:03", "Hello.", "", "Ben Reed   1:02:03", "Hi."],
         [("Anna Bell", "Hello.", 3.0, None), ("Ben Reed", "Hi.", 3723.0, None)]),
        (["Q: (00:12) Hello.", "A: at 12:30 I left"], [("Q", "Hello.", 12.0, None), ("A", "at 12:30 I left", None, None)]),
        (["Speaker 1: (00:02)", "Hello.", "Speaker 2: (00:05)", "Hi.", "Speaker 1:", "So.", "Speaker 2:", "Yes."],
         [("Speaker 1", "Hello.", 2.0, None), ("Speaker 2", "Hi.", 5.0, None), ("Speaker 1", "So.", None, None),
          ("Speaker 2", "Yes.", None, None)]),
        (["00:00:05 Interviewer", "Hello.", "PARTICIPANT", "Hi.", "I\tSo.", "[0:09]  P", "Yes.", "A quiet room\tthen"],
         [("Interviewer", "Hello.", 5.0, None), ("PARTICIPANT", "Hi.", None, None), ("I", "So.", None, None),
          ("P", "Yes.", 9.0, None), (None, "A quiet room then", None, None)]),
        (["Hello there.", "And so on."], [(None, "Hello there.", None, None), (None, "And so on.", None, None)]),
    ],
)  # fmt: skip
def test_ways_to_write_a_time(lines: list[str], expected: list[tuple[object, ...]]) -> None:
    assert said(text(*lines)) == expected


def test_word_paragraphs_and_tables() -> None:
    found = parse(word_file("Anna: Hello.\tAgain.", "Ben: Hi.\nThere.", "Anna: So.", "Ben: Yes."))
    assert (found.format, said(found)) == ("docx", [
        ("Anna", "Hello. Again.", None, None), ("Ben", "Hi.", None, None), (None, "There.", None, None),
        ("Anna", "So.", None, None), ("Ben", "Yes.", None, None),
    ])  # fmt: skip
    rows = (
        ("00:00:01", "Anna", "Hello."),
        ("00:00:03", "Ben", "Hi: there."),
        ("00:00:05", "Anna", "So."),
        ("", "Ben", "Yes."),
    )
    assert said(parse(word_file(rows=rows))) == [
        ("Anna", "Hello.", 1.0, None), ("Ben", "Hi: there.", 3.0, None), ("Anna", "So.", 5.0, None), ("Ben", "Yes.", None, None),
    ]  # fmt: skip


def test_word_says_what_was_left_out() -> None:
    changed = "<w:p><w:r><w:t>I: Here.</w:t></w:r><w:del><w:r><w:delText>Gone.</w:delText></w:r></w:del></w:p>"
    moved = (
        "<w:p><w:moveFrom><w:r><w:t>Old.</w:t></w:r></w:moveFrom><w:moveTo><w:r><w:t>New.</w:t></w:r></w:moveTo></w:p>"
    )
    notes = body("<w:p><w:r><w:t>A remark.</w:t></w:r></w:p>")
    found = parse(archive({"word/document.xml": body(changed + moved), "word/comments.xml": notes}))
    assert said(found) == [("I", "Here.", None, None), (None, "New.", None, None)]
    assert problems(found) == [(0, "comments were left out"), (0, "words deleted with changes tracked were left out")]


def test_old_windows_text_and_utf_16() -> None:
    assert said(parse("I: Café – “so”".encode("cp1252"))) == [("I", "Café – “so”", None, None)]
    assert said(parse("I: Café".encode("utf-16"))) == [("I", "Café", None, None)]


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"", NothingSaid),
        (b" \n \n", NothingSaid),
        (b"WEBVTT\n\n00:01.000 --> 00:02.000\n\n", NothingSaid),
        (b"RIFF\x00\x00\x00\x00WAVE" * 100, NotText),
        (bytes(range(1, 32)) * 50, NotText),
        (archive({"xl/workbook.xml": b"<x/>"}), NotText),
        (b"PK\x03\x04 no archive at all", NotReadable),
        (archive({"word/document.xml": b"<w:document"}), NotReadable),
        (archive({"../word/document.xml": b"<x/>"}), Suspect),
        (archive({"word/document.xml": b" " * (33 * 2**20)}), Suspect),
        (
            archive({"word/document.xml": body("<w:p/>", '<!DOCTYPE x [<!ENTITY a "b"><!ENTITY c "&a;&a;">]>')}),
            Suspect,
        ),
    ],
    ids=[
        "empty",
        "blank",
        "no words",
        "sound",
        "controls",
        "a sheet",
        "no zip",
        "no xml",
        "outside",
        "bomb",
        "entities",
    ],
)
def test_what_is_no_transcript_is_refused(data: bytes, error: type[CandourError]) -> None:
    with pytest.raises(error) as refused:
        parse(data)
    assert "\x00" not in str(refused.value)


def test_a_file_of_any_size_is_not_read() -> None:
    with pytest.raises(TooLarge):
        parse(b"I: yes\n" * (5 * 2**20))


@given(st.text(max_size=300))
def test_no_text_makes_it_fall(content: str) -> None:
    try:
        parse(content.encode("utf-8", errors="surrogatepass"))
    except CandourError:
        return


@given(
    st.lists(
        st.sampled_from(["00:01.000 --> 00:02.000", "<v A>x", "WEBVTT", "", "a: b", "NOTE", "[0:01]", "-->", "9:9"])
    )
)
def test_no_arrangement_makes_it_fall(lines: list[str]) -> None:
    try:
        found = parse("\n".join(lines).encode())
    except CandourError:
        return
    assert all(line.text for line in found.lines)


def test_small_parts() -> None:
    assert [seconds(one) for one in ("1:02", "01:02:03.4", "00:00:01,25", "00:01:02-3", "1:2", "x")] == [
        62.0, 3723.4, 1.25, 62.3, None, None,
    ]  # fmt: skip
    assert stamped("12:30 was the time (so)") == ("12:30 was the time (so)", None, None), "people talk about times"
    assert stamped("12:30 Anna: so") == ("Anna: so", 750.0, None)
    assert stamped("00:12:30 so") == ("so", 750.0, None)
    assert tagged("Dr. O’Neil-Smith: yes") == ("Dr. O’Neil-Smith", "yes")
    assert tagged("http://example.org") == (None, "http://example.org")
    assert tagged("and then he turned round and said: no")[0] is None
