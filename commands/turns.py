"""Turns on a command line: lists of their numbers, who speaks, and how a turn is shown."""

import click

from pipeline.transcripts.transcript import Speaker, Turn, timestamp

SPEAKERS = click.Choice(
    [Speaker.INTERVIEWER.value, Speaker.PARTICIPANT.value, Speaker.UNKNOWN.value], case_sensitive=False
)


class Numbers(click.ParamType[list[int]]):
    """Numbers and ranges, such as 3 or 1-4,7."""

    name = "numbers"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> list[int]:
        found: set[int] = set()
        try:
            for part in str(value).split(","):
                first, _, last = part.partition("-")
                found |= set(range(int(first), int(last or first) + 1))
        except ValueError:
            self.fail(f"{value} is not a list of numbers such as 1-4,7", param, ctx)
        return sorted(found)


NUMBERS = Numbers()


def speaker_of(text: str | None) -> Speaker | None:
    """The speaker a person named, however it was written."""
    return next((one for one in Speaker if text and one.value.lower() == text.lower()), None)


def turn_data(turn: Turn) -> dict[str, object]:
    return {
        "turn": turn.number,
        "start": turn.start,
        "end": turn.end,
        "speaker": turn.speaker.value,
        "text": turn.text,
    }


def line(number: int, start: float, speaker: Speaker, text: str, mark: str = "") -> str:
    return f"{number:4} {timestamp(start)} {speaker.value:<12}{mark:3}{text}"
