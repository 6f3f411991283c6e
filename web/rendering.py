"""From a template and values to an answer. Everything is escaped; a value that is missing is an error, never an empty place."""

import re
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape
from starlette.responses import HTMLResponse, RedirectResponse

from access.roles import Act
from web.files import STATIC, VENDOR
from web.visit import Visit

HERE: Final = Path(__file__).parent
_COMMAND: Final = re.compile(r"[:,]? ?(?:see |with )?`candour [^`]*`")


def render(visit: Visit, template: str, /, status: int = 200, **values: object) -> HTMLResponse:
    """A page. Templates know `visit`, `Act`, where the files are, and what is given here."""
    return HTMLResponse(_ENVIRONMENT.get_template(template).render(visit=visit, **values), status_code=status)


def see_other(path: str) -> RedirectResponse:
    """The answer to a form that was carried out: look here. Only ever to a path of our own."""
    return RedirectResponse(own_path(path), status_code=303)


def own_path(path: str) -> str:
    """The path when it is one of ours, the first page otherwise: nobody is led to another site."""
    ours = path.startswith("/") and not path.startswith("//") and "\\" not in path and path.isprintable()
    return path if ours else "/"


def when(moment: datetime) -> Markup:
    """A moment in the time of this machine: 2 March 2026, 14:03."""
    local = moment.astimezone()
    return _time(moment.astimezone(UTC).isoformat(), f"{local.day} {local:%B %Y, %H:%M}")


def day(moment: date) -> Markup:
    """The day of a moment: 2 March 2026."""
    local = moment.astimezone() if isinstance(moment, datetime) else moment
    return _time(moment.isoformat(), f"{local.day} {local:%B %Y}")


def _time(iso: str, text: str) -> Markup:
    return Markup('<time datetime="{}">{}</time>').format(iso, text)


def clock(seconds: float) -> str:
    """A stretch of time as a clock shows it: 1:02:03, or 4:05."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def size(count: int) -> str:
    """A number of bytes as people say it: 340 MB."""
    for unit, scale in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if count >= scale:
            return f"{count / scale:.3g} {unit}"
    return f"{count} bytes"


def plural(count: int, one: str, many: str = "") -> str:
    """A number with its noun: 1 turn, 2 turns."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def pair(value: str) -> tuple[str, str]:
    """An option that is called what it is."""
    return value, value


def sentence(text: str) -> str:
    """A message of the program as a sentence on a page: without the step in front, without the command that would help."""
    _, colon, rest = text.partition(": ")
    return plain(rest if colon else text)


def plain(text: str) -> str:
    """What is open, as a sentence on a page: without the command that would do it."""
    said = _COMMAND.sub("", text).strip().rstrip(":;,")
    return f"{said[:1].upper()}{said[1:]}."


def code(text: str) -> Markup:
    """A text in which `...` is code."""
    parts = [
        Markup("<code>{}</code>").format(part) if n % 2 else escape(part) for n, part in enumerate(text.split("`"))
    ]
    return Markup("").join(parts)


def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.filters |= {
        filter.__name__: filter for filter in (when, day, clock, size, plural, pair, sentence, plain, code)
    }
    made.globals |= {"Act": Act, "static": STATIC, "vendor": VENDOR}
    return made


_ENVIRONMENT: Final = _environment()
