"""`candour retention`: what will be destroyed, when and why; and doing it."""

import time

import click

from access.roles import Act, require
from commands.desk import Desk, confirm, with_desk
from retention import destroy, orders, plan
from storage.errors import CandourError
from storage.home import Home


@click.group()
def retention() -> None:
    """What goes when, and why."""


@retention.command("plan")
@with_desk
def show_plan(desk: Desk) -> None:
    """Show what the schedules will destroy, when and why, and what it waits for. Destroys nothing, needs no passphrase."""
    home = desk.home
    rows = [
        {
            "conversation": line.conversation,
            "position": line.position,
            "what": line.object_class.value,
            "on": line.at,
            "why": line.reason,
            "order": line.order,
            "waits for": line.waits_for or "nothing: due",
        }
        for line in plan.plan(home, home.now())
    ]
    desk.table(rows, "Nothing is planned.")


@retention.command()
@click.argument("number", type=int)
@click.option("--yes", is_flag=True, help="Go ahead without asking.")
@with_desk
def approve(desk: Desk, number: int, yes: bool) -> None:
    """Sign an order that no sign-off has authorised: a withdrawal, or a date nothing outlives. Two different people must."""
    home = desk.unlock()
    actor = desk.actor
    confirm(desk, yes, str(number), f"Order {number} destroys keys for ever once two people have signed.")
    complete = orders.approve(home, actor, desk.password(actor.name), number)
    text = (
        f"Order {number} may be carried out."
        if complete
        else f"Signed. A second, different person must sign order {number} too."
    )
    desk.result({"order": number, "complete": complete}, text)


@retention.command()
@click.option("--dry-run", is_flag=True, help="Only say what would be destroyed now.")
@click.option("--watch", is_flag=True, help="Keep at it, looking again every minute.")
@click.option("--yes", is_flag=True, help="Go ahead without asking.")
@with_desk
def run(desk: Desk, dry_run: bool, watch: bool, yes: bool) -> None:
    """Carry out what is due and signed by two people. Orders that a schedule calls for are made and then wait for signatures."""
    home = desk.home
    due = plan.due(home, home.now())
    if dry_run:
        desk.result({"due": due}, f"{len(due)} orders would be carried out now: {', '.join(map(str, due)) or 'none'}.")
        return
    require(desk.actor.roles, Act.RUN_RETENTION, desk.actor.name)
    desk.unlock()
    if due and not watch:
        confirm(
            desk,
            yes,
            "destroy",
            f"{len(due)} orders will be carried out now; what they destroy cannot be brought back.",
        )
    failed = _round(desk, home)
    while watch:
        time.sleep(60)
        failed = _round(desk, home, quiet=True)
    if failed:
        raise click.exceptions.Exit(failed)


def _round(desk: Desk, home: Home, *, quiet: bool = False) -> int:
    """One round; the exit code of the first error, or 0."""
    made = plan.order_due(home, home.now())
    lines = [f"Made order {number}; it needs two signatures: candour retention approve {number}" for number in made]
    done, failed, code = [], {}, 0
    with home.working():
        for number in plan.due(home, home.now()):
            try:
                outcome = destroy.carry_out(home, number)
            except CandourError as error:
                failed[number] = str(error)
                code = code or error.exit_code
                lines.append(f"Order {number} was not carried out: {error}")
            else:
                done.append({"order": number, "conversation": outcome.conversation, "certificate": outcome.certificate})
                lines.append(
                    f"Order {number}: destroyed, certificate {outcome.certificate} "
                    f"(candour audit certificate {outcome.conversation})"
                )
    if lines or not quiet:
        desk.result({"made": made, "destroyed": done, "failed": failed}, "\n".join(lines) or "Nothing is due.")
    return code
