"""`candour glossary`: names and terms that will be spoken, and where they were heard wrongly."""

import sys

import click

from commands.desk import Desk, with_desk
from commands.turns import NUMBERS
from pipeline.transcription import glossary as terms_of
from pipeline.transcription import lookalikes
from pipeline.transcription.chosen import told
from pipeline.transcripts import editing, reviewing, searching
from storage.errors import NotFound
from storage.home import Home


class NoSuchTerm(NotFound):
    """glossary: there is no term {number}; `candour glossary list` shows them"""


class NoSuchLookalike(NotFound):
    """glossary: there is no suggestion {number}; `candour glossary suggest` shows them"""


@click.group()
def glossary() -> None:
    """Names and terms of a review that the speech model is told before it hears, sealed like the name key."""


@glossary.command()
@click.argument("review")
@click.argument("terms", nargs=-1, required=True)
@with_desk
def add(desk: Desk, review: str, terms: tuple[str, ...]) -> None:
    """Add TERMS to the glossary of a review; they count from the next recording on. TERMS - asks for them, or reads one a line.

    The first are told first: there is room for some hundred short names.
    """
    home, actor = desk.unlock(), desk.actor
    made = terms_of.change(home, actor, review, add=_asked() if terms == ("-",) else terms)
    fits = told(home, made)
    missed = len(made) - len(fits) if fits is not None else 0
    warning = f" The last {missed} do not fit what the model can be told; remove what is rarely said." if missed else ""
    desk.result(
        {"terms": len(made), "told": len(made) - missed}, f"The glossary has {_counted(len(made), 'term')}.{warning}"
    )


def _asked() -> list[str]:
    if sys.stdin.isatty():
        typed: str = click.prompt("Terms, with commas between them", err=True)
        return [term for term in typed.split(",") if term.strip()]
    return [line for line in sys.stdin.read().splitlines() if line.strip()]


@glossary.command("list")
@click.argument("review")
@with_desk
def list_terms(desk: Desk, review: str) -> None:
    """Show the glossary of a review, and what of it fits into what the model can be told."""
    home = desk.unlock()
    made = terms_of.read(home, desk.actor, review)
    fits = told(home, made)
    rows = [
        {"number": number, "term": term, "told": "" if fits is None else "yes" if number <= len(fits) else "no"}
        for number, term in enumerate(made, 1)
    ]
    desk.table(rows, "The glossary is empty.")


@glossary.command()
@click.argument("review")
@click.argument("numbers", type=NUMBERS)
@with_desk
def remove(desk: Desk, review: str, numbers: list[int]) -> None:
    """Take terms out of the glossary of a review, by their numbers, such as 3 or 1-4,7."""
    home, actor = desk.unlock(), desk.actor
    made = terms_of.read(home, actor, review)
    for number in numbers:
        if not 1 <= number <= len(made):
            raise NoSuchTerm(number=number)
    left = terms_of.change(home, actor, review, remove=[made[number - 1] for number in numbers])
    desk.result({"terms": len(left)}, f"The glossary has {_counted(len(left), 'term')}.")


@glossary.command()
@click.argument("conversation")
@with_desk
def suggest(desk: Desk, conversation: str) -> None:
    """Show what in a transcript may be a term of the glossary heard wrongly."""
    rows = [
        {
            "number": number,
            "written": one.written,
            "perhaps": one.term,
            "times": len(one.turns),
            "turns": ", ".join(map(str, sorted(set(one.turns)))),
        }
        for number, one in enumerate(_suggested(desk.unlock(), desk, conversation), 1)
    ]
    desk.table(rows, "Nothing in the transcript looks like a term of the glossary.")


@glossary.command()
@click.argument("conversation")
@click.option("--numbers", type=NUMBERS, help="Suggestions to follow, such as 3 or 1-4,7.")
@click.option("--all", "every", is_flag=True, help="Follow all of them.")
@with_desk
def replace(desk: Desk, conversation: str, numbers: list[int] | None, every: bool) -> None:
    """Put the term in the place of what was heard wrongly, everywhere in a transcript.

    Each is a correction like any other: with who and when, and to be undone with `candour transcript undo`.
    """
    home = desk.unlock()
    if every == bool(numbers):
        raise click.UsageError("Say which --numbers to follow, or --all.")
    found = _suggested(home, desk, conversation)
    picked = numbers or range(1, len(found) + 1)
    for number in picked:
        if not 1 <= number <= len(found):
            raise NoSuchLookalike(number=number)
    places = sum(_replaced(home, desk, conversation, found[number - 1]) for number in picked)
    desk.result({"replaced": places}, f"Replaced {_counted(places, 'place')}.")


def _suggested(home: Home, desk: Desk, conversation: str) -> tuple[lookalikes.Lookalike, ...]:
    turns = reviewing.read(home, desk.actor, conversation).turns
    terms = terms_of.of_conversation(home, desk.actor, conversation)
    return lookalikes.find({turn.number: turn.text for turn in turns}, terms)


def _replaced(home: Home, desk: Desk, conversation: str, one: lookalikes.Lookalike) -> int:
    preview = editing.find(home, desk.actor, conversation, one.written)
    hits: tuple[searching.Hit, ...] = preview.hits
    if hits:
        editing.replace(home, desk.actor, conversation, hits, one.term, base=preview.version)
    return len(hits)


def _counted(count: int, one: str) -> str:
    return f"{count} {one}{'' if count == 1 else 's'}"
