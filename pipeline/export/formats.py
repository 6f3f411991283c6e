"""The formats an export can have, and what each holds; `writers.py` writes them."""

from dataclasses import dataclass

from pipeline.export.line_ends import LineEnds
from storage.errors import BadInput, NotFound


class UnknownFormat(NotFound):
    """export: there is no format "{format}"; choose one of {known}"""


class NoLineEnds(BadInput):
    """export: line ends can be chosen for .qdpx projects only, not for {format}; leave out --line-ends"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Format:
    """One format. `of_extracts`: it holds every extract with all its codes, as sign-off needs it. Codebooks and captions hold no
    `quotes` of extracts; a codebook needs no conversation.
    """

    name: str
    suffix: str
    media_type: str
    of_extracts: bool = True
    quotes: bool = True
    codebook: bool = False


_WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_EXCEL = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

FORMATS: dict[str, Format] = {
    each.name: each
    for each in (
        Format(name="csv", suffix=".csv", media_type="text/csv"),
        Format(name="xlsx", suffix=".xlsx", media_type=_EXCEL),
        Format(name="json", suffix=".json", media_type="application/json"),
        Format(name="docx", suffix=".docx", media_type=_WORD),
        Format(name="html", suffix=".html", media_type="text/html"),
        Format(name="txt", suffix=".txt", media_type="text/plain"),
        Format(name="qdpx", suffix=".qdpx", media_type="application/zip"),
        Format(name="taguette", suffix=".sqlite3", media_type="application/vnd.sqlite3"),
        Format(name="matrix", suffix=".matrix.csv", media_type="text/csv", of_extracts=False),
        Format(name="qdc", suffix=".qdc", media_type="application/xml", of_extracts=False, quotes=False, codebook=True),
        Format(
            name="toml",
            suffix=".toml",
            media_type="application/toml",
            of_extracts=False,
            quotes=False,
            codebook=True,
        ),
        Format(name="vtt", suffix=".vtt", media_type="text/vtt", of_extracts=False, quotes=False),
        Format(name="srt", suffix=".srt", media_type="application/x-subrip", of_extracts=False, quotes=False),
    )
}


def named(format: str, ends: LineEnds = LineEnds.LF) -> Format:
    """The format with this name, if its texts can have these line ends. Raises UnknownFormat, NoLineEnds."""
    if format not in FORMATS:
        raise UnknownFormat(format=format, known=", ".join(FORMATS))
    if ends is not LineEnds.LF and format != "qdpx":
        raise NoLineEnds(format=format)
    return FORMATS[format]
