"""`candour names`: the name key of a review, and the words that might still name somebody."""

import csv
from pathlib import Path

import click

from commands.desk import Desk, with_desk
from commands.recordings import NoSuchFile
from pipeline.pseudonyms import naming
from pipeline.pseudonyms.names import Kind
from pipeline.pseudonyms.naming import Decision, Is, New, NotAName
from storage.errors import BadInput

KINDS = click.Choice([kind.value for kind in Kind])


class BadNameTable(BadInput):
    """names: row {row} of the table: {problem}; the columns are real, replacement, kind; nothing was added"""


@click.group()
def names() -> None:
    """Real terms and what stands in their place."""


@names.command("list")
@click.argument("review")
@with_desk
def list_terms(desk: Desk, review: str) -> None:
    """Show the name key of a review."""
    terms = naming.listed(desk.unlock(), desk.actor, review)
    rows = [
        {"term": t.id, "real": ", ".join((t.real, *t.also)), "replacement": t.shown, "kind": t.kind.value}
        for t in terms
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
    if real == "-":
        real = click.prompt("Real term", err=True)
    term = naming.add(home, desk.actor, review, real, replacement=replacement, kind=Kind(kind))
    desk.result({"term": term.id, "replacement": term.shown}, f"Added {term.id}, shown as {term.shown}.")


@names.command("import")
@click.argument("review")
@click.argument("file", type=click.Path(path_type=Path))
@with_desk
def import_terms(desk: Desk, review: str, file: Path) -> None:
    """Add terms from a CSV table with the columns real, replacement, kind. The table itself stays where it is, in clear."""
    home = desk.unlock()
    try:
        rows = list(csv.DictReader(file.read_text(encoding="utf-8-sig").splitlines()))
    except (OSError, UnicodeDecodeError):
        raise NoSuchFile from None
    terms: list[tuple[str, str, Kind]] = []
    for number, row in enumerate(rows, 2):
        try:
            terms.append((row["real"], row["replacement"], Kind(row.get("kind") or Kind.PERSON.value)))
        except (KeyError, ValueError):
            raise BadNameTable(row=number, problem="a column is missing or the kind is not known") from None
    added = naming.add_all(home, desk.actor, review, terms)
    desk.result({"added": len(added)}, f"Added {len(added)} terms. Destroy the table if it is no longer needed.")


@names.command()
@click.argument("reference")
@with_desk
def candidates(desk: Desk, reference: str) -> None:
    """Show words of a conversation that might name somebody and that nobody has decided."""
    found = naming.open_candidates(desk.unlock(), desk.actor, reference)
    rows = [
        {
            "candidate": c.handle,
            "word": c.shown,
            "times": len(c.occurrences),
            "why": c.rule.value,
            "context": f"{c.occurrences[0].before} | {c.shown} | {c.occurrences[0].after}",
        }
        for c in found
    ]
    desk.table(rows, "Every candidate is decided.")


@names.command()
@click.argument("reference")
@click.argument("candidates", nargs=-1, required=True)
@click.option("--is", "term", help="It is this term of the name key, such as T3.")
@click.option("--new", "replacement", help="It is a name; what should stand in its place.")
@click.option(
    "--kind", type=KINDS, default=Kind.PERSON.value, show_default=True, help="With --new: what it stands for."
)
@click.option("--not-a-name", is_flag=True, help="It names nobody and may stay.")
@with_desk
def decide(
    desk: Desk,
    reference: str,
    candidates: tuple[str, ...],
    term: str | None,
    replacement: str | None,
    kind: str,
    not_a_name: bool,
) -> None:
    """Decide candidates of a conversation, for the whole review. Leave one out to skip it: it stays open."""
    if [term is not None, replacement is not None, not_a_name].count(True) != 1:
        raise click.UsageError("Say one of --is, --new and --not-a-name.")
    decision: Decision = NotAName()
    if term is not None:
        decision = Is(term=term)
    elif replacement is not None:
        decision = New(replacement=replacement, kind=Kind(kind))
    home = desk.unlock()
    for handle in candidates:
        naming.decide(home, desk.actor, reference, handle, decision)
    left = len(naming.open_candidates(home, desk.actor, reference))
    desk.result({"left": left}, f"Decided. {left or 'None'} left.")
