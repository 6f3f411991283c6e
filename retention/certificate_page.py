"""A certificate as a page to print: the same content and digest as its JSON, which stands at its end and verifies it. Pure.

One file without script or anything from elsewhere. The page is a function of the JSON alone, so that a page of which a character
was changed is not the page of its JSON.
"""

import json
from base64 import b64decode, b64encode
from collections.abc import Mapping
from html import escape
from textwrap import wrap
from typing import Any

from retention.certificate import BEGIN, END, FIRST, SECTIONS

_STYLE = """
body { font: 11pt/1.45 Georgia, serif; max-width: 46em; margin: 2em auto; padding: 0 1em; color: #111; background: #fff }
h1 { font-size: 1.7em; margin: 0 0 .2em } h2 { font-size: 1.15em; border-bottom: 1px solid #777; margin: 1.4em 0 .4em }
dl { display: grid; grid-template-columns: 12em 1fr; gap: .15em 1em; margin: 0 } dt { color: #444 } dd { margin: 0 }
dd, pre { overflow-wrap: anywhere } ul { margin: 0; padding-left: 1.2em } .status { font-weight: bold }
.digest { font-family: monospace; font-size: .9em } pre { font-size: 7pt; line-height: 1.25; white-space: pre-wrap }
@page { size: A4; margin: 18mm 16mm } section { break-inside: avoid }
@media print { body { max-width: none; margin: 0; padding: 0; font-size: 10pt } }
""".strip()


def page(document: str) -> str:
    """The page of a certificate, from its JSON."""
    body = json.loads(document)
    claims: dict[str, Any] = body["certificate"]
    title = f"Certificate of destruction {claims['number']}"
    sections = "\n".join(_section(name, fields, claims) for name, fields in SECTIONS)
    block = "\n".join(wrap(b64encode(document.encode()).decode(), 110))
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>{escape(title)}</title>
<style>
{_STYLE}
</style>
</head>
<body>
<h1>{escape(title)}</h1>
<p class="status">{escape(claims["status"])}</p>
{sections}
<section><h2>SHA-256</h2><p class="digest">{escape(body["digest"])}</p></section>
<section><h2>Entry in the log</h2><pre>{escape(body["entry"])}</pre></section>
<section><h2>Proof of the entry</h2><pre>{escape(body["proof"])}</pre></section>
<section><h2>This certificate, to be verified</h2><pre>
{BEGIN}
{block}
{END}
</pre></section>
</body>
</html>
"""


def document(page: str) -> str:
    """The JSON that stands at the end of a page.

    Raises:
        ValueError: there is none.
    """
    block = page[page.index(BEGIN) + len(BEGIN) : page.index(END)]
    return b64decode("".join(block.split()), validate=True).decode()


def _section(title: str, fields: tuple[str, ...], claims: Mapping[str, Any]) -> str:
    rows = "".join(f"<dt>{escape(name.replace('_', ' '))}</dt><dd>{_shown(claims[name])}</dd>\n" for name in fields)
    return f"<section><h2>{escape(title)}</h2>\n<dl>\n{rows}</dl></section>"


def _shown(value: object) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case list():
            return f"<ul>{''.join(f'<li>{_shown(item)}</li>' for item in value)}</ul>" if value else "none"
        case dict():
            names = [*(name for name in FIRST if name in value), *sorted(value.keys() - set(FIRST))]
            return "; ".join(f"{escape(name)} {_shown(value[name])}" for name in names if value[name] != "")
        case _:
            return escape(str(value))
