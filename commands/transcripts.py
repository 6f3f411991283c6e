"""`candour transcript` and `candour doubts`: a person reviews what the machine heard."""

import os
import stat
import sys

import click

from commands.desk import Desk, with_desk
from pipeline.pseudonyms import naming
from pipeline.recording.listening import NothingThere, sound
from pipeline.transcription.doubts import share
from pipeline.transcripts import editing, reviewing
from pipeline.transcripts.transcript import Span, Speaker, Turn, timestamp
from storage.errors import Refused

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


@click.group()
def transcript() -> None:
    """What was said: read it, correct it, mark what you have heard."""


def turn_data(turn: Turn) -> dict[str, object]:
    return {
        "turn": turn.number,
        "start": turn.start,
        "end": turn.end,
        "speaker": turn.speaker.value,
        "text": turn.text,
    }


def line(number: int, start: float, speaker: Speaker, text: str, mark: str = "") -> str:
    return f"{number:4} {timestamp(start)} {speaker.value:<12}{mark:2}{text}"


@transcript.command()
@click.argument("reference")
@click.option("--turns", type=NUMBERS, help="Only these turns, such as 1-4,7.")
@click.option("--machine", is_flag=True, help="What the machine heard, without corrections.")
@click.option("--pseudonyms", is_flag=True, help="With the name key applied.")
@with_desk
def show(desk: Desk, reference: str, turns: list[int] | None, machine: bool, pseudonyms: bool) -> None:
    """Print a transcript: turn, time, speaker, words. A turn marked * was corrected, one marked - not yet heard."""
    home = desk.unlock()
    if pseudonyms:
        document = naming.preview(home, desk.actor, reference)
        shown = [p for p in document.passages if turns is None or p.turn in turns]
        data = [
            {"turn": p.turn, "start": p.start, "end": p.end, "speaker": p.speaker.value, "text": p.text} for p in shown
        ]
        desk.result(data, "\n".join(line(p.turn, p.start, p.speaker, p.text) for p in shown))
        return
    found = reviewing.read(home, desk.actor, reference, machine=machine)
    picked = [turn for turn in found.turns if turns is None or turn.number in turns]
    marks = {
        t.number: "*" if t.number in found.corrected and not machine else "" if t.number in found.heard else "-"
        for t in picked
    }
    desk.result(
        [turn_data(turn) | {"heard": turn.number in found.heard} for turn in picked],
        "\n".join(line(turn.number, turn.start, turn.speaker, turn.text, marks[turn.number]) for turn in picked),
    )


@transcript.command()
@click.argument("reference")
@click.option("--turns", type=NUMBERS, help="Turns to correct, such as 3 or 1-4,7.")
@click.option(
    "--text",
    help="The whole text of the turn as it should be; - asks for it, so that it stays out of the shell's history.",
)
@click.option("--speaker", type=SPEAKERS, help="Who is speaking.")
@click.option("--undo", is_flag=True, help="Take the newest correction back.")
@with_desk
def correct(
    desk: Desk, reference: str, turns: list[int] | None, text: str | None, speaker: str | None, undo: bool
) -> None:
    """Correct turns. The machine's draft stays as it is; every correction is kept with who and when."""
    home = desk.unlock()
    if undo:
        saved = editing.undo(home, desk.actor, reference)
        turns = sorted(saved.turns)
        desk.result({"undone": turns}, f"Took back your newest correction, on turn {', '.join(map(str, turns))}.")
        return
    if not turns or (text is None and speaker is None):
        raise click.UsageError("Say which --turns, and --text or --speaker.")
    if text is not None and len(turns) > 1:
        raise click.UsageError("A --text is for one turn.")
    if text == "-":
        text = click.prompt(f"Turn {turns[0]}", err=True)
    who = Speaker(next(s for s in Speaker if s.value.lower() == speaker.lower())) if speaker else None
    changed = reviewing.correct(home, desk.actor, reference, turns, text=text, speaker=who)
    desk.result(
        [turn_data(turn) for turn in changed],
        "\n".join(line(t.number, t.start, t.speaker, t.text, "*") for t in changed),
    )


@transcript.command()
@click.argument("reference")
@click.option("--turns", type=NUMBERS, help="Turns you have listened to, such as 1-4,7.")
@click.option("--all", "every", is_flag=True, help="You have listened to all of it.")
@click.option("--waive", help="Reason for not listening to these turns.")
@click.option("--damage", is_flag=True, help="You know of the damaged stretches.")
@with_desk
def check(desk: Desk, reference: str, turns: list[int] | None, every: bool, waive: str | None, damage: bool) -> None:
    """Say what you have listened to. All speech must be heard, or waived with a reason, before sign-off."""
    home = desk.unlock()
    if damage:
        count = reviewing.acknowledge_damage(home, desk.actor, reference)
        desk.result({"acknowledged": count}, f"Acknowledged {count} damaged stretches.")
        return
    if not turns and not every:
        raise click.UsageError("Say which --turns, --all, or --damage.")
    if waive is None:
        new = reviewing.hear(home, desk.actor, reference, turns or [])
    else:
        new = reviewing.waive(home, desk.actor, reference, turns or [], waive)
    desk.result({"new": new}, f"Marked {new} more turns as {'waived' if waive else 'heard'}.")


class NotToAPlayer(Refused):
    """listen: sound goes to a player through a pipe only, never to a file or a screen: candour transcript listen ... | aplay"""


@transcript.command()
@click.argument("reference")
@click.option("--turn", type=int, help="Listen to this turn.")
@click.option("--doubt", type=int, help="Listen to this doubt, with two seconds around it.")
@click.option("--from", "start", type=float, help="Listen from here, in seconds; with --to.")
@click.option("--to", "end", type=float, help="Listen up to here, in seconds.")
@with_desk
def listen(
    desk: Desk, reference: str, turn: int | None, doubt: int | None, start: float | None, end: float | None
) -> None:
    """Send a stretch of the sealed recording to a player: candour transcript listen C-001 --turn 3 | aplay

    It is decoded in memory and written as WAV to a pipe. This refuses to write it to a file or a screen.
    """
    if not stat.S_ISFIFO(os.fstat(sys.stdout.fileno()).st_mode):
        raise NotToAPlayer
    home = desk.unlock()
    actor = desk.actor
    if turn is not None:
        found = reviewing.read(home, actor, reference).turns
        picked = next((Span(start=one.start, end=one.end) for one in found if one.number == turn), None)
    elif doubt is not None:
        spans = {number: one.span for number, one, _ in reviewing.open_doubts(home, actor, reference)}
        near = spans.get(doubt)
        picked = Span(start=max(0.0, near.start - 2), end=near.end + 2) if near else None
    elif start is not None and end is not None:
        picked = Span(start=start, end=end)
    else:
        raise click.UsageError("Say which --turn, which --doubt, or --from and --to.")
    if picked is None:
        raise NothingThere(reference=reference)
    sys.stdout.buffer.write(sound(home, actor, reference, picked))


@transcript.command()
@click.argument("reference")
@click.option("--swap", is_flag=True, help="Exchange Interviewer and Participant everywhere.")
@with_desk
def speakers(desk: Desk, reference: str, swap: bool) -> None:
    """Show how the turns are shared out, or exchange the two speakers everywhere."""
    home = desk.unlock()
    if swap:
        editing.swap(home, desk.actor, reference)
    found = reviewing.read(home, desk.actor, reference)
    rows = [
        {
            "speaker": speaker.value,
            "turns": len(own := [turn for turn in found.turns if turn.speaker is speaker]),
            "words": sum(len(turn.words) for turn in own),
        }
        for speaker in Speaker
    ]
    desk.table(rows, "")


@click.group()
def doubts() -> None:
    """Stretches a person must listen to, worst first."""


@doubts.command("list")
@click.argument("reference")
@with_desk
def list_doubts(desk: Desk, reference: str) -> None:
    """Show the doubts nobody has resolved: where, why, and the words in question."""
    home = desk.unlock()
    found = reviewing.open_doubts(home, desk.actor, reference)
    rows = [
        {
            "doubt": number,
            "turn": doubt.turn,
            "at": timestamp(doubt.span.start),
            "why": doubt.reason,
            "words": words,
            **({"values": doubt.values, "start": doubt.span.start, "end": doubt.span.end} if desk.as_json else {}),
        }
        for number, doubt, words in found
    ]
    desk.table(rows, "No doubt is open.")
    if found:
        part = share(reviewing.read(home, desk.actor, reference, machine=True).turns, [doubt for _, doubt, _ in found])
        desk.say(f"\nHearing these is hearing {part:.0%} of the words.")


@doubts.command()
@click.argument("reference")
@click.option("--numbers", type=NUMBERS, help="Doubts you have listened to, such as 1-4,7.")
@click.option("--all", "every", is_flag=True, help="You have listened to every one.")
@with_desk
def resolve(desk: Desk, reference: str, numbers: list[int] | None, every: bool) -> None:
    """Resolve doubts you have listened to; correct the transcript first where it was wrong."""
    if not numbers and not every:
        raise click.UsageError("Say which --numbers, or --all.")
    left = reviewing.resolve(desk.unlock(), desk.actor, reference, numbers or [])
    desk.result({"left": left}, f"Resolved. {left} left." if left else "Resolved. None left.")
