"""`candour extract`: quotes filed under the codes of a review, alone and beside each other."""

from pathlib import Path

import click

from commands.desk import Desk, columns, with_desk
from commands.files import contents
from pipeline.codes import comparing, extracting, finding, interpreting
from pipeline.codes.accounts import Account
from pipeline.codes.agreement import Agreement, Table, Unit, overall
from pipeline.codes.agreement import Place as TurnOf
from pipeline.codes.extracting import Place
from pipeline.codes.finding import Wanted
from pipeline.transcripts.transcript import timestamp


@click.group()
def extract() -> None:
    """Extracts: pseudonymised quotes with their codes."""


@extract.command()
@click.argument("reference")
@click.option("--code", "codes", multiple=True, help="Name, id, alias or shortcut of a code; may be given again.")
@click.option("--in-vivo", is_flag=True, help="Make its own words a code of the review.")
@click.option("--quote", help="Words of the pseudonymised transcript; they may go over several turns.")
@click.option("--turn", type=int, help="The turn the quote is in or begins in; alone, the whole turn.")
@click.option("--last", type=int, help="With --turn and no quote: whole turns up to this one.")
@click.option("--memo", default="", help="A note on the extract.")
@with_desk
def add(
    desk: Desk,
    reference: str,
    codes: tuple[str, ...],
    in_vivo: bool,
    quote: str | None,
    turn: int | None,
    last: int | None,
    memo: str,
) -> None:
    """Add an extract by its quote, or whole turns. Extracts may overlap."""
    if quote is None and turn is None:
        raise click.UsageError("Say the --quote, the --turn, or both.")
    if not codes and not in_vivo:
        raise click.UsageError("Say a --code, or --in-vivo.")
    number, one = extracting.add(
        desk.unlock(), desk.actor, reference, codes=codes, quote=quote, turn=turn, last=last, memo=memo, in_vivo=in_vivo
    )
    desk.result({"extract": number, "quote": one.quote, "codes": one.codes}, f"Added extract {number}.")


@extract.command("list")
@click.argument("target")
@click.option("--code", default="", help="Only those under this code; under a heading, those of the codes below it.")
@click.option("--below", is_flag=True, help="With --code: also those of the codes below it.")
@click.option("--position", default="", help="Only those of one position.")
@click.option("--coder", default="", help="Only those of one person.")
@click.option("--text", default="", help="Only those with these words in quote or memo.")
@click.option("--to-mend", is_flag=True, help="Only those with something wrong.")
@with_desk
def list_extracts(
    desk: Desk, target: str, code: str, below: bool, position: str, coder: str, text: str, to_mend: bool
) -> None:
    """Show the extracts of TARGET, a conversation or a review, and what is wrong with any."""
    wanted = Wanted(code=code, below=below, position=position, coder=coder, text=text, to_mend=to_mend)
    found = finding.of_target(desk.unlock(), desk.actor, target, wanted)
    titles = {one.id: one.name for one in found.book.codes}
    rows = [
        {
            "conversation": one.extract.conversation,
            "extract": one.number,
            "turn": one.extract.anchor.first_turn,
            "at": timestamp(one.extract.start),
            "position": one.extract.position,
            "speaker": one.extract.speaker.value,
            "coder": one.extract.coder,
            "codes": "; ".join(one.extract.codes if desk.as_json else (titles.get(id, id) for id in one.extract.codes)),
            "quote": one.extract.quote,
            "memo": one.extract.memo,
            "to mend": "; ".join(one.faults),
        }
        for one in found.wanted
    ]
    desk.table(rows, "No extract is like that." if found.every else "No extract yet.")


@extract.command("import")
@click.argument("reference")
@click.argument("file", type=click.Path(path_type=Path))
@with_desk
def import_extracts(desk: Desk, reference: str, file: Path) -> None:
    """Add extracts from a CSV table with the columns turn, quote, codes, memo; all or nothing."""
    home = desk.unlock()
    added = extracting.import_table(home, desk.actor, reference, contents(file, "extract"))
    desk.result({"added": [number for number, _ in added]}, f"Added {len(added)} extracts.")


@extract.command()
@click.argument("reference")
@click.argument("number", type=int)
@click.option("--code", "codes", multiple=True, help="Its codes from now on, all of them; may be given again.")
@click.option("--add-code", "more", multiple=True, help="One more code; may be given again.")
@click.option("--drop-code", "fewer", multiple=True, help="A code it no longer has; may be given again.")
@click.option("--memo", help="Another note; empty takes it away.")
@click.option("--quote", help="Other words of the pseudonymised transcript.")
@click.option("--turn", type=int, help="The turn the quote is in; alone, the whole turn.")
@click.option("--last", type=int, help="With --turn and no quote: whole turns up to this one.")
@with_desk
def change(
    desk: Desk,
    reference: str,
    number: int,
    codes: tuple[str, ...],
    more: tuple[str, ...],
    fewer: tuple[str, ...],
    memo: str | None,
    quote: str | None,
    turn: int | None,
    last: int | None,
) -> None:
    """Give one of your extracts other codes, another memo, or other words: also the way to mend one."""
    where = None if quote is None and turn is None else Place(quote=quote, turn=turn, last=last)
    if not (codes or more or fewer or where) and memo is None:
        raise click.UsageError("Say what to change.")
    one = extracting.change(
        desk.unlock(),
        desk.actor,
        reference,
        number,
        codes=codes or None,
        more=more,
        fewer=fewer,
        memo=memo,
        place=where,
    )
    desk.result({"extract": number, "quote": one.quote, "codes": one.codes}, f"Changed extract {number}.")


@extract.command()
@click.argument("reference")
@click.argument("numbers", type=int, nargs=-1, required=True)
@click.option("--undo", is_flag=True, help="Put removed extracts back.")
@with_desk
def remove(desk: Desk, reference: str, numbers: tuple[int, ...], undo: bool) -> None:
    """Take extracts of yours out, or put them back."""
    act = extracting.restore if undo else extracting.remove
    act(desk.unlock(), desk.actor, reference, *numbers)
    desk.result({"extracts": numbers, "removed": not undo}, f"{'Put back' if undo else 'Removed'} {_numbers(numbers)}.")


@extract.command()
@click.argument("reference")
@with_desk
def undo(desk: Desk, reference: str) -> None:
    """Take back what you did last to the extracts of a conversation; again and again, as far back as you like."""
    about = extracting.undo(desk.unlock(), desk.actor, reference)
    desk.result({"extracts": about}, f"Taken back: {_numbers(about)}.")


@extract.command()
@click.argument("reference")
@with_desk
def redo(desk: Desk, reference: str) -> None:
    """Do again what you took back last."""
    about = extracting.redo(desk.unlock(), desk.actor, reference)
    desk.result({"extracts": about}, f"Done again: {_numbers(about)}.")


def _numbers(numbers: list[int] | tuple[int, ...]) -> str:
    return f"extract{'' if len(numbers) == 1 else 's'} {', '.join(map(str, numbers))}"


@extract.command()
@click.argument("target", metavar="REVIEW")
@click.option("--rolled-up", is_flag=True, help="A code counts what is filed below it too, and headings have a line.")
@click.option("--below", "branch", metavar="CODE", help="Only this code and those below it.")
@click.option("--coder", help="Only the extracts of one person.")
@with_desk
def matrix(desk: Desk, target: str, rolled_up: bool, branch: str | None, coder: str | None) -> None:
    """The framework matrix: how many extracts each position has under each code.

    With the quotes it is an export: candour export REVIEW --to REVIEW.matrix.csv
    """
    found = comparing.framework(
        desk.unlock(), desk.actor, target, rolled_up=rolled_up, coder=coder, branch=branch
    ).matrix
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
@click.argument("target", metavar="REVIEW")
@click.option("--code", "label", help="Only this code and what is below it; otherwise all on which accounts differ.")
@click.option("--all", "every", is_flag=True, help="Also codes on which all positions say the same.")
@with_desk
def accounts(desk: Desk, target: str, label: str | None, every: bool) -> None:
    """Accounts side by side: for each code what each position said, and where only some of them say so."""
    found = comparing.accounts(desk.unlock(), desk.actor, target, label=label, every=every)
    desk.result([_told(one) for one in found], "\n\n".join(map(_printed, found)) or "No account differs.")


def _told(one: Account) -> dict[str, object]:
    return {
        "code": one.code.id,
        "name": one.code.name,
        "differs": one.differs,
        "positions": [
            {
                "position": voice.position,
                "conversation": voice.conversation,
                "extracts": [{"turn": e.anchor.first_turn, "quote": e.quote} for e in voice.extracts],
                "also filed under": [code.id for code in voice.beside],
                "alone with": [code.id for code in voice.alone],
            }
            for voice in one.voices
        ],
    }


def _printed(one: Account) -> str:
    lines = [f"{one.code.name}{'  — accounts differ' if one.differs else ''}"]
    for voice in one.voices:
        lines.append(f"  {voice.position} ({voice.conversation})")
        lines += [f"    turn {e.anchor.first_turn}: {' / '.join(e.quote.splitlines())}" for e in voice.extracts]
        lines += [] if voice.extracts else ["    nothing"]
        lines += [f"    only here also: {', '.join(code.name for code in voice.alone)}"] if voice.alone else []
    return "\n".join(lines)


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
    found = comparing.compare(desk.unlock(), desk.actor, target, coders=coders, unit=Unit(unit))
    first, second, every = found.first, found.second, overall(found.codes)
    rows = [_figures(one, first, second, desk.as_json) for one in found.codes]
    together = {"code": "all codes together", **_coefficients(every)}
    said = interpreting.sentences(every, Unit(unit), len(found.codes))
    if desk.as_json:
        desk.result({"coders": [first, second], "unit": unit, "codes": rows, "all": together, "reading": said})
        return
    desk.say(f"{first} and {second}, counted in {unit}\n")
    desk.say(columns([*rows, together | dict.fromkeys((f"only {first}", f"only {second}"), "")]))
    desk.say()
    for sentence in said:
        desk.say(sentence)


def _figures(one: Agreement, first: str, second: str, as_json: bool) -> dict[str, object]:
    apart = {f"only {first}": one.only_first, f"only {second}": one.only_second}
    shown = {
        name: [*map(_turn, places)] if as_json else ", ".join(map(_turn, places)) for name, places in apart.items()
    }
    return {"code": one.code.id if as_json else one.code.name, **_coefficients(one.table), **shown}


def _coefficients(table: Table) -> dict[str, object]:
    figures = {"agreement": table.share, "kappa": table.kappa, "alpha": table.alpha}
    return {"units": table.units} | {name: round(value, 3) for name, value in figures.items()}


def _turn(place: TurnOf) -> str:
    return f"{place[0]}:{place[1]}"
