"""Frozen values out of a table, such as TOML or a row's JSON: all of a dataclass, and nothing else.

A field is text, a number, a truth value, one of a few words, a tuple of such, or a dataclass again. Behind its type, in
`Annotated`, stand checks, which say what they want of a value that they refuse, and what the field means, in words.
"""

from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields, is_dataclass
from typing import Annotated, Any, Final, Literal, TypeVar, get_args, get_origin, get_type_hints

T = TypeVar("T")

_NAMES: Final[Mapping[type, str]] = {
    str: "text in quotes",
    bool: "true or false",
    int: "a whole number",
    float: "a number",
}


class Misshapen(Exception):
    """What is wrong, and where: the names that lead there, with dots. It never holds the value."""

    def __init__(self, place: str, reason: str) -> None:
        super().__init__(f"{place}: {reason}")
        self.place, self.reason = place, reason


def number(least: float, most: float = float("inf"), *, above: bool = False) -> Callable[[float], str]:
    """A check for a number from `least`, or above it, to `most`."""
    wanted = (
        f"{'more than' if above else 'at least'} {least:g}{f' and at most {most:g}' if most < float('inf') else ''}"
    )
    return lambda value: "" if (value > least if above else value >= least) and value <= most else wanted


def shaped(kind: type[T], table: object, place: str = "") -> T:
    """A value of a dataclass from a table. Raises Misshapen."""
    if not isinstance(table, Mapping):
        raise Misshapen(place, "it must be a table")
    hints = get_type_hints(kind, include_extras=True)
    for name in table:
        if name not in hints:
            raise Misshapen(_at(place, name), "nobody knows this name")
    given = {}
    for field in fields(kind):  # type: ignore[arg-type]
        if field.name in table:
            given[field.name] = _value(hints[field.name], table[field.name], _at(place, field.name))
        elif field.default is MISSING:
            raise Misshapen(_at(place, field.name), "it is missing")
    return kind(**given)


def meaning(hint: Any) -> str:
    """What a field means, as its type says."""
    return next((one for one in get_args(hint)[1:] if isinstance(one, str)), "")


def from_text(hint: Any, text: str) -> object:
    """A value as the text of an environment variable says it; text that is no number stays text, and is refused as that."""
    kind = get_args(hint)[0] if get_origin(hint) is Annotated else hint
    try:
        return kind(text) if kind in (int, float) else text
    except ValueError:
        return text


def _value(hint: Any, value: object, place: str) -> object:
    if get_origin(hint) is Annotated:
        made = _value(get_args(hint)[0], value, place)
        for check in hint.__metadata__:
            if callable(check) and (wanted := check(made)):
                raise Misshapen(place, f"it must be {wanted}")
        return made
    if get_origin(hint) is Literal:
        if value not in get_args(hint):
            raise Misshapen(place, f"it must be one of {', '.join(get_args(hint))}")
        return value
    if get_origin(hint) is tuple:
        if not isinstance(value, (list, tuple)):
            raise Misshapen(place, "it must be a list")
        return tuple(_value(get_args(hint)[0], one, _at(place, str(number))) for number, one in enumerate(value))
    if is_dataclass(hint):
        return shaped(hint, value, place)  # type: ignore[arg-type]
    if hint is float and type(value) is int:
        return float(value)
    if type(value) is not hint:
        raise Misshapen(place, f"it must be {_NAMES[hint]}")
    return value


def _at(place: str, name: str) -> str:
    return f"{place}.{name}" if place else name
