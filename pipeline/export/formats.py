"""The formats an export can have, and the proof that a written file holds what was meant."""

import zipfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from lxml import etree

from pipeline.export import captions, docx, framework, html, json, qdc, qdpx, tables, taguette, text, toml, xlsx
from pipeline.export.line_ends import LineEnds
from pipeline.export.model import Project, Row, rows
from storage.errors import BadInput, NotFound, NotVerified


class UnknownFormat(NotFound):
    """export: there is no format "{format}"; choose one of {known}"""


class NoLineEnds(BadInput):
    """export: line ends can be chosen for .qdpx projects only, not for {format}; leave out --line-ends"""


class ExportDiffers(NotVerified):
    """export: the {format} file, read back, does not hold the same extracts as the review; export it again"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Format:
    """One format: how it is written, how it is read back, and the rows that reading back must give. Codebooks and captions
    hold no `quotes` of extracts; a codebook needs no conversation."""

    name: str
    suffix: str
    media_type: str
    write: Callable[[Project], bytes]
    read_back: Callable[[bytes], tuple[Row, ...]]
    expected: Callable[[Project], tuple[Row, ...]] = rows
    quotes: bool = True
    codebook: bool = False

    @property
    def of_extracts(self) -> bool:
        """Whether it holds every extract with all its codes, as sign-off needs it."""
        return self.expected is rows


_WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_EXCEL = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

FORMATS: dict[str, Format] = {
    each.name: each
    for each in (
        Format(name="csv", suffix=".csv", media_type="text/csv", write=tables.write, read_back=tables.read_back),
        Format(name="xlsx", suffix=".xlsx", media_type=_EXCEL, write=xlsx.write, read_back=xlsx.read_back),
        Format(name="json", suffix=".json", media_type="application/json", write=json.write, read_back=json.read_back),
        Format(name="docx", suffix=".docx", media_type=_WORD, write=docx.write, read_back=docx.read_back),
        Format(name="html", suffix=".html", media_type="text/html", write=html.write, read_back=html.read_back),
        Format(name="txt", suffix=".txt", media_type="text/plain", write=text.write, read_back=text.read_back),
        Format(name="qdpx", suffix=".qdpx", media_type="application/zip", write=qdpx.write, read_back=qdpx.read_back),
        Format(
            name="taguette",
            suffix=".sqlite3",
            media_type="application/vnd.sqlite3",
            write=taguette.write,
            read_back=taguette.read_back,
        ),
        Format(
            name="matrix",
            suffix=".matrix.csv",
            media_type="text/csv",
            write=framework.write,
            read_back=framework.read_back,
            expected=framework.expected,
        ),
        Format(
            name="qdc",
            suffix=".qdc",
            media_type="application/xml",
            write=qdc.write,
            read_back=qdc.read_back,
            expected=qdc.expected,
            quotes=False,
            codebook=True,
        ),
        Format(
            name="toml",
            suffix=".toml",
            media_type="application/toml",
            write=toml.write,
            read_back=toml.read_back,
            expected=toml.expected,
            quotes=False,
            codebook=True,
        ),
        Format(
            name="vtt",
            suffix=".vtt",
            media_type="text/vtt",
            write=captions.write_vtt,
            read_back=captions.read_back_vtt,
            expected=captions.expected,
            quotes=False,
        ),
        Format(
            name="srt",
            suffix=".srt",
            media_type="application/x-subrip",
            write=captions.write_srt,
            read_back=captions.read_back_srt,
            expected=captions.expected,
            quotes=False,
        ),
    )
}


def named(format: str, ends: LineEnds = LineEnds.LF) -> Format:
    """The format with this name, its texts with these line ends. Raises UnknownFormat, NoLineEnds."""
    if format not in FORMATS:
        raise UnknownFormat(format=format, known=", ".join(FORMATS))
    if ends is LineEnds.LF:
        return FORMATS[format]
    if format != "qdpx":
        raise NoLineEnds(format=format)
    return replace(FORMATS[format], write=partial(qdpx.write, ends=ends), read_back=partial(qdpx.read_back, ends=ends))


def verify(format: str, data: bytes, project: Project, ends: LineEnds = LineEnds.LF) -> None:
    """Read a written export back and compare every extract. Raises ExportDiffers, UnknownFormat, NoLineEnds."""
    how = named(format, ends)
    try:
        found = how.read_back(data)
    except (ValueError, KeyError, IndexError, TypeError, BadInput, zipfile.BadZipFile, etree.XMLSyntaxError):
        raise ExportDiffers(format=format) from None
    if found != how.expected(project):
        raise ExportDiffers(format=format)


def export(format: str, project: Project, ends: LineEnds = LineEnds.LF) -> bytes:
    """The project in a format, already read back and found equal. Raises UnknownFormat, NoLineEnds, ExportDiffers."""
    data = named(format, ends).write(project)
    verify(format, data, project, ends)
    return data
