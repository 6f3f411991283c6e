"""`candour vault`: recovery copies and the passphrase."""

from pathlib import Path

import click

from commands.desk import Desk, with_desk
from commands.keys import public_key
from retention import copies, rotation
from retention.copies import CopyState
from storage import recovery

_FILE = click.Path(dir_okay=False, path_type=Path)


@click.group()
def vault() -> None:
    """The keys: recovery copies, and a new passphrase."""


@vault.command("recovery-copy")
@click.argument("file", type=_FILE)
@click.option(
    "--recipient",
    "recipients",
    multiple=True,
    required=True,
    help="age recipient of a custodian (age1...); may be given again, and each then opens it.",
)
@with_desk
def recovery_copy(desk: Desk, file: Path, recipients: tuple[str, ...]) -> None:
    """Write a numbered copy of all keys to FILE, sealed to its custodians. Opening it also needs the vault's passphrase.

    Make one whenever something was planned or destroyed. Each destruction makes the earlier ones obsolete: they must then be
    destroyed, and their holders attest it.
    """
    home = desk.unlock()
    made = copies.make(home, desk.actor, file, recipients)
    old = [one.number for one in copies.views(home) if one.state is CopyState.OBSOLETE]
    text = f"Wrote recovery copy {made.number} of epoch {made.epoch}. Keep it away from this machine."
    if old:
        text += f"\nDestroy every earlier one, then attest: candour vault attest {' '.join(map(str, old[:1]))}"
    desk.result({"number": made.number, "epoch": made.epoch, "obsolete": old}, text)


@vault.command()
@click.argument("file", type=_FILE)
@click.option("--identity", type=_FILE, required=True, help="File with your age identity.")
@click.option("--key", required=True, help="Public key of the log, from a source you trust.")
@with_desk
def check(desk: Desk, file: Path, identity: Path, key: str) -> None:
    """Check, as its custodian, that the recovery copy in FILE was made by the home whose log has this key. Needs no home."""
    known = public_key(key)
    copy = recovery.open_copy(file, recovery.read_identities(identity), known)
    made = {"number": copy.number, "epoch": copy.taken.epoch, "made": copy.made_at, "entry": copy.entries}
    desk.result(
        made | {"digest": copy.digest},
        f"Recovery copy {copy.number} of epoch {copy.taken.epoch}, made {copy.made_at:%Y-%m-%d %H:%M} UTC, signed by the log.\n"
        f"Entry {copy.entries} of the log is about it, with the digest {copy.digest}",
    )


@vault.command("copies")
@with_desk
def list_copies(desk: Desk) -> None:
    """Show the recovery copies and what is to be done with each. Needs no passphrase."""
    found = copies.views(desk.home)
    rows = [
        {
            "copy": one.number,
            "epoch": one.epoch,
            "made": one.made_at,
            "by": one.made_by,
            "state": one.state.value,
            "attested": one.attested_at,
        }
        for one in found
    ]
    desk.table(rows, "No recovery copy was ever made.")
    if not any(one.state is CopyState.CURRENT for one in found):
        desk.say("If this disk dies now, not everything can be brought back: candour vault recovery-copy")


@vault.command()
@click.argument("number", type=int)
@with_desk
def attest(desk: Desk, number: int) -> None:
    """Sign with your password that you held recovery copy NUMBER and have destroyed it."""
    actor = desk.actor
    copies.attest(desk.home, actor, desk.password(actor.name), number)
    desk.result({"number": number, "attested": True}, f"Copy {number} is attested as destroyed.")


@vault.command()
@click.option("--new-passphrase-file", type=_FILE, help="File with the new passphrase, instead of the prompt.")
@with_desk
def rotate(desk: Desk, new_passphrase_file: Path | None) -> None:
    """Give the vault a new passphrase. Recovery copies made before open with the old one only: destroy them."""
    home = desk.unlock()
    epoch = rotation.rotate(home, desk.actor, desk.new_passphrase(new_passphrase_file))
    desk.result({"epoch": epoch}, f"The vault has a new passphrase (epoch {epoch}). Make a new recovery copy.")
