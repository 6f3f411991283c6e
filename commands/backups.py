"""`candour backup` and `candour restore`: for the day on which the disk is dead."""

from pathlib import Path

import click

from commands.desk import Desk, with_desk
from commands.keys import public_key
from retention import backups
from retention.restore import Restored
from retention.restore import restore as bring_back
from storage import recovery


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@with_desk
def backup(desk: Desk, folder: Path) -> None:
    """Copy the home to a new FOLDER, whole or not at all. It holds no key; work may go on meanwhile, no passphrase is needed.

    What opens it is a recovery copy: candour vault recovery-copy. Speech models are left out.
    """
    with desk.progress("Backing up", 1) as report:
        made = backups.make(desk.home, desk.actor, folder, report)
    desk.result(
        {"sealed files": made.sealed_files, "bytes": made.size, "log entries": made.entries},
        f"Backed up {made.sealed_files} sealed files, {made.size} bytes in all; the log has {made.entries} entries.",
    )


@click.command()
@click.argument("source", metavar="BACKUP", type=click.Path(path_type=Path))
@click.option("--recovery-copy", "copy", type=click.Path(path_type=Path), required=True, help="The newest there is.")
@click.option(
    "--identity", type=click.Path(path_type=Path), required=True, help="File with the age identity of one custodian."
)
@click.option("--key", help="Public key of the log that you were given; without it nothing shows that both are yours.")
@with_desk
def restore(desk: Desk, source: Path, copy: Path, identity: Path, key: str | None) -> None:
    """Make a new home, named with --home, from a BACKUP and a recovery copy. What was destroyed stays destroyed."""
    known = public_key(key) if key else None
    opened = recovery.open_copy(copy, recovery.read_identities(identity), known)
    passphrase = desk.passphrase()
    with desk.progress("Restoring", 1) as report:
        done = bring_back(source, opened, passphrase, desk.folder, desk.actor_in, report)
    data = {
        "conversations": done.conversations,
        "keys": done.keys,
        "destroyed": done.destroyed,
        "lost": done.lost,
        "keys left behind": done.left_behind,
        "log entries": done.entries,
        "log entries missing": done.missing_entries,
        "copy logged": done.logged,
        "log": done.log,
    }
    desk.result(data, _told(done, known is not None))


def _told(done: Restored, log_is_known: bool) -> str:
    lines = [f"Restored {done.conversations} conversations; all {done.keys} keys that they have open."]
    if done.destroyed:
        lines.append(f"Destroyed since the backup, and so marked: {', '.join(done.destroyed)}")
    if done.lost:
        lines.append(
            f"Newer than the recovery copy, so that their keys are lost: {', '.join(done.lost)}. "
            "If there is a newer copy, restore again with it."
        )
    if done.left_behind:
        lines.append(f"{done.left_behind} keys that nothing calls for any more were left behind.")
    lines.append(f"The log goes on after entry {done.entries - 1}. Tell whoever keeps its checkpoints.")
    if done.missing_entries:
        lines.append(f"At least {done.missing_entries} later entries are lost with the old disk.")
    if not done.logged:
        lines.append(
            "The log of the backup is older than the recovery copy: its signature shows who made it, and no entry does."
        )
    if not log_is_known:
        lines.append(f"Compare the key of the log with the one that you or your auditors kept: {done.log}")
    lines.append("Now make a new recovery copy, and destroy the one used here: candour vault recovery-copy")
    return "\n".join(lines)
