"""`candour transcript`: a person reviews what the machine heard."""

import os
import stat
import sys
from collections.abc import Collection, Iterator

import click

from commands.conventions import departures
from commands.corrections import correct, mend, merge, note, redo, replace, split, undo
from commands.desk import Desk, with_desk
from commands.turns import NUMBERS, line, turn_data
from commands.written import import_transcript
from pipeline.pseudonyms import naming
from pipeline.recording.listening import sound
from pipeline.recording.looking import NothingThere
from pipeline.transcription.doubts import AROUND
from pipeline.transcripts import agreeing, editing, measuring, reviewing
from pipeline.transcripts.standing import Standing
from pipeline.transcripts.transcript import Span, Speaker
from storage.errors import Refused


@click.group()
def transcript() -> None:
    """What was said: read it, correct it, mark what you have heard."""


for _command in (correct, split, merge, replace, mend, undo, redo, note, import_transcript, departures):
    transcript.add_command(_command)


@transcript.command()
@click.argument("reference")
@click.option("--turns", type=NUMBERS, help="Only these turns, such as 1-4,7.")
@click.option("--machine", is_flag=True, help="What the machine heard, without corrections.")
@click.option("--pseudonyms", is_flag=True, help="With the name key applied.")
@with_desk
def show(desk: Desk, reference: str, turns: list[int] | None, machine: bool, pseudonyms: bool) -> None:
    """Print a transcript: turn, time, speaker, words. Marks: * corrected, + checked, - not yet heard; notes stand below."""
    home = desk.unlock()
    chosen = agreeing.read(home, reference)
    head = [f"Written as: {chosen.summary}.", ""] if chosen else []
    if pseudonyms:
        document = naming.preview(home, desk.actor, reference)
        shown = [p for p in document.passages if turns is None or p.turn in turns]
        data = [
            {"turn": p.turn, "start": p.start, "end": p.end, "speaker": p.speaker.value, "text": p.text} for p in shown
        ]
        desk.result(data, "\n".join([*head, *(line(p.turn, p.start, p.speaker, p.text) for p in shown)]))
        return
    found = reviewing.read(home, desk.actor, reference, machine=machine)
    picked = [one for one in found.transcript.standing if turns is None or one.turn.number in turns]
    desk.result(
        [standing_data(one, found.heard) for one in picked],
        "\n".join([*head, *(text for one in picked for text in _lines(one, found.heard))]),
    )


def standing_data(one: Standing, heard: Collection[int]) -> dict[str, object]:
    checked = one.checked and {"by": one.checked.author, "at": one.checked.at}
    notes = [{"note": note.number, "by": note.author, "at": note.at, "text": note.text} for note in one.notes]
    state = {"version": one.version, "corrected": one.corrected, "checked": checked, "notes": notes}
    return turn_data(one.turn) | {"heard": one.turn.number in heard} | state


def _lines(one: Standing, heard: Collection[int]) -> Iterator[str]:
    turn = one.turn
    marks = ("*" if one.corrected else "") + ("+" if one.checked else "") + ("" if turn.number in heard else "-")
    yield line(turn.number, turn.start, turn.speaker, turn.text, marks)
    for remark in one.notes:
        yield f"{'':26}note {remark.number} by {remark.author}: {remark.text}"


@transcript.command()
@click.argument("reference")
@click.option("--turn", type=int, required=True, help="The turn to look at.")
@with_desk
def history(desk: Desk, reference: str, turn: int) -> None:
    """Show how a turn came to be what it is, and how it differs from what the machine heard."""
    found = reviewing.history(desk.unlock(), desk.actor, reference, turn)
    steps = [
        {
            "correction": one.number,
            "by": one.author,
            "at": one.at,
            "what": one.what if one.counts else f"{one.what}, taken back",
            "speaker": one.speaker.value if one.speaker else None,
            "text": one.text,
        }
        for one in found.steps
    ]
    pieces = [{"machine": one.old, "now": one.new} for one in found.difference]
    if desk.as_json:
        desk.result({"turn": turn, "steps": steps, "difference": pieces})
        return
    desk.table(steps, "Nobody has corrected this turn.")
    changed = [{"the machine heard": one.old, "it says now": one.new} for one in found.difference if not one.same]
    if changed:
        desk.say("")
        desk.table(changed, "")


@transcript.command()
@click.argument("reference")
@with_desk
def accuracy(desk: Desk, reference: str) -> None:
    """Show what the machine got wrong in this conversation, as far as people have corrected it.

    wrong: another word was said; missed: a word was said and not heard; invented: a word was heard and not said. Numbers, names
    and negations are counted on their own. When somebody signs, the counts are kept, and nothing of the words.
    """
    found = measuring.accuracy(desk.unlock(), desk.actor, reference)
    kinds = {"every word": found.accuracy.every} | dict(found.accuracy.kinds)
    rows = [
        {
            "of": kind,
            "words": one.words,
            "wrong": one.wrong,
            "missed": one.missed,
            "invented": one.invented,
            "rate": one.rate,
        }
        for kind, one in kinds.items()
        if one.words or one.errors
    ]
    if desk.as_json:
        desk.result(
            {
                "word_error_rate": found.accuracy.every.rate,
                "kinds": rows,
                "wrong_speaker": found.accuracy.wrong_speaker,
                "unknown_speaker": found.accuracy.unknown_speaker,
                "heard": found.heard,
                "signed": found.signed,
            }
        )
        return
    desk.table([row | {"rate": f"{row['rate']:.1%}"} for row in rows], "")
    desk.say(
        f"\nThe speaker of {found.accuracy.wrong_speaker} words was wrong, of {found.accuracy.unknown_speaker} not known.\n"
        + ("As signed." if found.signed else f"So far: {found.heard:.0%} of the speech was listened to or waived.")
    )


@transcript.command()
@click.argument("reference")
@click.option("--turns", type=NUMBERS, help="Turns you have listened to, such as 1-4,7.")
@click.option("--all", "every", is_flag=True, help="You have listened to all of it.")
@click.option("--waive", help="Reason for not listening to these turns.")
@click.option("--damage", is_flag=True, help="You know of the damaged stretches.")
@with_desk
def check(desk: Desk, reference: str, turns: list[int] | None, every: bool, waive: str | None, damage: bool) -> None:
    """Say what you have listened to and found right. All speech must be heard, or waived with a reason, before sign-off."""
    home = desk.unlock()
    if damage:
        count = reviewing.acknowledge_damage(home, desk.actor, reference)
        desk.result({"acknowledged": count}, f"Acknowledged {count} damaged stretches.")
        return
    if not turns and not every:
        raise click.UsageError("Say which --turns, --all, or --damage.")
    if waive is not None:
        new = reviewing.waive(home, desk.actor, reference, turns or [], waive)
    else:
        new = reviewing.hear(home, desk.actor, reference, turns or [], checked=True)
    desk.result({"new": new}, f"Marked {new} more turns as {'waived' if waive else 'heard'}.")


class NotToAPlayer(Refused):
    """listen: sound goes to a player through a pipe only, never to a file or a screen: candour transcript listen ... | aplay"""


@transcript.command()
@click.argument("reference")
@click.option("--turn", type=int, help="Listen to this turn.")
@click.option("--doubt", type=int, help="Listen to this doubt, with a second before and after it.")
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
        picked = Span(start=max(0.0, near.start - AROUND), end=near.end + AROUND) if near else None
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
@click.option("--interviewer", type=NUMBERS, help="Turns of the interviewer, such as 1-4,7.")
@click.option("--participant", type=NUMBERS, help="Turns of the participant.")
@with_desk
def speakers(
    desk: Desk, reference: str, swap: bool, interviewer: list[int] | None, participant: list[int] | None
) -> None:
    """Show how the turns are shared out; exchange the two speakers everywhere, or give turns to them, in one step."""
    home = desk.unlock()
    given = dict.fromkeys(interviewer or [], Speaker.INTERVIEWER) | dict.fromkeys(
        participant or [], Speaker.PARTICIPANT
    )
    if swap:
        editing.swap(home, desk.actor, reference, given)
    elif given:
        editing.assign(home, desk.actor, reference, given)
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
