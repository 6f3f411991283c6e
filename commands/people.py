"""`candour person`: who may do what."""

from pathlib import Path

import click

from access import changing, directory, sessions, signing_in
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


@person.command()
@click.argument("name")
@click.option("--add", "more", type=ROLES, multiple=True, help="A role to give; may be given again.")
@click.option("--remove", "fewer", type=ROLES, multiple=True, help="A role to take; may be given again.")
@with_desk
def roles(desk: Desk, name: str, more: tuple[str, ...], fewer: tuple[str, ...]) -> None:
    """Give and take roles. There is always somebody left with the governance role."""
    actor, now = desk.actor, directory.find(desk.home, name)
    for role in more:
        now = changing.give_role(desk.home, actor, name, Role(role))
    for role in fewer:
        now = changing.take_role(desk.home, actor, name, Role(role))
    desk.result({"name": name, "roles": now.roles}, f"{name}: {', '.join(sorted(now.roles))}")


@person.command("password")
@click.option(
    "--new-password-file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="File with the new password, instead of the prompt.",
)
@with_desk
def change_password(desk: Desk, new_password_file: Path | None) -> None:
    """Change your own password. Your signing key stays; whoever is signed in with the old one is signed out."""
    actor = desk.actor
    old = desk.password(actor.name)
    new = desk.new_password(actor.name, new_password_file)
    changing.change_password(desk.home, actor, old, new)
    desk.result({"name": actor.name, "changed": True}, f"{actor.name} has a new password.")


@person.command("login-link")
@click.argument("name")
@click.option("--page", default="http://127.0.0.1:8337", show_default=True, help="Address of the page.")
@with_desk
def login_link(desk: Desk, name: str, page: str) -> None:
    """Make a link that signs NAME in at the page once, within a day. There they may choose a password of their own."""
    link = f"{page.rstrip('/')}/sign-in/link?token={signing_in.make_link(desk.home, desk.actor, name)}"
    desk.result({"name": name, "link": link}, link)


@person.command("sessions")
@click.option("--everyone", is_flag=True, help="Not only your own; for governance.")
@with_desk
def list_sessions(desk: Desk, everyone: bool) -> None:
    """Show who is signed in at the page."""
    rows = [
        {
            "session": one.id,
            "person": one.person.name,
            "from": one.address,
            "began": one.begun,
            "last seen": one.seen,
            "ends": one.ends,
        }
        for one in sessions.going_on(desk.home, desk.actor, everyone=everyone)
    ]
    desk.table(rows, "Nobody is signed in.")


@person.command("sign-out")
@click.argument("name")
@with_desk
def sign_out(desk: Desk, name: str) -> None:
    """End every session of NAME at the page: your own, or for governance anybody's."""
    ended = sessions.end_all(desk.home, desk.actor, directory.find(desk.home, name))
    desk.result({"name": name, "ended": ended}, f"Ended {ended} sessions of {name}.")


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
