"""`candour export`: extracts leave, for a reader."""

from collections.abc import Callable
from pathlib import Path

import click

from commands.desk import Desk, with_desk
from pipeline.export import exporting
from pipeline.export.formats import FORMATS
from pipeline.export.line_ends import LineEnds
from pipeline.export.model import Profile


def for_reader(function: Callable[..., None]) -> Callable[..., None]:
    """The options that say who will read what leaves."""
    for option in (
        click.option(
            "--recipient",
            metavar="POSITION",
            help="With --for participant and a review: who receives it, as a confidential draft.",
        ),
        click.option(
            "--for", "profile", type=click.Choice([p.value for p in Profile]), default=Profile.INTERNAL.value,
            show_default=True,
            help="Who will read it. The public gets no place, exact date, agency or one-off role that nobody confirmed.",
        ),
    ):  # fmt: skip
        function = option(function)
    return function


@click.command()
@click.argument("target")
@click.option("--format", "format", type=click.Choice(list(FORMATS)), help="Format; otherwise by the file's ending.")
@for_reader
@click.option(
    "--line-ends", "ends", type=click.Choice([e.value for e in LineEnds]), default=LineEnds.LF.value, show_default=True,
    help="For .qdpx: crlf1 where ATLAS.ti or MAXQDA will open it, crlf2 for NVivo on Windows.",
)  # fmt: skip
@click.option("--to", "file", type=click.Path(path_type=Path), help="File to write.")
@click.option("--overwrite", is_flag=True, help="Replace a file that is there.")
@click.option("--dry-run", is_flag=True, help="Only say what must still be decided.")
@with_desk
def export(
    desk: Desk,
    target: str,
    format: str | None,
    profile: str,
    recipient: str | None,
    ends: str,
    file: Path | None,
    overwrite: bool,
    dry_run: bool,
) -> None:
    """Write the extracts of TARGET, a conversation or a review, to a file; refused while something must be decided.

    The file is in clear. Nothing in it names anybody, as far as people decided so; it is yours to keep safe.
    """
    # the longer ending first: a .matrix.csv is no .csv
    known = sorted(FORMATS.values(), key=lambda one: -len(one.suffix))
    chosen = format or next((one.name for one in known if file and file.name.endswith(one.suffix)), None)
    home = desk.unlock()
    if dry_run:
        found = exporting.dry_run(home, desk.actor, target, Profile(profile), recipient, chosen)
        rows = [{"what": one.what.value, "where": one.reference, "decide with": one.command} for one in found]
        desk.table(rows, "Nothing stands in the way.")
        return
    if file is None:
        raise click.UsageError("Say where --to write it.")
    if chosen is None:
        raise click.UsageError(
            f"Say the --format, or end the file in one of {', '.join(f.suffix for f in FORMATS.values())}."
        )
    done = exporting.write(
        home, desk.actor, target, format=chosen, profile=Profile(profile), path=file, overwrite=overwrite,
        recipient=recipient, ends=LineEnds(ends),
    )  # fmt: skip
    what = f"{done.extracts} extracts" if done.extracts else f"a {chosen} file without extracts"
    lost = "\n".join(f"  not carried: {one}" for one in done.lost)
    desk.result(
        {"extracts": done.extracts, "digest": done.digest, "lost": done.lost},
        f"Wrote {what}, read back equal. Digest {done.digest[:16]}…{chr(10) + lost if lost else ''}",
    )
