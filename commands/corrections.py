"""The parts of `candour transcript` that change a transcript: each is one correction, attributed, and undone in one step."""

from collections.abc import Sequence

import click

from commands.desk import Desk, with_desk
from commands.turns import NUMBERS, SPEAKERS, line, speaker_of, turn_data
from pipeline.transcripts import editing, mending, reviewing
from pipeline.transcripts.editing import Saved
from pipeline.transcripts.searching import Hit
from pipeline.transcripts.transcript import Turn
from storage.errors import BadInput


class NotThere(BadInput):
    """transcript: these words stand {count} times in turn {turn}, and a cut needs them once; give more or other words"""


def _asked(text: str, what: str) -> str:
    """What was typed, or asked for where it should stay out of the shell's history."""
    return str(click.prompt(what, err=True)) if text == "-" else text


def _shown(desk: Desk, turns: Sequence[Turn]) -> None:
    desk.result(
        [turn_data(one) for one in turns], "\n".join(line(t.number, t.start, t.speaker, t.text, "*") for t in turns)
    )


def _saved(desk: Desk, saved: Saved) -> None:
    _shown(desk, [one.turn for one in saved.standing])


@click.command()
@click.argument("reference")
@click.option("--turns", type=NUMBERS, required=True, help="Turns to correct, such as 3 or 1-4,7.")
@click.option(
    "--text",
    help="The whole text of the turn as it should be; - asks for it, so that it stays out of the shell's history.",
)
@click.option("--speaker", type=SPEAKERS, help="Who is speaking.")
@with_desk
def correct(desk: Desk, reference: str, turns: list[int], text: str | None, speaker: str | None) -> None:
    """Correct turns. The machine's draft stays as it is; every correction is kept with who and when."""
    home = desk.unlock()
    if text is None and speaker is None:
        raise click.UsageError("Say --text or --speaker.")
    if text is not None and len(turns) > 1:
        raise click.UsageError("A --text is for one turn.")
    new = None if text is None else _asked(text, f"Turn {turns[0]}")
    _shown(desk, reviewing.correct(home, desk.actor, reference, turns, text=new, speaker=speaker_of(speaker)))


@click.command()
@click.argument("reference")
@click.option("--turn", type=int, required=True, help="The turn to cut in two.")
@click.option("--before", required=True, help="The words the second half begins with; - asks for them.")
@click.option("--speaker", type=SPEAKERS, help="Who speaks in the second half.")
@with_desk
def split(desk: Desk, reference: str, turn: int, before: str, speaker: str | None) -> None:
    """Cut a turn in two. The second half gets a number of its own, and no other turn gets another."""
    home = desk.unlock()
    before = _asked(before, "The second half begins with")
    found = [hit for hit in editing.find(home, desk.actor, reference, before).hits if hit.turn == turn]
    if len(found) != 1:
        raise NotThere(count=len(found), turn=turn)
    _saved(desk, editing.split(home, desk.actor, reference, turn, found[0].start, speaker=speaker_of(speaker)))


@click.command()
@click.argument("reference")
@click.option("--turn", type=int, required=True, help="The first of the two turns; the other is the one after it.")
@with_desk
def merge(desk: Desk, reference: str, turn: int) -> None:
    """Make one turn of two that follow each other, with the number and the speaker of the first."""
    _saved(desk, editing.merge(desk.unlock(), desk.actor, reference, turn))


@click.command()
@click.argument("reference")
@click.argument("sought")
@click.argument("replacement")
@click.option("--turns", type=NUMBERS, help="Only in these turns, such as 1-4,7.")
@click.option("--parts", is_flag=True, help="Also inside of longer words.")
@click.option("--case", is_flag=True, help="Only where it is written with the same capitals.")
@click.option("--yes", is_flag=True, help="Replace; without it only show where.")
@with_desk
def replace(
    desk: Desk,
    reference: str,
    sought: str,
    replacement: str,
    turns: list[int] | None,
    parts: bool,
    case: bool,
    yes: bool,
) -> None:
    """Replace SOUGHT by REPLACEMENT. Shows every place first; with --yes it replaces them all. - asks for a text."""
    home = desk.unlock()
    sought, replacement = _asked(sought, "Find"), _asked(replacement, "Replace by")
    found = editing.find(home, desk.actor, reference, sought, whole=not parts, case=case)
    hits = [hit for hit in found.hits if turns is None or hit.turn in turns]
    if not yes:
        desk.table([_hit(hit) for hit in hits], "Nothing found.")
        if hits:
            desk.say(
                f"\nNothing was changed yet. With --yes all {len(hits)} are replaced, which one `undo` takes back."
            )
        return
    saved = editing.replace(home, desk.actor, reference, hits, replacement, base=found.version)
    desk.result(
        {"replaced": len(hits), "turns": sorted(saved.turns)}, f"Replaced {len(hits)} in {len(saved.turns)} turns."
    )


@click.command()
@click.argument("reference")
@click.option("--yes", is_flag=True, help="Write them so; without it only show which.")
@with_desk
def mend(desk: Desk, reference: str, yes: bool) -> None:
    """Write turns as the conventions say where that takes no ear: without "um", pauses marked, marks in their form.

    Shows every turn first; with --yes all are one correction. False starts, and what stands in no profile, are left to you.
    """
    home = desk.unlock()
    if yes:
        _saved(desk, mending.mend(home, desk.actor, reference))
        return
    found = mending.look(home, desk.actor, reference).turns
    rows = [{"turn": turn.number, "it says": turn.text, "instead": text} for turn, text in found]
    desk.table(rows, "Nothing to mend.")
    if found:
        desk.say("\nNothing was changed yet. With --yes this is one correction, which `undo` takes back.")


def _hit(hit: Hit) -> dict[str, object]:
    return {"turn": hit.turn, "before": hit.before, "found": hit.text, "after": hit.after}


@click.command()
@click.argument("reference")
@with_desk
def undo(desk: Desk, reference: str) -> None:
    """Take your own newest correction back; again for the one before it, as far back as you like."""
    _back(desk, editing.undo(desk.unlock(), desk.actor, reference), "Took back your newest correction")


@click.command()
@click.argument("reference")
@with_desk
def redo(desk: Desk, reference: str) -> None:
    """Make what you took back last count again."""
    _back(desk, editing.redo(desk.unlock(), desk.actor, reference), "It counts again")


def _back(desk: Desk, saved: Saved, what: str) -> None:
    turns = sorted(saved.turns)
    where = f", on {'turn' if len(turns) == 1 else 'turns'} {', '.join(map(str, turns))}" if turns else ""
    desk.result({"turns": turns, "version": saved.transcript.version}, f"{what}{where}.")


@click.command()
@click.argument("reference")
@click.option("--turn", type=int, required=True, help="The turn the note is about.")
@click.option("--text", required=True, help="The note; - asks for it, and an empty one takes note --of away.")
@click.option("--of", type=int, help="The note this one replaces.")
@with_desk
def note(desk: Desk, reference: str, turn: int, text: str, of: int | None) -> None:
    """Put a note on a turn, for those who review. Notes are sealed with the recording, leave in no export, and go with it."""
    home = desk.unlock()
    saved = editing.note(home, desk.actor, reference, turn, _asked(text, "Note"), of=of)
    notes = [{"note": one.number, "by": one.author, "text": one.text} for one in saved.transcript.find(turn).notes]
    desk.table(notes, f"Turn {turn} has no note.")
