"""Settings: `candour.toml` in the home, then the environment (`CANDOUR_SPEECH__MODEL=…`), then options of a command.

Every setting stands in `configs/candour.toml` with its meaning; a name nobody knows is refused, in the file and in the
environment. Secrets never stand here, only where to find them.
"""

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Annotated, Any, Literal, get_type_hints

from storage.errors import BadInput
from storage.shaped import Misshapen, from_text, number, shaped

PREFIX = "CANDOUR_"
# Names with our prefix that are not settings: where things are, and who is asking.
NOT_SETTINGS = frozenset({"CANDOUR_HOME", "CANDOUR_PERSON", "CANDOUR_PASSPHRASE_FILE", "CANDOUR_PASSWORD_FILE"})


class BadSetting(BadInput):
    """settings: {place}: {reason}; `configs/candour.toml` lists every setting with its meaning"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Database:
    """Where the rows are."""

    url: Annotated[str, "SQLAlchemy address; empty means candour.db in the home"] = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Log:
    """Who outside keeps watch over the log."""

    witnesses: Annotated[str, "who cosigns it, as c2sp.org/tlog-policy; empty means nobody"] = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Speech:
    """How speech becomes words."""

    model: Annotated[str, "name of a model in the home's store; empty means the only one there"] = ""
    speakers: Annotated[
        str, "name of a speaker model in the home's store; empty means the only one there, if there is any"
    ] = ""
    threads: Annotated[int, number(0), "processor threads for recognition; 0 means all"] = 0
    device: Annotated[
        Literal["auto", "cpu", "cuda"],
        "where to recognise: a graphics card (cuda) where one works, or the processor (cpu)",
    ] = "auto"
    window_seconds: Annotated[float, number(20, 600), "longest window, cut in silence"] = 300.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Work:
    """How the worker goes about what is due."""

    poll_seconds: Annotated[float, number(0, above=True), "pause between two looks at what is due"] = 5.0
    attempts: Annotated[int, number(1), "runs without progress before a person is asked"] = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """All settings of a home."""

    database: Database = Database()
    log: Log = Log()
    speech: Speech = Speech()
    work: Work = Work()


def each() -> dict[tuple[str, str], Any]:
    """The type of every setting, with its checks and its meaning, by section and name."""
    return {
        (section.name, name): hint
        for section in fields(Settings)
        for name, hint in get_type_hints(section.default.__class__, include_extras=True).items()
    }


def load(file: Path, environ: Mapping[str, str] = os.environ) -> Settings:
    """The settings of a home.

    Raises:
        BadSetting: a name is unknown, or a value is not of the expected form.
    """
    try:
        table = tomllib.loads(file.read_text(encoding="utf-8"))
        shaped(Settings, table)  # also what the environment goes before must be right
        for (section, name), value in _in_environment(environ).items():
            table.setdefault(section, {})[name] = value
        return shaped(Settings, table)
    except Misshapen as error:
        raise BadSetting(place=error.place, reason=error.reason) from None
    except tomllib.TOMLDecodeError as error:
        raise BadSetting(place="candour.toml", reason=str(error)) from None
    except UnicodeDecodeError:
        raise BadSetting(place="candour.toml", reason="it is not UTF-8 text") from None


def _in_environment(environ: Mapping[str, str]) -> dict[tuple[str, str], object]:
    """What the environment says of settings; a misspelt name of ours is refused, not ignored."""
    hints = each()
    known = {f"{PREFIX}{section}__{name}".upper(): (section, name) for section, name in hints}
    for name in sorted(environ):
        if name.startswith(PREFIX) and name not in known.keys() | NOT_SETTINGS:
            raise BadSetting(place=f"environment {name}", reason="no such setting")
    return {place: from_text(hints[place], environ[name]) for name, place in known.items() if name in environ}
