"""Numbers, codes and addresses that identify a person in the United Kingdom, written and read aloud.

Forms and the NHS number's check digit are those published by the NHS Data Dictionary, HM Revenue and Customs (National
Insurance prefixes), Royal Mail (postcodes), DVLA (registrations) and Ofcom (numbering plan, numbers for drama).
"""

import re
from collections.abc import Callable, Iterator

from pipeline.pseudonyms import date_patterns
from pipeline.pseudonyms.hits import Hit, Rule
from pipeline.pseudonyms.word_lists import words

_AREAS = "|".join(sorted((area.upper() for area in words("places", "postcode_areas")), key=len, reverse=True))
_SPOKEN = {
    "zero": "0", "oh": "0", "o": "0", "nought": "0", "nil": "0", "one": "1", "two": "2", "three": "3", "four": "4",
    "five": "5", "six": "6", "seven": "7", "eight": "8", "nine": "9",
}  # fmt: skip
_TIMES = {"double": 2, "treble": 3, "triple": 3}
_DIGIT = "|".join(_SPOKEN)
_SAID = rf"(?:(?:(?:double|treble|triple)[ -])?(?:{_DIGIT}|\d)|hundred|\d+)"

EMAIL = re.compile(
    r"[\w.+'-]+@[\w-]+(?:\.[\w-]+)+"
    r"|\b\w+(?: (?:dot|underscore|dash|hyphen) \w+)* at \w+(?: (?:dot|dash|hyphen) \w+)*"
    r" dot (?:com|uk|org|net|co|eu|ie|info|me)\b",
    re.IGNORECASE,
)
WEB = re.compile(
    r"\b(?:https?://|www\.)[^\s<>]*[^\s<>.,;:!?)]"
    r"|\b[\w-]+(?:\.[\w-]+)*\.(?:com|org|net|(?:co|org|gov|ac|sch|nhs)\.uk)\b"
    r"|(?<!\w)@\w[\w.]*\w",
    re.IGNORECASE,
)
NHS = re.compile(r"(?<![\d+])\d{3}[ -]?\d{3}[ -]?\d{4}(?!\d)")
INSURANCE = re.compile(
    r"\b(?!BG|GB|KN|NK|NT|TN|ZZ)[A-CEGHJ-PR-TW-Z][ ]?[A-CEGHJ-NPR-TW-Z](?:[ -]?\d\d){3}[ -]?[A-D]\b", re.IGNORECASE
)
PHONE = re.compile(r"(?<![\w+])(?:(?:\+|00)\s?44[ -.]?(?:\(0\))?|\(?0)(?:[ ().-]{0,2}\d){9,10}(?!\d)")
_SAID_DIGIT = rf"(?:\d|{_DIGIT})"
POSTCODE = re.compile(
    rf"\b(?:(?:{_AREAS})\d[A-Z\d]?|GIR ?0)[ -]?\d[ABD-HJLNP-UW-Z]{{2}}\b"
    rf"|\b[A-Z](?:[. ]?[A-Z])?[ .-]?{_SAID_DIGIT}(?: ?(?:{_SAID_DIGIT}|[A-Z]))?[ ,-]+{_SAID_DIGIT}[ -]?[A-Z][. ]?[A-Z]\b"
)
_POSTCODE_SMALL = re.compile(rf"\b(?:{_AREAS})\d[a-z\d]? ?\d[abd-hjlnp-uw-z]{{2}}\b", re.IGNORECASE)
DISTRICT = re.compile(rf"\b(?:{_AREAS})\d\d?[A-Z]?\b")
VEHICLE = re.compile(
    r"\b(?:[A-Z]{2}\d{2}[ -]?[A-Z]{3}|[A-HJ-NPR-TV-Y]\d{1,3}[ -]?[A-Z]{3}|[A-Z]{3}[ -]?\d{1,3}[A-HJ-NPR-TV-Y])\b"
    r"|\b(?:registration|number plate|reg)\b(?:\s+\w+){0,2}?\s+((?=\w*\d)[A-Za-z0-9]{2,4}[ -]?[A-Za-z0-9]{3})\b"
)
REFERENCE = re.compile(
    r"\b(?=[\w/-]*[A-Z])(?=(?:[\w/-]*?\d){3})\w+(?:[/-]\w+)*\b"
    r"|\b(?:case|reference|ref|crime|file|account|hospital|incident|log|policy|UPN|URN|URL|passport|licence|badge|collar|warrant"
    r"|[WD]?PC|D[CSI]|PCSO)"
    r"(?: (?:number|no\.?|reference|ref))?(?: (?:is|was))?:? #?((?=\w*\d)\w+(?:[/-]\w+)*)"
)
ADDRESS = re.compile(
    r"\b(?:(?:[Ff]lat|[Nn]umber) )?\d{1,4}[A-Za-z]?,? (?:[A-Z][\w'’-]+ ){1,3}"
    r"(?:Street|St|Road|Rd|Avenue|Ave|Lane|Drive|Close|Crescent|Way|Terrace|Gardens|Court|House|Square|Hill|Green|Park"
    r"|Place|Grove|Mews|Walk|Row|Rise|View|Parade)\b"
)
NUMBER = re.compile(r"(?<![\w£$€.,])\d(?:[ -]?\d){5,}(?![\w%])|(?<![\w£$€.,])\d{5,}(?![\w%])")
SPOKEN_NUMBER = re.compile(rf"\b{_SAID}(?:[ ,.-]+{_SAID})+\b", re.IGNORECASE)
_SHORTEST_SPOKEN = 6
_PHONE_DIGITS = (10, 11)
_NHS_DIGITS = 10


def is_nhs_number(digits: str) -> bool:
    """Whether ten digits carry the right check digit: weights 10 to 2, modulus 11, 11 counts as 0, 10 is never issued."""
    if len(digits) != _NHS_DIGITS or not digits.isascii() or not digits.isdigit():
        return False
    total = sum(int(digit) * weight for digit, weight in zip(digits, range(10, 1, -1), strict=False))
    return (11 - total % 11) % 11 == int(digits[-1])


def spoken_digits(text: str) -> str:
    """The digits in a number read aloud: "oh double seven, nine hundred" is 0077900."""
    digits, times = "", 1
    for word in re.findall(r"[a-z]+|\d+", text.casefold()):
        if word in _TIMES:
            times = _TIMES[word]
            continue
        digits += "00" if word == "hundred" else _SPOKEN.get(word, word) * times
        times = 1
    return digits


def _nhs(match: re.Match[str]) -> Rule | None:
    return Rule.NHS if is_nhs_number("".join(filter(str.isdigit, match.group()))) else None


def _spoken(match: re.Match[str]) -> Rule | None:
    digits = spoken_digits(match.group())
    if len(digits) < _SHORTEST_SPOKEN:
        return None
    if digits.startswith(("0", "44")) and len(digits.removeprefix("44")) in _PHONE_DIGITS:
        return Rule.PHONE
    return Rule.NHS if is_nhs_number(digits) else Rule.NUMBER


def _always(rule: Rule) -> Callable[[re.Match[str]], Rule | None]:
    return lambda _: rule


_FINDERS = (
    (EMAIL, _always(Rule.EMAIL)), (WEB, _always(Rule.WEB)), (NHS, _nhs), (INSURANCE, _always(Rule.INSURANCE)),
    (PHONE, _always(Rule.PHONE)), (POSTCODE, _always(Rule.POSTCODE)), (_POSTCODE_SMALL, _always(Rule.POSTCODE)),
    (DISTRICT, _always(Rule.DISTRICT)), (VEHICLE, _always(Rule.VEHICLE)), (REFERENCE, _always(Rule.REFERENCE)),
    (ADDRESS, _always(Rule.ADDRESS)), (NUMBER, _always(Rule.NUMBER)), (SPOKEN_NUMBER, _spoken),
)  # fmt: skip


def find(text: str) -> tuple[Hit, ...]:
    """What the patterns find, in order, none overlapping: the longest is kept, of equals the more telling rule."""
    hits = [*date_patterns.find(text), *_all(text)]
    rank = list(Rule)
    hits.sort(key=lambda hit: (hit.start - hit.end, rank.index(hit.rule)))
    kept: list[Hit] = []
    for hit in hits:
        if all(hit.end <= other.start or other.end <= hit.start for other in kept):
            kept.append(hit)
    return tuple(sorted(kept, key=lambda hit: hit.start))


def _all(text: str) -> Iterator[Hit]:
    for pattern, rule_of in _FINDERS:
        for match in pattern.finditer(text):
            rule = rule_of(match)
            if rule is not None:
                start, end = match.span(match.lastindex or 0)
                yield Hit(start=start, end=end, rule=rule)
