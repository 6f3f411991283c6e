"""`candour doubts`: what a person must listen to."""

import click

from commands.desk import Desk, with_desk
from commands.turns import NUMBERS
from pipeline.transcription.doubts import REASONS, Doubt, Load, Rule, by_rule, to_hear
from pipeline.transcripts import reviewing
from pipeline.transcripts.transcript import timestamp


@click.group()
def doubts() -> None:
    """Stretches a person must listen to, worst first."""


@doubts.command("list")
@click.argument("reference")
@click.option("--by-rule", "rules", is_flag=True, help="How much there is to hear, a line for each rule.")
@with_desk
def list_doubts(desk: Desk, reference: str, rules: bool) -> None:
    """Show the doubts nobody has resolved: where, why, and the words in question."""
    home = desk.unlock()
    found = reviewing.open_doubts(home, desk.actor, reference)
    turns = reviewing.read(home, desk.actor, reference, machine=True).turns
    if rules:
        loads = {rule: to_hear(turns, some) for rule, some in by_rule(doubt for _, doubt, _ in found).items()}
        desk.table([_of_rule(desk, rule, load) for rule, load in loads.items()], "No doubt is open.")
    else:
        desk.table([_of_doubt(desk, *one) for one in found], "No doubt is open.")
    if found:
        load = to_hear(turns, [doubt for _, doubt, _ in found])
        end = max((turn.end for turn in turns), default=0.0)
        desk.say(
            f"\nThey are {load.words:.0%} of the words. With a second around each, hearing them takes "
            f"{timestamp(load.seconds)} of {timestamp(end)}."
        )


def _of_doubt(desk: Desk, number: int, doubt: Doubt, words: str) -> dict[str, object]:
    row: dict[str, object] = {
        "doubt": number,
        "turn": doubt.turn,
        "at": timestamp(doubt.span.start),
        "why": doubt.reason,
        "words": words,
    }
    more = {"rule": doubt.rule.value, "values": doubt.values, "start": doubt.span.start, "end": doubt.span.end}
    return row | more if desk.as_json else row


def _of_rule(desk: Desk, rule: Rule, load: Load) -> dict[str, object]:
    if desk.as_json:
        return {"rule": rule.value, "doubts": load.doubts, "words": round(load.words, 4), "seconds": load.seconds}
    share, seconds = f"{load.words:.1%}", timestamp(load.seconds)
    return {"why": REASONS[rule], "doubts": load.doubts, "of the words": share, "to hear": seconds}


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
