"""`candour code`: the codebook of a review, the tree of themes that extracts are filed under."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from commands.desk import Desk, with_desk
from commands.exports import for_reader
from commands.files import contents
from commands.shipped import shipped_or_file
from pipeline.codes import bookkeeping
from pipeline.codes.codebook import Code, Codebook
from pipeline.export import exporting
from pipeline.export.model import Profile
from pipeline.imports import codebooks


@click.group()
def code() -> None:
    """The codebook: the tree of themes."""


def _fields(function: Callable[..., None]) -> Callable[..., None]:
    """The options that say what a code has."""
    for option in (
        click.option("--description", help="What belongs under it."),
        click.option("--colour", help="Such as #1B5E20."),
        click.option("--shortcut", help="What to type for it; keys for the page."),
        click.option("--alias", "aliases", multiple=True, help="Another name for it; may be given again."),
        click.option("--below", help="The code it stands below."),
        click.option("--heading/--codable", default=None, help="Whether it only groups others and takes no extracts."),
    ):
        function = option(function)
    return function


@code.command("list")
@click.argument("review")
@with_desk
def list_codes(desk: Desk, review: str) -> None:
    """Show the codebook of a review as a tree."""
    book = bookkeeping.read(desk.unlock(), desk.actor, review)
    lines = [
        f"{'  ' * (len(book.lineage(c)) - 1)}{c.name}{f'  ({c.shortcut})' if c.shortcut else ''}{'  retired' * c.retired}"
        for c in book.codes
    ]
    desk.result([_told(one) for one in book.codes], "\n".join([book.name, *lines]))


def _told(one: Code) -> dict[str, object]:
    return {
        "code": one.id,
        "name": one.name,
        "parent": one.parent,
        "codable": one.codable,
        "retired": one.retired,
        "colour": one.colour,
        "shortcut": one.shortcut,
        "aliases": one.aliases,
        "in_vivo": one.words_of is not None,
        "description": one.description,
    }


@code.command()
@click.argument("review")
@click.argument("name")
@_fields
@with_desk
def add(
    desk: Desk,
    review: str,
    name: str,
    description: str | None,
    colour: str | None,
    shortcut: str | None,
    aliases: tuple[str, ...],
    below: str | None,
    heading: bool | None,
) -> None:
    """Add a code to a review's codebook."""
    given = Code(
        id="", name=name, description=description or "", colour=colour or "", shortcut=shortcut or "", aliases=aliases,
        codable=not heading,
    )  # fmt: skip
    book, made = bookkeeping.add(desk.unlock(), desk.actor, review, given, below=below)
    desk.result(_told(made), f"Added {made.name}; {len(book.codes)} codes.")


@code.command()
@click.argument("review")
@click.argument("code")
@click.option("--name", help="Its new name. It keeps its id, and extracts keep the code.")
@click.option("--retired/--in-use", default=None, help="Retired: it keeps its extracts and takes no more.")
@_fields
@with_desk
def change(
    desk: Desk,
    review: str,
    code: str,
    name: str | None,
    retired: bool | None,
    description: str | None,
    colour: str | None,
    shortcut: str | None,
    aliases: tuple[str, ...],
    below: str | None,
    heading: bool | None,
) -> None:
    """Change a code, named by its name, id, alias or shortcut. --below "" brings it to the top; --alias "" removes aliases."""
    fields: dict[str, Any] = {"name": name, "description": description, "colour": colour, "shortcut": shortcut}
    fields |= {"aliases": tuple(filter(None, aliases)) if aliases else None, "below": below}
    fields |= {"codable": None if heading is None else not heading, "retired": retired}
    wanted = {key: value for key, value in fields.items() if value is not None}
    if not wanted:
        raise click.UsageError("Say what to change.")
    made = bookkeeping.change(desk.unlock(), desk.actor, review, code, **wanted)
    desk.result(_told(made), f"Changed {made.name}.")


@code.command()
@click.argument("review")
@click.argument("code")
@click.argument("way", type=click.Choice(["up", "down"]))
@with_desk
def move(desk: Desk, review: str, code: str, way: str) -> None:
    """Move a code, with all below it, one place up or down among those beside it."""
    _left(desk, bookkeeping.shift(desk.unlock(), desk.actor, review, code, -1 if way == "up" else 1), "Moved")


@code.command()
@click.argument("review")
@click.argument("code")
@with_desk
def remove(desk: Desk, review: str, code: str) -> None:
    """Remove a code that no extract has and that no other stands below."""
    _left(desk, bookkeeping.remove(desk.unlock(), desk.actor, review, code), "Removed")


@code.command()
@click.argument("review")
@click.argument("code")
@click.argument("into")
@with_desk
def merge(desk: Desk, review: str, code: str, into: str) -> None:
    """Make one code of two: all extracts under CODE go under INTO, everybody's, and CODE becomes another name for it."""
    book, about = bookkeeping.merge(desk.unlock(), desk.actor, review, code, into)
    extracts = f"{about} extract{'' if about == 1 else 's'}"
    desk.result(
        {"codes": len(book.codes), "extracts": about}, f"Merged; {extracts} filed anew, {len(book.codes)} codes."
    )


@code.command()
@click.argument("review")
@with_desk
def undo(desk: Desk, review: str) -> None:
    """Take back your newest change of the codebook; again and again, as far back as you like."""
    _left(desk, bookkeeping.undo(desk.unlock(), desk.actor, review), "Taken back")


@code.command()
@click.argument("review")
@with_desk
def redo(desk: Desk, review: str) -> None:
    """Do again what you took back last."""
    _left(desk, bookkeeping.redo(desk.unlock(), desk.actor, review), "Done again")


def _left(desk: Desk, book: Codebook, what: str) -> None:
    desk.result({"codes": len(book.codes)}, f"{what}; {len(book.codes)} codes.")


@code.command("import")
@click.argument("review")
@click.argument("file")
@with_desk
def import_codes(desk: Desk, review: str, file: str) -> None:
    """Give a review another codebook: a TOML file, a REFI-QDA codebook (.qdc), or a shipped one by name.

    Codes in use must be in it.
    """
    home = desk.unlock()
    before = bookkeeping.read(home, desk.actor, review)
    change = codebooks.understand(before, _file(file), review)
    book, lost = change.book, change.lost
    bookkeeping.replace_codebook(home, desk.actor, review, book)
    lines = [
        f"{review} now has the codebook {book.name}, {len(book.codes)} codes.",
        *(f"  not carried: {o}" for o in lost),
    ]
    desk.result({"codes": len(book.codes), "lost": lost}, "\n".join(lines))


def _file(file: str) -> bytes:
    if not file.lower().endswith(".qdc"):
        return shipped_or_file("codebook", "codebooks", file).encode()
    return contents(Path(file), "codebook")


@code.command("export")
@click.argument("review")
@click.argument("file", type=click.Path(path_type=Path))
@for_reader
@click.option("--overwrite", is_flag=True, help="Replace a file that is there.")
@with_desk
def export_codes(desk: Desk, review: str, file: Path, profile: str, recipient: str | None, overwrite: bool) -> None:
    """Write the codebook of a review: TOML, or a REFI-QDA codebook when FILE ends in .qdc.

    Words of participants in it are judged, and it is logged, as every export.
    """
    done = exporting.write(
        desk.unlock(), desk.actor, review, format="qdc" if file.suffix.lower() == ".qdc" else "toml",
        profile=Profile(profile), path=file, overwrite=overwrite, recipient=recipient,
    )  # fmt: skip
    lines = [f"Wrote {done.codes} codes.", *(f"  not carried: {one}" for one in done.lost)]
    desk.result({"codes": done.codes, "digest": done.digest, "lost": done.lost}, "\n".join(lines))
