"""The extracts by theme as plain text, for reading anywhere."""

import re
from collections.abc import Iterator

from pipeline.export.model import Project, Row, clock, from_themes, header, themes, turns

_THEME, _NO_THEME, _QUOTE, _MEMO = "== ", "-- ", "> ", "* "
_PROVENANCE = re.compile(r"  #(\d+) (.+), turn (\d+), [^,]*\Z")


def write(project: Project) -> bytes:
    """UTF-8 text with line feeds."""
    lines = [*header(project), ""]
    for theme in themes(project):
        lines += [(_THEME if theme.code else _NO_THEME) + theme.title, ""]
        for number, one in theme.extracts:
            lines += [_QUOTE + line for line in one.quote.split("\n")]
            time = f"{clock(one.start)}-{clock(one.end)}"
            lines.append(f"  #{number} {one.conversation}, turn {one.anchor.first_turn}, {time}")
            lines += [_MEMO + line for line in one.memo.split("\n") if line]
            lines.append("")
    if project.with_text:
        lines += [_NO_THEME + "The conversation", "", *turns(project), ""]
    return "\n".join(lines).encode()


def read_back(data: bytes) -> tuple[Row, ...]:
    """The rows in a text that `write` wrote. Raises ValueError."""
    return from_themes(_found(data.decode()))


def _found(text: str) -> Iterator[tuple[str | None, int, str, int, str]]:
    theme: str | None = None
    quote: list[str] = []
    for line in text.split("\n"):
        if line.startswith(_THEME):
            theme = line.removeprefix(_THEME)
        elif line.startswith(_NO_THEME):
            theme = None
        elif line.startswith(_QUOTE):
            quote.append(line.removeprefix(_QUOTE))
        elif place := _PROVENANCE.match(line):
            yield theme, int(place[1]), place[2], int(place[3]), "\n".join(quote)
            quote = []
