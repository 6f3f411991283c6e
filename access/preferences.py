"""How a person has set up the page of a transcript for themselves: the keys, and how far to go back. Nobody else sees it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from access.people import Person
from storage import models
from storage.errors import BadInput
from storage.home import Home

SETS: Final = ("candour", "otranscribe", "pedals")
LONGEST_REWIND: Final = 5.0
_ACTION: Final = re.compile(r"[a-zA-Z]{1,20}")
_KEY: Final = re.compile(r"\S{1,40}")
_MOST: Final = 60


class BadKeys(BadInput):
    """keys: {what} is not what the page of a transcript sends; nothing was changed, load the page again"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Preferences:
    """A set of keys to begin from, the actions with other keys than in it, and the seconds to go back when play goes on."""

    set: str = "candour"
    own: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    rewind: float = 1.5

    def __post_init__(self) -> None:
        if self.set not in SETS:
            raise BadKeys(what="the set")
        if not 0 <= self.rewind <= LONGEST_REWIND:
            raise BadKeys(what="the time to go back")
        fit = all(_ACTION.fullmatch(action) and all(map(_KEY.fullmatch, keys)) for action, keys in self.own.items())
        if not fit or len(self.own) > _MOST or any(len(keys) > _MOST for keys in self.own.values()):
            raise BadKeys(what="a key")

    def to_json(self) -> dict[str, Any]:
        return {
            "set": self.set,
            "own": {action: list(keys) for action, keys in self.own.items()},
            "rewind": self.rewind,
        }


def chosen(home: Home, person: Person) -> Preferences:
    """What a person has chosen; where they have not, what everybody begins with."""
    with home.reading() as session:
        kept = session.get_one(models.Person, person.id).keys
    if kept is None:
        return Preferences()
    return Preferences(
        set=kept["set"], own={one: tuple(keys) for one, keys in kept["own"].items()}, rewind=kept["rewind"]
    )


def choose(home: Home, person: Person, preferences: Preferences) -> None:
    """Keep what a person has chosen."""
    with home.writing() as session:
        session.get_one(models.Person, person.id).keys = preferences.to_json()
