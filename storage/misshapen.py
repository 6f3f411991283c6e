"""What is wrong with a table that is not of the form of a `msgspec.Struct`, in plain words.

msgspec says where; what is wanted there is told from the type of that place, so that no value is ever repeated.
"""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal, get_args, get_origin

from msgspec import Struct, ValidationError
from msgspec.structs import fields

_FAULT: Final = re.compile(r"(?:Object (contains|missing) \w+ field `(.*?)`|.*?)(?: - at `\$([^`]*)`)?", re.DOTALL)
_NAMES: Final[Mapping[Any, str]] = {
    str: "text in quotes",
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    tuple: "a list",
}


def told(error: ValidationError, kind: type[Struct]) -> tuple[str, str]:
    """The place in the table for a value of this kind, as the names that lead there, with dots, and what is wrong there."""
    fault, name, path = _FAULT.fullmatch(str(error)).groups()  # type: ignore[union-attr]  # it matches every text
    place: list[str] = re.findall(r"\w+", path or "")
    if fault:
        return ".".join([*place, name]), "nobody knows this name" if fault == "contains" else "it is missing"
    hint: Any = kind
    for step in place:
        hint = get_args(hint)[0] if step.isdigit() else next(one.type for one in fields(hint) if one.name == step)
    return ".".join(place), f"it must be {_wanted(hint)}"


def _wanted(hint: Any) -> str:
    if get_origin(hint) is not Annotated:
        return _NAMES.get(get_origin(hint) or hint, "a table")
    kind, meta = get_args(hint)
    if get_origin(kind) is Literal:
        return f"one of {', '.join(get_args(kind))}"
    if meta.pattern:
        return str(meta.description)
    bounds = {"at least": meta.ge, "more than": meta.gt, "at most": meta.le}
    return ", ".join([_NAMES[kind], *(f"{words} {bound:g}" for words, bound in bounds.items() if bound is not None)])
