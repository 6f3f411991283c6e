"""Settings: `candour.toml` in the home, then the environment (`CANDOUR_SPEECH__MODEL=…`), then options of a command.

Every setting stands in `configs/candour.toml` with its meaning; a name nobody knows is refused, in the file and in the
environment. Secrets never stand here, only where to find them.
"""

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from storage.errors import BadInput

PREFIX = "CANDOUR_"
# Names with our prefix that are not settings: where things are, and who is asking.
NOT_SETTINGS = frozenset({"CANDOUR_HOME", "CANDOUR_PERSON", "CANDOUR_PASSPHRASE_FILE", "CANDOUR_PASSWORD_FILE"})


class BadSetting(BadInput):
    """settings: {place}: {reason}; `configs/candour.toml` lists every setting with its meaning"""


class Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Database(Section):
    """Where the rows are."""

    url: str = Field(default="", description="SQLAlchemy address; empty means candour.db in the home")


class Log(Section):
    """Who outside keeps watch over the log."""

    witnesses: str = Field(default="", description="who cosigns it, as c2sp.org/tlog-policy; empty means nobody")


class Speech(Section):
    """How speech becomes words."""

    model: str = Field(default="", description="name of a model in the home's store; empty means the only one there")
    speakers: str = Field(
        default="",
        description="name of a speaker model in the home's store; empty means the only one there, if there is any",
    )
    threads: int = Field(default=0, ge=0, description="processor threads for recognition; 0 means all")
    device: Literal["auto", "cpu", "cuda"] = Field(
        default="auto", description="where to recognise: a graphics card (cuda) where one works, or the processor (cpu)"
    )
    window_seconds: float = Field(default=300.0, ge=20, le=600, description="longest window, cut in silence")


class Work(Section):
    """How the worker goes about what is due."""

    poll_seconds: float = Field(default=5.0, gt=0, description="pause between two looks at what is due")
    attempts: int = Field(default=3, ge=1, description="runs without progress before a person is asked")


class Settings(BaseSettings):
    """All settings of a home."""

    model_config = SettingsConfigDict(
        frozen=True,
        extra="forbid",
        env_prefix=PREFIX,
        env_nested_delimiter="__",
        nested_model_default_partial_update=True,
    )
    _file: ClassVar[Path | None] = None

    database: Database = Database()
    log: Log = Log()
    speech: Speech = Speech()
    work: Work = Work()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, cls._file)


def load(file: Path, environ: Mapping[str, str] = os.environ) -> Settings:
    """The settings of a home.

    Raises:
        BadSetting: a name is unknown, or a value is not of the expected form.
    """
    _refuse_unknown_environment(environ)
    source = type("SettingsOfHome", (Settings,), {"_file": file})
    try:
        settings: Settings = source()
    except ValidationError as error:
        first = error.errors()[0]
        raise BadSetting(place=".".join(map(str, first["loc"])), reason=first["msg"].lower()) from None
    except tomllib.TOMLDecodeError as error:
        raise BadSetting(place="candour.toml", reason=str(error)) from None
    except UnicodeDecodeError:
        raise BadSetting(place="candour.toml", reason="it is not UTF-8 text") from None
    return settings


def _refuse_unknown_environment(environ: Mapping[str, str]) -> None:
    # The library ignores a misspelt environment name without a word.
    known = {
        f"{PREFIX}{section}__{field}".upper()
        for section, info in Settings.model_fields.items()
        if isinstance(info.annotation, type) and issubclass(info.annotation, BaseModel)
        for field in info.annotation.model_fields
    }
    for name in sorted(environ):
        if name.startswith(PREFIX) and name not in known | NOT_SETTINGS:
            raise BadSetting(place=f"environment {name}", reason="no such setting")
