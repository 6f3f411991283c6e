"""`candour names`: the name key of a review, and the words that might still name somebody."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path

import click

from commands.desk import Desk, with_desk
from commands.files import contents
from pipeline.pseudonyms import naming, tables
from pipeline.pseudonyms.candidates import Candidate
from pipeline.pseudonyms.dates import Relative, Shift
from pipeline.pseudonyms.names import DATE, Kind
from pipeline.pseudonyms.naming import Decision, Is, New, NotAName

KINDS = click.Choice([kind.value for kind in Kind])


@click.group()
def names() -> None:
    """Real terms and what stands in their place."""


@names.command("list")
@click.argument("review")
@with_desk
def list_terms(desk: Desk, review: str) -> None:
    """Show the name key of a review."""
    rows = [
        {"term": t.id, "real": ", ".join((t.real, *t.also)), "replacement": t.shown, "kind": t.kind.value}
        for t in naming.listed(desk.unlock(), desk.actor, review)
    ]
    desk.table(rows, "The name key is empty.")


@names.command()
@click.argument("review")
@click.argument("real")
@click.argument("replacement")
@click.option("--kind", type=KINDS, default=Kind.PERSON.value, show_default=True, help="What the term stands for.")
@with_desk
def add(desk: Desk, review: str, real: str, replacement: str, kind: str) -> None:
    """Add a term: REAL is replaced by REPLACEMENT everywhere in the review. REAL - asks for it at a prompt."""
    home = desk.unlock()
    term = naming.add(home, desk.actor, review, _asked(real), replacement=replacement, kind=Kind(kind))
    desk.result({"term": term.id, "replacement": term.shown}, f"Added {term.id}, shown as {term.shown}.")


@names.command()
@click.argument("review")
@click.argument("term")
@click.option("--replacement", help="What stands in its place from now on.")
@click.option("--kind", type=KINDS, help="What the term stands for.")
@click.option("--real", help="The real term itself; - asks for it at a prompt.")
@with_desk
def change(desk: Desk, review: str, term: str, replacement: str | None, kind: str | None, real: str | None) -> None:
    """Change a term, such as T3. Every conversation at work is pseudonymised anew, and extracts follow."""
    if replacement is None and kind is None and real is None:
        raise click.UsageError("Say what to change.")
    made = naming.change(
        desk.unlock(), desk.actor, review, term, replacement=replacement, kind=Kind(kind) if kind else None,
        real=None if real is None else _asked(real),
    )  # fmt: skip
    desk.result({"term": made.id, "replacement": made.shown}, f"Changed {made.id}, shown as {made.shown}.")


@names.command()
@click.argument("review")
@click.argument("term")
@with_desk
def remove(desk: Desk, review: str, term: str) -> None:
    """Take a term out of the name key; its words become candidates again."""
    naming.remove(desk.unlock(), desk.actor, review, term)
    desk.result({"term": term, "removed": True}, f"Removed {term}.")


def _asked(real: str) -> str:
    return click.prompt("Real term", err=True) if real == "-" else real


@names.command("import")
@click.argument("review")
@click.argument("file", type=click.Path(path_type=Path))
@with_desk
def import_terms(desk: Desk, review: str, file: Path) -> None:
    """Add terms from a CSV table with the columns real, replacement, kind. The table itself stays where it is, in clear."""

    home = desk.unlock()
    rows = tables.terms(contents(file, "names"))
    added = naming.add_all(home, desk.actor, review, rows)
    desk.result({"added": len(added)}, f"Added {len(added)} terms. Destroy the table if it is no longer needed.")


@names.command()
@click.argument("reference")
@click.option("--decided", is_flag=True, help="Those that somebody decided to be no names, to ask again with --reopen.")
@with_desk
def candidates(desk: Desk, reference: str, decided: bool) -> None:
    """Show words of a conversation that might name somebody and that nobody has decided."""
    listed = naming.settled_candidates if decided else naming.open_candidates
    desk.table(
        _told(listed(desk.unlock(), desk.actor, reference)), "None." if decided else "Every candidate is decided."
    )


def _told(found: Iterable[Candidate]) -> list[dict[str, object]]:
    return [
        {
            "candidate": c.handle,
            "word": c.shown,
            "times": len(c.occurrences),
            "why": c.rule.value,
            "context": f"{c.occurrences[0].before} | {c.shown} | {c.occurrences[0].after}",
        }
        for c in found
    ]


@names.command()
@click.argument("reference")
@click.argument("candidates", nargs=-1)
@click.option("--is", "term", help="It is this term of the name key, such as T3.")
@click.option("--new", "replacement", help="It is a name; what should stand in its place.")
@click.option(
    "--kind", type=KINDS, default=Kind.PERSON.value, show_default=True, help="With --new: what it stands for."
)
@click.option("--not-a-name", is_flag=True, help="It names nobody and may stay.")
@click.option("--reopen", is_flag=True, help="Ask again about what was decided to be no name.")
@click.option(
    "--table", type=click.Path(path_type=Path),
    help="CSV with the columns candidate, decision (a term, not a name, or what stands in its place), kind.",
)  # fmt: skip
@with_desk
def decide(
    desk: Desk,
    reference: str,
    candidates: tuple[str, ...],
    term: str | None,
    replacement: str | None,
    kind: str,
    not_a_name: bool,
    reopen: bool,
    table: Path | None,
) -> None:
    """Decide candidates of a conversation, for the whole review. Leave one out to skip it: it stays open."""
    if [term is not None, replacement is not None, not_a_name, reopen, table is not None].count(True) != 1:
        raise click.UsageError("Say one of --is, --new, --not-a-name, --reopen and --table.")
    if bool(candidates) is (table is not None):
        raise click.UsageError("Name the candidates, or a --table that does.")
    home = desk.unlock()
    if reopen:
        for handle in candidates:
            naming.reopen(home, desk.actor, reference, handle)
    elif table is not None:
        terms = {one.id for one in naming.terms_of(home, desk.actor, reference)}
        decisions = tables.rows(
            contents(table, "names"), ("candidate", "decision", "kind"), lambda row: _row(row, terms)
        )
        naming.decide_all(home, desk.actor, reference, decisions)
    else:
        decision: Decision = NotAName()
        if term is not None:
            decision = Is(term=term)
        elif replacement is not None:
            decision = New(replacement=replacement, kind=Kind(kind))
        for handle in candidates:
            naming.decide(home, desk.actor, reference, handle, decision)
    left = len(naming.open_candidates(home, desk.actor, reference))
    desk.result({"left": left}, f"Decided. {left or 'None'} left.")


def _row(row: Mapping[str, str], terms: set[str]) -> tuple[str, Decision]:
    said = row["decision"].strip()
    if said.casefold() == "not a name":
        return row["candidate"].strip(), NotAName()
    if said in terms:
        return row["candidate"].strip(), Is(term=said)
    return row["candidate"].strip(), New(replacement=said, kind=Kind(row.get("kind") or Kind.PERSON.value))


@names.command()
@click.argument("reference")
@click.option("--misspelt", is_flag=True, help="Only words that were taken for a misspelling of a term.")
@with_desk
def found(desk: Desk, reference: str, misspelt: bool) -> None:
    """Show each replacement in a conversation: the words as they were said, and what stands for them."""
    rows = [
        {
            "turn": turn.said.turn,
            "said": turn.said.text[mark.start : mark.end],
            "shown": turn.shown.text[mark.result_start : mark.result_end],
            "term": mark.term,
            "how": "date" if mark.term == DATE else "as written" if mark.exact else "misspelt",
        }
        for turn in naming.both_ways(desk.unlock(), desk.actor, reference)
        for mark in turn.shown.marks
        if not (misspelt and mark.exact)
    ]
    desk.table(rows, "Nothing is replaced.")


@names.command()
@click.argument("review")
@click.option("--shift", is_flag=True, help="Say all dates some weeks earlier or later; nobody is told how many.")
@click.option("--relative-to", "origin", type=click.DateTime(["%Y-%m-%d"]), help="Say them as a time from this day.")
@click.option(
    "--called", default="the first day", show_default=True, help="With --relative-to: what people know it by."
)
@click.option("--ask", is_flag=True, help="Ask about each date again, as for other candidates.")
@with_desk
def dates(desk: Desk, review: str, shift: bool, origin: datetime | None, called: str, ask: bool) -> None:
    """Say all dates of a review in another way, or show how they are said. Terms of the key come first."""
    home = desk.unlock()
    if [shift, origin is not None, ask].count(True) > 1:
        raise click.UsageError("Say one of --shift, --relative-to and --ask.")
    if shift:
        naming.shift_dates(home, desk.actor, review)
    elif origin is not None:
        naming.relate_dates(home, desk.actor, review, origin.date(), called)
    elif ask:
        naming.ask_about_dates(home, desk.actor, review)
    match naming.key_of(home, desk.actor, review).dates:
        case Shift():
            how = "shifted by the same number of weeks"
        case Relative(called=day):
            how = f"said as a time before or after {day}"
        case None:
            how = "asked about one by one"
    desk.result({"dates": how}, f"Dates are {how}.")


@names.command()
@click.argument("review")
@with_desk
def undo(desk: Desk, review: str) -> None:
    """Take back what you did last to the names of a review; again and again, as far back as you like."""
    naming.undo(desk.unlock(), desk.actor, review)
    desk.result({"undone": True}, "Taken back.")


@names.command()
@click.argument("review")
@with_desk
def redo(desk: Desk, review: str) -> None:
    """Do again what you took back last."""
    naming.redo(desk.unlock(), desk.actor, review)
    desk.result({"redone": True}, "Done again.")
