"""`candour signoff` and `candour hold`: what needs a person's own signature."""

import click

from commands.desk import Desk, confirm, with_desk
from retention import approvals, holds


@click.command()
@click.argument("reference")
@click.option("--take-back", is_flag=True, help="Take all signatures back while the recording exists.")
@click.option("--yes", is_flag=True, help="Go ahead without asking.")
@with_desk
def signoff(desk: Desk, reference: str, take_back: bool, yes: bool) -> None:
    """Sign off the analysis of a conversation. Two different people must; the second is never its reviewer.

    Each signs two things with their own key: that the analysis is as it stands, and the order to destroy the recording when the
    review's schedule says so. This does not destroy yet.
    """
    home = desk.unlock()
    actor = desk.actor
    if take_back:
        approvals.take_back(home, actor, desk.password(actor.name), reference)
        desk.result({"conversation": reference, "signed": False}, f"Took back the sign-off of {reference}.")
        return
    confirm(
        desk,
        yes,
        reference,
        f"The recording of {reference} will be destroyed when two people have signed and its day has come.",
    )
    done = approvals.sign_off(home, actor, desk.password(actor.name), reference)
    text = (
        f"{reference} is signed off. Order {done.order} is carried out on its day: candour retention plan"
        if done.complete
        else f"Signed. A second, different person must sign {reference} too."
    )
    desk.result({"conversation": reference, "complete": done.complete, "order": done.order}, text)


@click.group()
def hold() -> None:
    """Orders not to destroy: placed by one, lifted by two."""


@hold.command()
@click.argument("target")
@click.option("--reason", required=True, help="Why nothing may be destroyed.")
@click.option("--reference", required=True, help="What it rests on, such as a letter or case number.")
@with_desk
def place(desk: Desk, target: str, reason: str, reference: str) -> None:
    """Forbid at once to destroy anything of TARGET, a conversation or a review. Signed with your own key."""
    home = desk.unlock()
    actor = desk.actor
    number = holds.place(home, actor, desk.password(actor.name), target, reason=reason, reference=reference)
    desk.result(
        {"hold": number}, f"Hold {number} stands on {target}. Two people can lift it: candour hold lift {number}"
    )


@hold.command()
@click.argument("number", type=int)
@click.option("--reason", required=True, help="Why it may be lifted.")
@click.option("--reference", required=True, help="What that rests on.")
@with_desk
def lift(desk: Desk, number: int, reason: str, reference: str) -> None:
    """Agree to lift a hold. It stands until a second, different person agrees too."""
    home = desk.unlock()
    actor = desk.actor
    lifted = holds.lift(home, actor, desk.password(actor.name), number, reason=reason, reference=reference)
    text = (
        f"Hold {number} is lifted." if lifted else f"Hold {number} still stands: a second, different person must agree."
    )
    desk.result({"hold": number, "lifted": lifted}, text)


@hold.command("list")
@with_desk
def list_holds(desk: Desk) -> None:
    """Show all holds with their reasons."""
    rows = [
        {
            "hold": view.number,
            "on": view.conversation or view.review,
            "reason": view.reason,
            "reference": view.reference,
            "placed by": view.placed_by,
            "placed": view.placed_at,
            "agreed to lift": ", ".join(view.lifters),
            "lifted": view.lifted_at,
        }
        for view in holds.views(desk.unlock())
    ]
    desk.table(rows, "No hold.")
