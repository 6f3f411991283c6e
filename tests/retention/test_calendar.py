"""The plan as a calendar: days and references that any calendar program reads, and nothing about anybody."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from retention import plan
from retention.calendar import to_icalendar
from retention.orders import Reason
from retention.plan import Planned
from retention.policy import ObjectClass
from tests import story
from tests.story import Stage

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
LINE = Planned(
    review="LT-7", conversation="C-001", position="Health visitor 1", object_class=ObjectClass.RECORDING,
    at=datetime(2026, 9, 2, 12, 30, tzinfo=UTC), reason="backstop after recorded", order=None, waits_for="an order",
    key=UUID(int=7), cause=Reason.BACKSTOP,
)  # fmt: skip


def test_each_line_with_a_day_is_an_event_of_that_day() -> None:
    text = to_icalendar([LINE], "test.example/log", NOON)
    assert text == "\r\n".join(
        [
            "BEGIN:VCALENDAR",
            "VERSION:2.0",
            "PRODID:-//Candour//retention plan//EN",
            "METHOD:PUBLISH",
            "BEGIN:VEVENT",
            "UID:00000000-0000-0000-0000-000000000007@test.example/log",
            "DTSTAMP:20260302T120000Z",
            "DTSTART;VALUE=DATE:20260902",
            "SUMMARY:Destroy C-001: recording",
            "DESCRIPTION:backstop after recorded. Waits for an order.",
            "TRANSP:TRANSPARENT",
            "END:VEVENT",
            "END:VCALENDAR",
            "",
        ]
    )


def test_special_characters_are_escaped_and_long_lines_folded() -> None:
    name = "é" * 30 + ",;\\" + "x" * 80
    text = to_icalendar([replace(LINE, conversation="", review=name)], "l", NOON)
    lines = text.split("\r\n")
    assert all(len(line.encode()) <= 75 for line in lines)
    unfolded = text.replace("\r\n ", "")
    assert "SUMMARY:Destroy " + "é" * 30 + "\\,\\;\\\\" + "x" * 80 + ": recording\r\n" in unfolded


def test_a_home_gives_days_without_people(tmp_path: Path) -> None:
    told = story.at(Stage.SIGNED, tmp_path)
    lines = plan.plan(told.home, told.home.now())
    text = to_icalendar(lines, told.home.signer.origin, told.home.now())
    assert text.count("BEGIN:VEVENT") == sum(line.at is not None for line in lines) == 2
    for secret in (*story.POSITIONS, "Community health", story.SAID):
        assert secret not in text
    assert story.FIRST in text, "the look must see what is there"
