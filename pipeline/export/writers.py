"""How each format is written, and the proof that a written file holds what was meant.

It brings the libraries for Word and XML with it, which nobody needs who only asks what could leave.
"""

import zipfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from lxml import etree

from pipeline.export import captions, docx, framework, html, json, qdc, qdpx, tables, taguette, text, toml, xlsx
from pipeline.export.formats import named
from pipeline.export.line_ends import LineEnds
from pipeline.export.model import Project, Row, rows
from storage.errors import BadInput, NotVerified


class ExportDiffers(NotVerified):
    """export: the {format} file, read back, does not hold the same extracts as the review; export it again"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Writer:
    """How a format is written, how it is read back, and the rows that reading back must give."""

    write: Callable[[Project], bytes]
    read_back: Callable[[bytes], tuple[Row, ...]]
    expected: Callable[[Project], tuple[Row, ...]] = rows


WRITERS: dict[str, Writer] = {
    "csv": Writer(write=tables.write, read_back=tables.read_back),
    "xlsx": Writer(write=xlsx.write, read_back=xlsx.read_back),
    "json": Writer(write=json.write, read_back=json.read_back),
    "docx": Writer(write=docx.write, read_back=docx.read_back),
    "html": Writer(write=html.write, read_back=html.read_back),
    "txt": Writer(write=text.write, read_back=text.read_back),
    "qdpx": Writer(write=qdpx.write, read_back=qdpx.read_back),
    "taguette": Writer(write=taguette.write, read_back=taguette.read_back),
    "matrix": Writer(write=framework.write, read_back=framework.read_back, expected=framework.expected),
    "qdc": Writer(write=qdc.write, read_back=qdc.read_back, expected=qdc.expected),
    "toml": Writer(write=toml.write, read_back=toml.read_back, expected=toml.expected),
    "vtt": Writer(write=captions.write_vtt, read_back=captions.read_back_vtt, expected=captions.expected),
    "srt": Writer(write=captions.write_srt, read_back=captions.read_back_srt, expected=captions.expected),
}


def verify(format: str, data: bytes, project: Project, ends: LineEnds = LineEnds.LF) -> None:
    """Read a written export back and compare every extract. Raises ExportDiffers, UnknownFormat, NoLineEnds."""
    how = _writer(format, ends)
    try:
        found = how.read_back(data)
    except (ValueError, KeyError, IndexError, TypeError, BadInput, zipfile.BadZipFile, etree.XMLSyntaxError):
        raise ExportDiffers(format=format) from None
    if found != how.expected(project):
        raise ExportDiffers(format=format)


def export(format: str, project: Project, ends: LineEnds = LineEnds.LF) -> bytes:
    """The project in a format, already read back and found equal. Raises UnknownFormat, NoLineEnds, ExportDiffers."""
    data = _writer(format, ends).write(project)
    verify(format, data, project, ends)
    return data


def _writer(format: str, ends: LineEnds) -> Writer:
    how = WRITERS[named(format, ends).name]
    if ends is LineEnds.LF:
        return how
    return replace(how, write=partial(qdpx.write, ends=ends), read_back=partial(qdpx.read_back, ends=ends))
