"""Conventions: how a transcript is written. What becomes of hesitation and false starts, of pauses, of people who speak at once
and of what nobody could make out.

A profile is TOML (`configs/conventions/`). It holds nothing of what was said, and is kept with its review and shown with every
transcript that leaves, so that a reader knows what is missing because nobody wrote it.
"""

import hashlib
import re
import tomllib
from typing import Annotated, Any, Final

from msgspec import Meta, Struct, ValidationError, convert
from msgspec.structs import asdict

from pipeline.transcripts.marks import inner
from pipeline.transcripts.transcript import canonical, timestamp
from storage import misshapen
from storage.errors import BadInput

SECONDS: Final = "{seconds}"
TIME: Final = "{time}"


def _fits(pattern: str, wanted: str) -> Meta:
    return Meta(pattern=rf"\A(?:{pattern})\Z", description=wanted)


Name = Annotated[str, _fits(r"[a-z0-9][a-z0-9 .-]{0,39}", "at most 40 small letters, digits, spaces, dots and hyphens")]
Listed = Annotated[str, _fits(r"[^\W_](?:[\w '-]{0,38}\w)?", "words without punctuation, at most 40 characters")]
# A mark stands in brackets, so that nobody takes it for what was said.
_MARK: Final = r"\[[^\[\]()\n]{1,60}\]|\([^\[\]()\n]{1,60}\)"
Mark = Annotated[str, _fits(_MARK, "something in brackets, such as [inaudible]")]
MarkOrNone = Annotated[str, _fits(f"(?:{_MARK})?", 'something in brackets, such as [overlap], or ""')]


class BadConventions(BadInput):
    """conventions: {field}: {reason}; see configs/conventions/intelligent-verbatim.toml for a complete profile"""


class Conventions(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A profile. `pauses` in seconds, 0 where none are written; `overlap` empty where it is not marked.

    `fillers` are the words of hesitation that are left out unless `verbatim`; `doubled` those that may stand twice in a row.
    """

    name: Name
    verbatim: bool
    fillers: tuple[Listed, ...]
    doubled: tuple[Listed, ...]
    pauses: Annotated[float, Meta(ge=0, le=60)]
    pause: Mark
    inaudible: Mark
    overlap: MarkOrNone
    sounds: tuple[Listed, ...]

    @property
    def digest(self) -> str:
        """SHA-256 of the profile, which names it in the log."""
        return hashlib.sha256(canonical(asdict(self))).hexdigest()

    @property
    def summary(self) -> str:
        """The profile in one line, as it stands beside a transcript."""
        pauses = (
            f"pauses of {self.pauses:g} s and more as {self.written_pause(self.pauses)}" if self.pauses else "no pauses"
        )
        return "; ".join(
            [
                f"{self.name}, {'with' if self.verbatim else 'without'} hesitation and false starts",
                pauses,
                f"{self.overlap} where two speak at once" if self.overlap else "overlap not marked",
                f"{self.inaudible.replace(TIME, 'hh:mm:ss')} where nothing could be made out",
            ]
        )

    def written_pause(self, seconds: float) -> str:
        return self.pause.replace(SECONDS, str(round(seconds)))

    def written_inaudible(self, seconds: float) -> str:
        return self.inaudible.replace(TIME, timestamp(seconds))

    def is_pause(self, mark: str) -> bool:
        return _matches(self.pause, mark)

    def knows(self, mark: str) -> bool:
        """Whether something in brackets is one of the marks of this profile."""
        plain = inner(mark).casefold()
        return (
            (self.pauses > 0 and self.is_pause(mark))
            or _matches(self.inaudible, mark)
            or (bool(self.overlap) and mark.casefold() == self.overlap.casefold())
            or (mark.startswith("[") and plain in {sound.casefold() for sound in self.sounds})
        )


def parse(text: str) -> Conventions:
    """A profile from TOML. Raises BadConventions."""
    try:
        return convert(tomllib.loads(text), Conventions)
    except tomllib.TOMLDecodeError as error:
        raise BadConventions(field="the file", reason=str(error)) from None
    except ValidationError as error:
        field, reason = misshapen.told(error, Conventions)
        raise BadConventions(field=field, reason=reason) from None


def to_row(conventions: Conventions) -> dict[str, Any]:
    """What a row holds of a profile."""
    return asdict(conventions)


def from_row(row: dict[str, Any]) -> Conventions:
    return convert(row, Conventions)


def _matches(template: str, mark: str) -> bool:
    pattern = (
        re.escape(template).replace(re.escape(SECONDS), r"\d{1,4}").replace(re.escape(TIME), r"\d\d:[0-5]\d:[0-5]\d")
    )
    return re.fullmatch(pattern, mark, re.IGNORECASE) is not None
