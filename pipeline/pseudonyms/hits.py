"""Why a stretch of text might name somebody, and the value the finders hand on."""

from dataclasses import dataclass
from enum import StrEnum


class Rule(StrEnum):
    """What raised a candidate, the most telling first."""

    NHS = "NHS number"
    INSURANCE = "National Insurance number"
    EMAIL = "e-mail address"
    WEB = "web address"
    PHONE = "telephone number"
    POSTCODE = "postcode"
    DISTRICT = "postcode district"
    VEHICLE = "vehicle registration"
    REFERENCE = "case or reference number"
    BIRTH = "date of birth"
    DATE = "date"
    AGE = "age"
    NUMBER = "long number"
    ADDRESS = "house and street"
    TITLE = "title before it"
    CUE = "announced as a name"
    KNOWN = "known first name"
    SCHOOL = "school"
    PLACE = "place"
    ABBREVIATION = "abbreviation"
    CAPITAL = "capital letter"
    KEYED = "in the name key, here without its capital"


DATE_RULES = (Rule.DATE, Rule.BIRTH)


@dataclass(frozen=True, kw_only=True, slots=True)
class Hit:
    """Half-open character offsets and the rule that found them."""

    start: int
    end: int
    rule: Rule
