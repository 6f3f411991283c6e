"""Reading a date as it was said or written, and saying another in its place: shifted by whole weeks, or as a time from one day.

Whole weeks keep the weekday and the distance between any two dates. Which dates there are in a text, `date_patterns` finds.
"""

import re
from calendar import isleap
from dataclasses import dataclass
from datetime import date, timedelta


def _numbered(words: str, first: int = 1) -> dict[str, int]:
    return {word: number for number, word in enumerate(words.split(), first)}


_MONTHS = _numbered("january february march april may june july august september october november december")
_MONTH = _MONTHS | {month[:3]: number for month, number in _MONTHS.items()} | {"sept": 9}
_WEEKDAYS = _numbered("monday tuesday wednesday thursday friday saturday sunday")
_TO_NINETEEN = _numbered(
    "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen"
)
_TENS = {
    word: 10 * number for word, number in _numbered("twenty thirty forty fifty sixty seventy eighty ninety", 2).items()
}
_NTH = {"thirtieth": 30} | _numbered(
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth fifteenth "
    "sixteenth seventeenth eighteenth nineteenth twentieth"
)
_FEASTS = {
    "christmas day": (12, 25), "christmas eve": (12, 24), "boxing day": (12, 26), "new year's day": (1, 1),
    "new years day": (1, 1), "new year's eve": (12, 31), "new years eve": (12, 31), "bonfire night": (11, 5),
    "halloween": (10, 31), "hallowe'en": (10, 31),
}  # fmt: skip
_TOKEN = re.compile(r"'\d\d|[a-z]+|\d+")
_WRITTEN = re.compile(r"(\d{4})-(\d\d?)-(\d\d?)|(\d\d?) ?[/.-] ?(\d\d?) ?[/.-] ?(\d{2}|\d{4})")
_SILENT = {"the", "of", "day", "st", "nd", "rd", "th", "and", "in"}
_THIS_CENTURY = 50  # '49 is 2049, '50 is 1950
_ANY_YEAR, _ANY_LEAP_YEAR = 2001, 2000
_DAYS_SAID, _WEEKS_SAID = 14, 104


@dataclass(frozen=True, kw_only=True, slots=True)
class Said:
    """A date as far as it was said: the year, or the day of the month, may be missing."""

    year: int | None
    month: int
    day: int | None
    weekday: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Shift:
    """All dates of a review are said so many weeks later, or earlier."""

    weeks: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Relative:
    """All dates of a review are said as a time before or after one day, which is called what people know it by."""

    origin: date
    called: str


Dates = Shift | Relative


def instead(text: str, dates: Dates) -> str | None:
    """What to say instead of a date, or None where the text does not say enough for that."""
    said = read(text)
    if said is None:
        return None
    try:
        return _shifted(said, dates.weeks) if isinstance(dates, Shift) else _relative(said, dates)
    except (ValueError, OverflowError):  # 31 June
        return None


def read(text: str) -> Said | None:
    """The date in a stretch that `date_patterns` found; None for "the 14th", Easter, and whatever has no month."""
    plain = text.casefold().replace("’", "'")
    if written := _WRITTEN.fullmatch(plain.strip()):
        return _numbers(written)
    for feast, (month, day) in _FEASTS.items():
        if plain.startswith(feast):
            return Said(year=_year(_TOKEN.findall(plain.removeprefix(feast))), month=month, day=day)
    tokens = [token for token in _TOKEN.findall(plain) if token not in _SILENT]
    weekday = next((token for token in tokens if token in _WEEKDAYS), "")
    return _words([token for token in tokens if token != weekday], weekday.capitalize())


def _numbers(written: re.Match[str]) -> Said | None:
    year, month, day = (written[1], written[2], written[3]) if written[1] else (written[6], written[5], written[4])
    if not 1 <= int(month) <= 12:
        return None
    return Said(year=_year([year]), month=int(month), day=int(day))


def _words(tokens: list[str], weekday: str) -> Said | None:
    at = next((at for at, token in enumerate(tokens) if token in _MONTH), None)
    if at is None:
        # "the third of the sixth"
        day, rest = _day(tokens)
        month, rest = _day(rest)
        known = day is not None and month is not None and month <= 12
        return Said(year=_year(rest), month=month, day=day, weekday=weekday) if known and month else None
    month = _MONTH[tokens[at]]
    if at:
        day, rest = _day(tokens[:at])
        return (
            None if day is None or rest else Said(year=_year(tokens[at + 1 :]), month=month, day=day, weekday=weekday)
        )
    day, rest = _day(tokens[1:])
    year = _year(rest)
    return None if day is None and year is None else Said(year=year, month=month, day=day, weekday=weekday)


def _day(tokens: list[str]) -> tuple[int | None, list[str]]:
    """The day of the month at the beginning, and the tokens after it; a year is none."""
    first, second = (*tokens, "", "")[:2]
    if first.isdecimal() and len(first) <= 2 and 1 <= int(first) <= 31:
        return int(first), tokens[1:]
    if first in _TENS and _NTH.get(second, 10) < 10:
        return _TENS[first] + _NTH[second], tokens[2:]
    return (_NTH[first], tokens[1:]) if first in _NTH else (None, tokens)


def _year(tokens: list[str]) -> int | None:
    if not tokens:
        return None
    first = tokens[0].removeprefix("'")
    if first.isdecimal():
        return int(first) if len(first) == 4 else int(first) + (2000 if int(first) < _THIS_CENTURY else 1900)
    if tokens[:2] == ["two", "thousand"]:
        return 2000 + _count(tokens[2:])
    century = {"nineteen": 1900, "twenty": 2000}.get(first)
    rest = tokens[2:] if tokens[1:2] == ["hundred"] else tokens[1:]
    return None if century is None or len(tokens) == 1 else century + _count(rest)


def _count(tokens: list[str]) -> int:
    return sum(_TENS.get(token, _TO_NINETEEN.get(token, 0)) for token in tokens)


def _shifted(said: Said, weeks: int) -> str:
    year = said.year or (_ANY_LEAP_YEAR if (said.month, said.day) == (2, 29) else _ANY_YEAR)
    other = date(year, said.month, said.day or 15) + timedelta(weeks=weeks)
    parts = (said.weekday, str(other.day) if said.day else "", f"{other:%B}")
    return " ".join(part for part in (*parts, str(other.year) if said.year else "") if part)


def _relative(said: Said, dates: Relative) -> str:
    if said.day is None:
        assert said.year is not None
        months = 12 * (said.year - dates.origin.year) + said.month - dates.origin.month
        return _apart(abs(months), "month", months, dates.called) if months else f"the month of {dates.called}"
    days = (_nearest(said, dates.origin) - dates.origin).days
    if days == 0:
        return f"the day of {dates.called}"
    if abs(days) < _DAYS_SAID:
        return _apart(abs(days), "day", days, dates.called)
    weeks = round(abs(days) / 7)
    if weeks < _WEEKS_SAID:
        return _apart(weeks, "week", days, dates.called)
    return _apart(abs(days) * 4 // 1461, "year", days, dates.called)


def _nearest(said: Said, origin: date) -> date:
    """The date; without a year, the one of its kind that lies nearest to the origin."""
    assert said.day is not None
    if said.year is not None:
        return date(said.year, said.month, said.day)
    years = (
        year for year in range(origin.year - 4, origin.year + 5) if (said.month, said.day) != (2, 29) or isleap(year)
    )
    return min((date(year, said.month, said.day) for year in years), key=lambda one: abs(one - origin))


def _apart(count: int, what: str, direction: int, called: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'} {'after' if direction > 0 else 'before'} {called}"
