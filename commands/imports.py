"""`candour import`: what was coded in another program comes back."""

from pathlib import Path

import click

from commands.desk import Desk, with_desk
from pipeline.imports import importing
from pipeline.imports.guard import NotReadable


@click.command("import")
@click.argument("target")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--add-codes", is_flag=True, help="Add codes that the codebook lacks; otherwise they are left out and named."
)
@click.option("--dry-run", is_flag=True, help="Only say what would come in.")
@with_desk
def import_(desk: Desk, target: str, file: Path, add_codes: bool, dry_run: bool) -> None:
    """Add what was coded in FILE to TARGET, a conversation or a review: a REFI-QDA (.qdpx) or Taguette (.sqlite3) project.

    Texts are recognised by their words. All of it is added or none, and what is there already stays as it is.
    """
    home = desk.unlock()
    try:
        source = file.open("rb")
    except OSError:
        raise NotReadable(problem="cannot be opened") from None
    with source:
        done = importing.bring_in(home, desk.actor, target, source, add_codes=add_codes, dry_run=dry_run)
    verb = "Would add" if dry_run else "Added"
    lines = [f"Read a project of {done.program or 'a program that does not say its name'}; positions {done.dialect}."]
    lines.append(f"{verb} {done.extracts} extracts and {done.codes} codes; {done.already} extracts were there already.")
    lines += [f"  not carried: {line}" for line in done.lost]
    desk.result(
        {
            "program": done.program, "dialect": done.dialect, "extracts": done.extracts, "codes": done.codes,
            "already": done.already, "lost": done.lost, "dry_run": dry_run,
        },
        "\n".join(lines),
    )  # fmt: skip
