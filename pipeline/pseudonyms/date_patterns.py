"""Dates and ages, written and spoken: "3 June 2021", "the third of March twenty nineteen", "aged seven", "Year 6"."""

import re
from collections.abc import Iterator

from pipeline.pseudonyms.hits import Hit, Rule

_MONTH = (
    "(?:january|february|march|april|may|june|july|august|september|october|november|december"
    "|jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec)"
)
_ONES = "one|two|three|four|five|six|seven|eight|nine"
_TEENS = "ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen"
_TO_99 = rf"(?:(?:twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)(?:[ -](?:{_ONES}))?|{_TEENS}|{_ONES})"
_NTH_TO_12 = "(?:first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|eleventh|twelfth)"
_NTH = (
    rf"(?:(?:twenty|thirty)[ -](?:first|second|third|fourth|fifth|sixth|seventh|eighth|ninth)|{_NTH_TO_12}|thirteenth"
    "|fourteenth|fifteenth|sixteenth|seventeenth|eighteenth|nineteenth|twentieth|thirtieth)"
)
_DAY = rf"(?:[0-3]?\d(?:st|nd|rd|th)?|{_NTH})"
_SPOKEN_YEAR = (
    rf"(?:(?:nineteen|twenty)[ -](?:hundred(?: and)? )?(?:(?:oh|o)[ -](?:{_ONES})|{_TO_99})"
    rf"|two thousand(?:(?: and)? {_TO_99})?)"
)
_YEAR = rf"(?:(?:19|20)\d\d|['’]\d\d|{_SPOKEN_YEAR})"
_WEEKDAY = "(?:(?:mon|tues|wednes|thurs|fri|satur|sun)day)"
_FEAST = (
    "(?:christmas (?:day|eve)|boxing day|new year['’]?s (?:day|eve)|good friday|easter (?:sunday|monday)|bonfire night"
    "|hallowe['’]?en)"
)
_WEEKDAY_FIRST = rf"(?:{_WEEKDAY},? )?"
# The most telling form first: at one place the first that fits wins.
_FORMS = (
    rf"{_WEEKDAY_FIRST}(?:the )?{_DAY} (?:of |day of )?{_MONTH}\b(?:\.?,? {_YEAR})?",
    rf"{_WEEKDAY_FIRST}{_MONTH}\.? (?:the )?{_DAY}\b(?:,? {_YEAR})?",
    rf"{_MONTH}\.?,? (?:of )?{_YEAR}",
    r"\d{4}-\d\d?-\d\d?",
    r"\d\d? ?[/.-] ?\d\d? ?[/.-] ?(?:\d\d){1,2}",
    rf"(?:the )?{_DAY} of the (?:[01]?\d(?:st|nd|rd|th)|{_NTH_TO_12})(?:,? (?:of )?{_YEAR})?",
    rf"{_WEEKDAY},? the {_DAY}",
    r"(?<=\bon )the [0-3]?\d(?:st|nd|rd|th)",
    rf"{_FEAST}(?:,? {_YEAR})?",
)
_DATES = re.compile(rf"\b(?:{'|'.join(_FORMS)})(?!\w)", re.IGNORECASE)
_BIRTH = re.compile(
    r"\b(?:date of birth|d\.?\s?o\.?\s?b\.?|birth ?(?:date|day)|born)\b\W*(?:\w+\W+){0,3}$", re.IGNORECASE
)
_BIRTH_YEAR = re.compile(rf"\bborn\s+(?:back\s+)?in\s+({_YEAR})\b", re.IGNORECASE)
_BEFORE = 40
_NUMBER = rf"(?:\d{{1,2}}|{_TO_99})"
_AGES = re.compile(
    rf"""\b(?:
      {_NUMBER}(?:\s+and\s+a\s+half)?[ -](?:years?|yrs?|months?|weeks?|days?)[ -](?:old\b|of\s+age\b)
    | (?:aged|age(?:\s+of)?|turned|turning)\s+{_NUMBER}\b(?:\s+(?:years|months|weeks|days)\b)?
    | year\s+(?:1[0-3]|[1-9]|{_ONES}|{_TEENS})\b(?!\s+(?:years?|months?|weeks?|days?)\b)
    )""",
    re.IGNORECASE | re.VERBOSE,
)
_VERB = re.compile(r"(?:^|[a-z] )(?:may|march|mar)\b(?<! of may)(?<! of march)(?<! of mar)")  # "the first may be late"


def find(text: str) -> Iterator[Hit]:
    """Dates, dates of birth and ages in the text, in any order."""
    for match in _DATES.finditer(text):
        if _VERB.search(match.group()):
            continue
        birth = _BIRTH.search(text, max(0, match.start() - _BEFORE), match.start())
        yield Hit(start=match.start(), end=match.end(), rule=Rule.BIRTH if birth else Rule.DATE)
    for match in _BIRTH_YEAR.finditer(text):
        yield Hit(start=match.start(1), end=match.end(1), rule=Rule.BIRTH)
    for match in _AGES.finditer(text):
        yield Hit(start=match.start(), end=match.end(), rule=Rule.AGE)
