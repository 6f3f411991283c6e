"""`candour person`: who may do what."""

from pathlib import Path

import click

from access import directory
from access.roles import Role
from commands.desk import Desk, with_desk

ROLES = click.Choice([role.value for role in Role])


@click.group()
def person() -> None:
    """People of the team and their roles."""


@person.command()
@click.argument("name")
@click.option("--role", "roles", type=ROLES, multiple=True, required=True, help="What they may do; may be given again.")
@click.option(
    "--new-password-file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="File with their password, instead of the prompt.",
)
@with_desk
def add(desk: Desk, name: str, roles: tuple[str, ...], new_password_file: Path | None) -> None:
    """Add a person. Their signing key is made here and sealed under their own password."""
    actor = desk.actor
    password = desk.password(name, file=new_password_file, new=True)
    added = directory.add(desk.home, actor, name, password, [Role(role) for role in roles])
    desk.result({"name": added.name, "roles": added.roles}, f"Added {added.name} ({', '.join(sorted(added.roles))}).")


@person.command("list")
@with_desk
def list_people(desk: Desk) -> None:
    """Show everyone and their roles."""
    rows = [
        {
            "name": one.name,
            "roles": ", ".join(sorted(one.roles)),
            "state": "disabled" if one.disabled else "",
            "public key": one.public_key.hex(),
        }
        for one in directory.everyone(desk.home)
    ]
    desk.table(rows, "Nobody yet.")


@person.command()
@click.argument("name")
@with_desk
def disable(desk: Desk, name: str) -> None:
    """Take all rights from a person. What they signed stays signed."""
    directory.disable(desk.home, desk.actor, name)
    desk.result({"name": name, "disabled": True}, f"Disabled {name}.")
