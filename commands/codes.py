"""`candour code` and `candour extract`: the codebook of a review, and quotes filed under its codes."""

from pathlib import Path

import click

from commands.desk import Desk, columns, with_desk
from commands.recordings import NoSuchFile
from commands.reviews import shipped_or_file
from pipeline.codes import bookkeeping, comparing, extracting
from pipeline.codes.agreement import Agreement, Place, Table, Unit, overall
from pipeline.codes.codebook import parse
from pipeline.export.formats import export
from pipeline.export.model import Profile, build
from pipeline.export.place import place
from pipeline.reviews import codebook_of, find_conversation, find_review
from pipeline.transcripts.transcript import timestamp


@click.group()
def code() -> None:
    """The codebook: the tree of themes."""


@code.command("list")
@click.argument("review")
@with_desk
def list_codes(desk: Desk, review: str) -> None:
    """Show the codebook of a review as a tree."""
    home = desk.unlock()
    with home.reading() as session:
        book = codebook_of(home, find_review(session, review))
    data = [
        {
            "code": c.id,
            "name": c.name,
            "parent": c.parent,
            "codable": c.codable,
            "shortcut": c.shortcut,
            "description": c.description,
        }
        for c in book.codes
    ]
    lines = [
        f"{'  ' * (len(book.lineage(c)) - 1)}{c.name}{f'  ({c.shortcut})' if c.shortcut else ''}" for c in book.codes
    ]
    desk.result(data, "\n".join([book.name, *lines]))


@code.command("import")
@click.argument("review")
@click.argument("file")
@with_desk
def import_codes(desk: Desk, review: str, file: str) -> None:
    """Give a review another codebook: a TOML file, or a shipped one by name. Codes in use must be in it."""
    book = parse(shipped_or_file("codebook", "codebooks", file))
    bookkeeping.replace_codebook(desk.unlock(), desk.actor, review, book)
    desk.result({"codes": len(book.codes)}, f"{review} now has the codebook {book.name}, {len(book.codes)} codes.")


@code.command("export")
@click.argument("review")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--overwrite", is_flag=True, help="Replace a file that is there.")
@with_desk
def export_codes(desk: Desk, review: str, file: Path, overwrite: bool) -> None:
    """Write the codebook of a review: TOML, or a REFI-QDA codebook when FILE ends in .qdc."""
    home = desk.unlock()
    with home.reading() as session:
        one = find_review(session, review)
        book = codebook_of(home, one)
    project = build(
        review=review, profile=Profile.INTERNAL, codebook=book, documents=(), extracts=(), created=one.created_at
    )
    data = export("qdc", project) if file.suffix == ".qdc" else book.to_toml().encode()
    place(data, file, overwrite)
    desk.result({"codes": len(book.codes)}, f"Wrote {len(book.codes)} codes.")


@click.group()
def extract() -> None:
    """Extracts: pseudonymised quotes with their codes."""


@extract.command()
@click.argument("reference")
@click.option(
    "--code", "codes", multiple=True, required=True, help="Name, id, alias or shortcut of a code; may be given again."
)
@click.option("--quote", help="Words of the pseudonymised transcript.")
@click.option("--turn", type=int, help="The turn the quote is in; alone, the whole turn.")
@click.option("--memo", default="", help="A note on the extract.")
@with_desk
def add(desk: Desk, reference: str, codes: tuple[str, ...], quote: str | None, turn: int | None, memo: str) -> None:
    """Add an extract by its quote, or a whole turn."""
    if quote is None and turn is None:
        raise click.UsageError("Say the --quote, the --turn, or both.")
    number, one = extracting.add(desk.unlock(), desk.actor, reference, codes=codes, quote=quote, turn=turn, memo=memo)
    desk.result({"extract": number, "quote": one.quote, "codes": one.codes}, f"Added extract {number}.")


@extract.command("list")
@click.argument("reference")
@with_desk
def list_extracts(desk: Desk, reference: str) -> None:
    """Show the extracts of a conversation, and what is wrong with any."""
    home = desk.unlock()
    found = extracting.listed(home, desk.actor, reference)
    with home.reading() as session:
        titles = {code.id: code.name for code in codebook_of(home, find_conversation(session, reference).review).codes}
    rows = [
        {
            "extract": number,
            "turn": one.anchor.first_turn,
            "at": timestamp(one.start),
            "speaker": one.speaker.value,
            "codes": "; ".join(one.codes if desk.as_json else (titles.get(code, code) for code in one.codes)),
            "quote": one.quote,
            "memo": one.memo,
            "to mend": "; ".join(faults),
        }
        for number, one, faults in found
    ]
    desk.table(rows, "No extract yet.")


@extract.command("import")
@click.argument("reference")
@click.argument("file", type=click.Path(path_type=Path))
@with_desk
def import_extracts(desk: Desk, reference: str, file: Path) -> None:
    """Add extracts from a CSV table with the columns turn, quote, codes, memo; all or nothing."""
    home = desk.unlock()
    try:
        data = file.read_bytes()
    except OSError:
        raise NoSuchFile from None
    added = extracting.import_table(home, desk.actor, reference, data)
    desk.result({"added": [number for number, _ in added]}, f"Added {len(added)} extracts.")


@extract.command()
@click.argument("reference")
@click.argument("number", type=int)
@click.option("--undo", is_flag=True, help="Put a removed extract back.")
@with_desk
def remove(desk: Desk, reference: str, number: int, undo: bool) -> None:
    """Take an extract out, or put it back."""
    if undo:
        extracting.restore(desk.unlock(), desk.actor, reference, number)
    else:
        extracting.remove(desk.unlock(), desk.actor, reference, number)
    desk.result({"extract": number, "removed": not undo}, f"{'Put back' if undo else 'Removed'} extract {number}.")


@extract.command()
@click.argument("review")
@click.option("--csv", "file", type=click.Path(path_type=Path), help="Write the quotes themselves to this CSV file.")
@with_desk
def matrix(desk: Desk, review: str, file: Path | None) -> None:
    """The framework matrix: how many extracts each position has under each code; --csv writes the quotes in the cells."""
    found = comparing.framework(desk.unlock(), desk.actor, review)
    if file is not None:
        place(found.to_csv(), file)
    head, *body = found.to_table()
    # Many codes and few positions: on a screen a line a code is readable where a column a code is not.
    lines = [
        dict(zip(["code", *(line[0] for line in body)], column, strict=True))
        for column in zip(head, *body, strict=True)
    ]
    desk.result(
        [dict(zip(head, line, strict=True)) for line in body],
        columns(lines[1:]) if len(head) > 1 else "No extract yet.",
    )


@extract.command()
@click.argument("target")
@click.option("--coder", "coders", multiple=True, help="One of the two people to compare; give it twice.")
@click.option(
    "--unit", type=click.Choice([unit.value for unit in Unit]), default=Unit.TURNS.value, show_default=True,
    help="Count turns, or characters: how much of a turn was meant.",
)  # fmt: skip
@with_desk
def agreement(desk: Desk, target: str, coders: tuple[str, ...], unit: str) -> None:
    """How far two coders agree about TARGET, a conversation or a review, and about which turns they should talk."""
    (first, second), found = comparing.compare(desk.unlock(), desk.actor, target, coders=coders, unit=Unit(unit))
    rows = [_figures(one, first, second, desk.as_json) for one in found]
    together = {"code": "all codes together", **_coefficients(overall(found))}
    if desk.as_json:
        desk.result({"coders": [first, second], "unit": unit, "codes": rows, "all": together})
        return
    desk.say(f"{first} and {second}, counted in {unit}\n")
    desk.say(columns([*rows, together | dict.fromkeys((f"only {first}", f"only {second}"), "")]))


def _figures(one: Agreement, first: str, second: str, as_json: bool) -> dict[str, object]:
    apart = {f"only {first}": one.only_first, f"only {second}": one.only_second}
    shown = {
        name: [*map(_turn, places)] if as_json else ", ".join(map(_turn, places)) for name, places in apart.items()
    }
    return {"code": one.code.id if as_json else one.code.name, **_coefficients(one.table), **shown}


def _coefficients(table: Table) -> dict[str, object]:
    figures = {"agreement": table.share, "kappa": table.kappa, "alpha": table.alpha}
    return {"units": table.units} | {name: round(value, 3) for name, value in figures.items()}


def _turn(place: Place) -> str:
    return f"{place[0]}:{place[1]}"
