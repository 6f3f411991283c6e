"""Many entries at once: whether all of them have the one form, and what a verification needs of each. Pure.

A million entries are a matter of seconds here and of half a minute through `Entry.decode`. What is not clear at a glance (a
quote inside a string, an entry above 4096 bytes) is left to that: None means "look at them one by one", never "wrong".
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

# What the form allows beside these is rare and takes the slow way; characters that cannot be printed are refused below
_TEXT = r'"[^"\\\n]{1,512}+"'
_NUMBER = r"(?:0|-?[1-9][0-9]{0,14}+)"
_PAIR = rf'"[a-z][a-z0-9_]{{0,39}}+":(?:"[^"\\\n]{{0,512}}+"|{_NUMBER}|true|false)'
_TIME = r"[0-9]{4}-[0-9]{2}-[0-9]{2}T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]\.[0-9]{6}Z"
# Of the details only those are taken out that have an order: two and more
_ENTRY = re.compile(
    rf'^{{"actor":{_TEXT},(?:"detail":{{(?:{_PAIR}|({_PAIR}(?:,{_PAIR})+))}},)?"event":"([^"\\\n]{{1,512}})",'
    rf'"obj":\[(?:{_TEXT}(?:,{_TEXT})*+)?\],(?:"ref":{_TEXT},)?"seq":(0|[1-9][0-9]{{0,14}}),'
    rf'(?:"sig":{_TEXT},)?"t":"({_TIME})","v":1}}$',
    re.MULTILINE,
)
_KEY = re.compile(r'"([a-z0-9_]+)":|\n')
_PRINTABLE = bytes(range(0x20, 0x7F))
_LONGEST = 4096


@dataclass(frozen=True, kw_only=True, slots=True)
class Scan:
    """Of each entry: the event, the place it says it has, and its time as written, which sorts as text."""

    events: Sequence[str]
    places: Sequence[int]
    times: Sequence[str]


def scan(bodies: Sequence[bytes]) -> Scan | None:
    """What all of these entries say, when each is exactly what `Entry.encode` writes; None when that is not clear."""
    joined = b"\n".join(bodies)
    try:
        text = joined.decode()
    except UnicodeDecodeError:
        return None
    # Left over are line breaks alone, one between each two entries, or what is not ASCII
    left = joined.translate(None, _PRINTABLE)
    if left != b"\n" * (len(bodies) - 1) and not all(map(str.isprintable, text.split("\n"))):
        return None
    found = _ENTRY.findall(text)
    if not len(found) == len(bodies) == text.count("\n") + 1 or max(map(len, bodies)) > _LONGEST:
        return None
    details, events, places, times = zip(*found, strict=True)
    if not _are_sorted("\n".join(filter(None, details))) or not all(map(_is_date, {time[:10] for time in times})):
        return None
    return Scan(events=events, places=tuple(map(int, places)), times=times)


def _are_sorted(details: str) -> bool:
    """Whether the keys of each line stand in ascending order; the empty text between two lines comes before any key."""
    keys = _KEY.findall(details)
    return all(one < other or not other for one, other in pairwise(keys))


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True
