"""Settings: `candour.toml` in the home, then the environment (`CANDOUR_SPEECH__MODEL=…`), then options of a command.

Every setting stands in `configs/candour.toml` with its meaning; a name nobody knows is refused, in the file and in the
environment. Secrets never stand here, only where to find them.
"""

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from msgspec import Meta, Struct, ValidationError, convert
from msgspec.structs import fields

from storage import misshapen
from storage.errors import BadInput

PREFIX = "CANDOUR_"
# Names with our prefix that are not settings: where things are, and who is asking.
NOT_SETTINGS = frozenset({"CANDOUR_HOME", "CANDOUR_PERSON", "CANDOUR_PASSPHRASE_FILE", "CANDOUR_PASSWORD_FILE"})


class BadSetting(BadInput):
    """settings: {place}: {reason}; `configs/candour.toml` lists every setting with its meaning"""


class Database(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the rows are."""

    url: Annotated[str, Meta(description="SQLAlchemy address; empty means candour.db in the home")] = ""


class Log(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who outside keeps watch over the log."""

    witnesses: Annotated[str, Meta(description="who cosigns it, as c2sp.org/tlog-policy; empty means nobody")] = ""


class Speech(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How speech becomes words."""

    model: Annotated[str, Meta(description="name of a model in the home's store; empty means the only one there")] = ""
    speakers: Annotated[
        str,
        Meta(description="name of a speaker model in the home's store; empty means the only one there, if any"),
    ] = ""
    threads: Annotated[int, Meta(ge=0, description="processor threads for recognition; 0 means all")] = 0
    device: Annotated[
        Literal["auto", "cpu", "cuda"],
        Meta(description="where to recognise: a graphics card (cuda) where one works, or the processor (cpu)"),
    ] = "auto"
    window_seconds: Annotated[float, Meta(ge=20, le=600, description="longest window, cut in silence")] = 300.0


class Work(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the worker goes about what is due."""

    poll_seconds: Annotated[float, Meta(gt=0, description="pause between two looks at what is due")] = 5.0
    attempts: Annotated[int, Meta(ge=1, description="runs without progress before a person is asked")] = 3


class Settings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All settings of a home."""

    database: Database = Database()
    log: Log = Log()
    speech: Speech = Speech()
    work: Work = Work()


def each() -> dict[tuple[str, str], str]:
    """What every setting means, by section and name."""
    return {
        (section.name, one.name): one.type.__metadata__[0].description
        for section in fields(Settings)
        for one in fields(section.type)
    }


def load(file: Path, environ: Mapping[str, str] = os.environ) -> Settings:
    """The settings of a home.

    Raises:
        BadSetting: a name is unknown, or a value is not of the expected form.
    """
    try:
        table = tomllib.loads(file.read_text(encoding="utf-8"))
        convert(table, Settings)  # also what the environment goes before must be right
        for (section, name), value in _in_environment(environ).items():
            table.setdefault(section, {})[name] = value
        return convert(table, Settings, strict=False)  # there numbers are text
    except ValidationError as error:
        place, reason = misshapen.told(error, Settings)
        raise BadSetting(place=place, reason=reason) from None
    except tomllib.TOMLDecodeError as error:
        raise BadSetting(place="candour.toml", reason=str(error)) from None
    except UnicodeDecodeError:
        raise BadSetting(place="candour.toml", reason="it is not UTF-8 text") from None
    except UnicodeEncodeError:
        raise BadSetting(place="the environment", reason="it is not UTF-8 text") from None


def _in_environment(environ: Mapping[str, str]) -> dict[tuple[str, str], str]:
    """What the environment says of settings; a misspelt name of ours is refused, not ignored."""
    known = {f"{PREFIX}{section}__{name}".upper(): (section, name) for section, name in each()}
    for name in sorted(environ):
        if name.startswith(PREFIX) and name not in known.keys() | NOT_SETTINGS:
            raise BadSetting(place=f"environment {name}", reason="no such setting")
    return {place: environ[name] for name, place in known.items() if name in environ}
