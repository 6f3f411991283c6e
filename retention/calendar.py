"""The plan as a calendar (iCalendar, RFC 5545): days and references, nothing about anybody.

Days are those of this machine's time, as everywhere a person reads one. It may go where the home may not, such as onto a phone:
no position, no agency, no reason of a hold.
"""

from collections.abc import Iterable
from datetime import UTC, datetime

from retention.plan import Planned

_FOLD = 75  # octets, section 3.1
_ESCAPES = str.maketrans({"\\": "\\\\", ";": "\\;", ",": "\\,", "\n": "\\n"})


def to_icalendar(lines: Iterable[Planned], log: str, now: datetime) -> str:
    """Every line of the plan that has a day, as an event of that whole day; `log` is the public name of the home's log."""
    events = [text for line in lines if line.at is not None for text in _event(line, line.at, log, now)]
    head = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Candour//retention plan//EN", "METHOD:PUBLISH"]
    return "".join(f"{part}\r\n" for text in [*head, *events, "END:VCALENDAR"] for part in _folded(text))


def _event(line: Planned, at: datetime, log: str, now: datetime) -> list[str]:
    about = line.conversation or line.review
    waits = f"Waits for {line.waits_for}." if line.waits_for else "Nothing stands in the way."
    return [
        "BEGIN:VEVENT",
        # The same event in every export, so that a calendar replaces what it had.
        f"UID:{_text(f'{line.key}@{log}')}",
        f"DTSTAMP:{now.astimezone(UTC):%Y%m%dT%H%M%SZ}",
        f"DTSTART;VALUE=DATE:{at.astimezone():%Y%m%d}",
        f"SUMMARY:{_text(f'Destroy {about}: {line.object_class.value}')}",
        f"DESCRIPTION:{_text(f'{line.reason}. {waits}')}",
        "TRANSP:TRANSPARENT",
        "END:VEVENT",
    ]


def _text(value: str) -> str:
    return value.translate(_ESCAPES)


def _folded(line: str) -> list[str]:
    parts, part, size = [], "", 0
    for character in line:
        octets = len(character.encode())
        if size + octets > _FOLD:
            parts.append(part)
            part, size = " ", 1
        part, size = part + character, size + octets
    return [*parts, part]
