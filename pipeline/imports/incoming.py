"""What another program hands over, in one form whatever its own: codes, texts and the stretches coded in them."""

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Code:
    """A code as the other program has it. `key` is its own identifier there, `parent` the key of the one above or None."""

    key: str
    name: str
    parent: str | None = None
    description: str = ""
    colour: str = ""
    codable: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class Mark:
    """A coded stretch of a text, half-open in code points of `Text.text`; `codes` are keys. `at` has a zone or is None."""

    start: int
    end: int
    codes: tuple[str, ...]
    memo: str = field(default="", repr=False)
    coder: str = ""
    at: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Text:
    """One text with line feeds only and no byte-order mark, and what was coded in it."""

    key: str
    text: str = field(repr=False)
    marks: tuple[Mark, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Incoming:
    """A whole project. `dialect` says how its positions count, `lost` what of it Candour has no place for."""

    program: str
    dialect: str
    codes: tuple[Code, ...]
    texts: tuple[Text, ...]
    lost: tuple[str, ...] = ()
