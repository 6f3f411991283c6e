"""Which conventions transcripts are written in, and where one is not: parts of `candour review`, `conversation`, `transcript`."""

import click

from commands.desk import Desk, with_desk
from commands.shipped import shipped_or_file
from pipeline import reviews
from pipeline.transcripts import agreeing
from pipeline.transcripts.conventions import Conventions, parse, to_row
from pipeline.transcripts.transcript import timestamp

DEFAULT = "intelligent-verbatim"
REVIEWS_OWN = "review"


def named(profile: str) -> Conventions:
    """A shipped profile by name, or one of the user's by file."""
    return parse(shipped_or_file("conventions", "conventions", profile))


def data(chosen: Conventions | None) -> dict[str, object] | None:
    return None if chosen is None else to_row(chosen) | {"digest": chosen.digest}


@click.command("conventions")
@click.argument("reference")
@click.argument("profile", required=False)
@with_desk
def of_review(desk: Desk, reference: str, profile: str | None) -> None:
    """Show how the transcripts of a review are written, or say so: PROFILE is intelligent-verbatim, verbatim, or a TOML file.

    What somebody has signed keeps the profile it was signed with.
    """
    if profile is not None:
        agreeing.choose_for_review(desk.home, desk.actor, reference, named(profile))
    with desk.home.reading() as session:
        found = reviews.find_review(session, reference)
        chosen = agreeing.of_review(found)
    _shown(desk, {"review": found.reference}, chosen)


@click.command("conventions")
@click.argument("reference")
@click.argument("profile", required=False)
@with_desk
def of_conversation(desk: Desk, reference: str, profile: str | None) -> None:
    """Show how the transcript of a conversation is written, or say so: PROFILE is intelligent-verbatim, verbatim, a TOML file, or
    "review" for as its review says."""
    if profile is not None:
        agreeing.choose(desk.home, desk.actor, reference, None if profile == REVIEWS_OWN else named(profile))
    with desk.home.reading() as session:
        found = reviews.find_conversation(session, reference)
        chosen = agreeing.of(found)
    _shown(desk, {"conversation": found.reference, "own": found.conventions is not None}, chosen)


def _shown(desk: Desk, what: dict[str, object], chosen: Conventions | None) -> None:
    said = f"{chosen.summary}." if chosen else "no conventions are recorded."
    desk.result(what | {"conventions": data(chosen)}, f"{next(iter(what.values()))}: {said}")


@click.command("conventions")
@click.argument("reference")
@with_desk
def departures(desk: Desk, reference: str) -> None:
    """Show where a transcript is not written as its conventions say. Nothing is changed by it, and nothing waits for it."""
    chosen, found = agreeing.look(desk.unlock(), desk.actor, reference)
    rows: list[dict[str, object]] = [
        {
            "turn": one.turn,
            "at": one.at if desk.as_json else timestamp(one.at),
            "why": one.rule.value,
            "it says": one.found,
            "instead": one.instead,
        }
        for one in found
    ]
    if desk.as_json:
        desk.result({"conventions": data(chosen), "departures": rows})
        return
    desk.say(f"{chosen.summary}.\n")
    desk.table(rows, "Written so, as far as a machine can see.")
