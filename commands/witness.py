"""`candour audit witness`: people outside who cosign the log, so that nobody can show different logs to different people.

`list`, `request`, `take` and `ask` are for the home; `create` and `cosign` are for the witness, who needs none.
"""

from datetime import UTC, datetime
from pathlib import Path

import click

from access.roles import Act, require
from commands.desk import Desk, with_desk
from commands.keys import public_key
from pipeline.export.place import place
from retention import witnessing
from storage.errors import BadInput, Unavailable
from storage.log.note import KeyKind
from storage.log.witness import WitnessFolder

_FILE = click.Path(path_type=Path)


class NoSuchFile(BadInput):
    """witness: the file cannot be read as text; check its name"""


class NotAllCosigned(Unavailable):
    """witness: {names} did not cosign; the reasons stand above"""


@click.group()
def witness() -> None:
    """People outside who cosign the log: what they are sent, what they send back, and how to be one."""


@witness.command("list")
@with_desk
def list_(desk: Desk) -> None:
    """Show who is set to cosign the log, what each has seen of it, and whether that is enough."""
    rows = [
        {
            "name": one.name,
            "entries": one.size,
            "when": one.at,
            "since then": one.behind,
            "address": one.address,
            "key": one.key,
        }
        for one in witnessing.standings(desk.home)
    ]
    if desk.as_json:
        desk.result({"witnesses": rows, "enough have cosigned": witnessing.quorate(desk.home)})
        return
    desk.table(rows, "Nobody is set; name witnesses in candour.toml, [log] witnesses.")
    if rows:
        enough = witnessing.quorate(desk.home)
        desk.say(
            "Not enough of them have cosigned yet." if enough is None else f"Enough of them have seen {enough} entries."
        )


@witness.command()
@click.argument("name")
@click.option("--to", "file", type=_FILE, help="Write it to this file.")
@with_desk
def request(desk: Desk, name: str, file: Path | None) -> None:
    """Print what a witness needs to cosign the newest checkpoint, to be carried to them as a file."""
    _hand_out(desk, "request", str(witnessing.request(desk.home, name)), file)


@witness.command()
@click.argument("file", type=_FILE)
@with_desk
def take(desk: Desk, file: Path) -> None:
    """Take in the checkpoint that a witness has cosigned."""
    actor = desk.actor
    require(actor.roles, Act.VERIFY, actor.name)
    _tell(desk, witnessing.take(desk.home, actor.name, _text(file)))


@witness.command()
@click.argument("name", required=False)
@with_desk
def ask(desk: Desk, name: str | None) -> None:
    """Ask the witnesses that have an address, or the one named, over the web.

    Each destruction asks them too, before the keys go and for its certificate. Nothing else in Candour calls them.
    """
    actor = desk.actor
    require(actor.roles, Act.VERIFY, actor.name)
    _tell(desk, witnessing.ask(desk.home, actor.name, name))


@witness.command()
@click.argument("folder", type=_FILE)
@click.option("--name", required=True, help="Your public name as a witness, such as a domain with a path.")
@click.option(
    "--post-quantum", is_flag=True, help="Sign with ML-DSA-44 instead of Ed25519; older tools cannot read it."
)
@with_desk
def create(desk: Desk, folder: Path, name: str, post_quantum: bool) -> None:
    """Become a witness: make a key in a folder of yours, and print the public key for those whose log you watch."""
    made = WitnessFolder.create(folder, name, KeyKind.WITNESS_PQ if post_quantum else KeyKind.WITNESS)
    desk.result({"key": str(made.verifier)}, str(made.verifier))


@witness.command()
@click.argument("file", type=_FILE)
@click.option(
    "--witness", "folder", type=_FILE, required=True, help="Your folder, from `candour audit witness create`."
)
@click.option("--log", "log_key", help="Public key of the log, from a source you trust; needed the first time.")
@click.option("--to", type=_FILE, help="Write the cosigned checkpoint to this file.")
@with_desk
def cosign(desk: Desk, file: Path, folder: Path, log_key: str | None, to: Path | None) -> None:
    """Cosign the checkpoint in a request, if it continues what you cosigned last, and remember it."""
    text = _text(file)
    known = public_key(log_key) if log_key else None
    cosigned = WitnessFolder.open(folder).cosign(text, datetime.now(UTC), known)
    _hand_out(desk, "checkpoint", cosigned, to)


def _hand_out(desk: Desk, what: str, text: str, file: Path | None) -> None:
    if file is None:
        desk.result({what: text}, text.rstrip("\n"))
    else:
        place(text.encode(), file)
        desk.result({what: text}, f"Wrote the {what}.")


def _tell(desk: Desk, asked: list[witnessing.Asked]) -> None:
    for one in asked:
        desk.say(f"{one.name}: {one.trouble or f'has cosigned {one.size} entries'}")
    if not asked:
        desk.say("No witness with an address is set in candour.toml, [log] witnesses.")
    if desk.as_json:
        desk.result([{"name": one.name, "entries": one.size, "trouble": one.trouble} for one in asked])
    if silent := [one.name for one in asked if one.trouble]:
        raise NotAllCosigned(names=", ".join(silent))


def _text(file: Path) -> str:
    try:
        return file.read_bytes().decode()
    except (OSError, UnicodeDecodeError):
        raise NoSuchFile from None
