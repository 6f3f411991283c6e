"""The extracts by theme as one HTML page that loads nothing from anywhere."""

from html import escape
from html.parser import HTMLParser

from pipeline.codes.coding import Extract
from pipeline.export.model import Project, Row, clock, from_themes, header, themes, turns

_HEAD = """<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Extracts</title>
<style>
body {{ font: 1rem/1.5 sans-serif; max-width: 45rem; margin: 2rem auto; padding: 0 1rem }}
section {{ border-left: .4rem solid; padding-left: 1rem; margin: 2rem 0 }}
blockquote {{ white-space: pre-wrap; margin: 1rem 0 0 }}
footer, .memo {{ font-size: .85rem; margin: .2rem 0 }}
.mark {{ font-weight: bold; text-align: center }}
@page {{ margin: 2cm }}
@media print {{
  body {{ display: table; font-size: 11pt; width: 100%; max-width: none; margin: 0; padding: 0 }}
  main {{ display: table-row-group }}
  .top {{ display: table-header-group; break-inside: avoid }}
  .bottom {{ display: table-footer-group; break-inside: avoid }}
  section {{ -webkit-print-color-adjust: exact; print-color-adjust: exact }}
  h1, h2 {{ break-after: avoid }}
  blockquote {{ break-inside: avoid; break-after: avoid }}
  p {{ orphans: 3; widows: 3 }}
}}
</style></head><body>
{top}<main>
<h1>Extracts, review {review}</h1>
"""


def write(project: Project) -> bytes:
    """A UTF-8 page; it has no script and may load nothing."""
    # printed, a table repeats its head and foot on every page
    top, bottom = (
        f'<div class="mark {edge}">{escape(project.mark)}</div>\n' if project.mark else "" for edge in ("top", "bottom")
    )
    parts = [_HEAD.format(top=top, review=escape(project.review))]
    parts += [f"<p>{escape(line)}</p>\n" for line in header(project) if line != project.mark]
    for theme in themes(project):
        colour, named = (theme.code.colour, theme.code.name) if theme.code else ("#A8A8A8", "")
        parts.append(
            f'<section style="border-color: {colour}" data-code="{escape(named)}"><h2>{escape(theme.title)}</h2>\n'
        )
        parts += [_extract(number, one) for number, one in theme.extracts]
        parts.append("</section>\n")
    if project.with_text:
        parts += ["<h2>The conversation</h2>\n", *(f"<p>{escape(turn)}</p>\n" for turn in turns(project))]
    return "".join([*parts, "</main>\n", bottom, "</body></html>\n"]).encode()


def read_back(data: bytes) -> tuple[Row, ...]:
    """The rows in a page that `write` wrote. Raises ValueError."""
    reader = _Reader()
    reader.feed(data.decode())
    reader.close()
    return from_themes(reader.found)


def _extract(number: int, one: Extract) -> str:
    place = f'data-number="{number}" data-conversation="{escape(one.conversation)}" data-turn="{one.anchor.first_turn}"'
    line = f"#{number} {one.conversation}, {one.position}, turn {one.anchor.first_turn}, {clock(one.start)}"
    memo = f'<p class="memo">{escape(one.memo)} ({escape(one.coder)})</p>\n' if one.memo else ""
    return f"<blockquote {place}>{escape(one.quote)}</blockquote>\n<footer>{escape(line)}</footer>\n{memo}"


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str | None, int, str, int, str]] = []
        self._code: str | None = None
        self._place: tuple[int, str, int] | None = None
        self._quote = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "section":
            self._code = values["data-code"] or None
        elif tag == "blockquote":
            self._place = int(values["data-number"]), values["data-conversation"], int(values["data-turn"])
            self._quote = ""

    def handle_data(self, data: str) -> None:
        self._quote += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "blockquote" and self._place:
            number, conversation, turn = self._place
            self.found.append((self._code, number, conversation, turn, self._quote))
            self._place = None
