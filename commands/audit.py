"""`candour audit`: the log, for people who do not have to trust us. Needs no passphrase and no secret."""

import click

from commands.desk import Rooms

ROOMS = {
    "bundle": "evidence",
    "certificate": "evidence",
    "checkpoint": "evidence",
    "log": "evidence",
    "prove": "evidence",
    "verify": "verifying",
    "witness": "witness",
}


@click.group(cls=Rooms, rooms=ROOMS)
def audit() -> None:
    """The log and the certificates, verified."""
