"""`candour retention`: what will be destroyed, when and why; and doing it."""

import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Final

import click

from access.roles import Act, require
from commands.desk import Desk, confirm, until_asked_to_stop, with_desk
from retention import calendar, clock, extending, job, orders, plan, withdrawal
from retention.withdrawal import Ground
from storage import durable
from storage.errors import Busy, CandourError, Refused
from storage.home import Home

PAUSE: Final = 60.0
_STEP: Final = 0.2
_DAY = click.DateTime(["%Y-%m-%d"])


class CalendarExists(Refused):
    """retention: there is a file at that place already; name a new one, nothing was changed"""


@click.group()
def retention() -> None:
    """What goes when, and why."""


@retention.command("plan")
@with_desk
def show_plan(desk: Desk) -> None:
    """Show what the schedules will destroy, when and why, and what it waits for. Destroys nothing, needs no passphrase."""
    lines = plan.plan(desk.home, desk.home.now())
    desk.table([_row(line) for line in lines], "Nothing is planned.")
    _tell_of_clock(desk, lines)


def _row(line: plan.Planned) -> dict[str, object]:
    return {
        "conversation": line.conversation or line.review,
        "position": line.position or "(the whole review)",
        "what": line.object_class.value,
        "on": line.at,
        "why": line.reason,
        "order": line.order,
        "waits for": line.waits_for or "nothing: due",
    }


def _tell_of_clock(desk: Desk, lines: list[plan.Planned]) -> None:
    if any(line.waits_for == plan.CONFIRMATION for line in lines):
        today = f"{desk.home.machine_clock():%Y-%m-%d}"
        desk.say(
            f"The clock of this machine says {today}, but the log cannot vouch for so much time. If that is the date today: "
            f"candour retention confirm-date {today}"
        )


@retention.command("calendar")
@click.option(
    "--to", "file", type=click.Path(dir_okay=False, path_type=Path), help="A new file; otherwise it is shown."
)
@with_desk
def show_calendar(desk: Desk, file: Path | None) -> None:
    """Give the days of the plan as a calendar (iCalendar), for any calendar program. It holds references and dates only."""
    home = desk.home
    lines = [line for line in plan.plan(home, home.now()) if line.at is not None]
    data = [
        {"on": one.at, "what": one.object_class.value, "reference": one.conversation or one.review} for one in lines
    ]
    text = calendar.to_icalendar(lines, home.signer.origin, home.now())
    if file is None:
        desk.result(data, text.rstrip("\r\n"))
        return
    if file.exists():
        raise CalendarExists
    with durable.plain_refusals():
        file.write_bytes(text.encode())
    desk.result(data, f"Wrote {len(lines)} days.")


@retention.command("confirm-date")
@click.argument("day", type=_DAY)
@with_desk
def confirm_date(desk: Desk, day: datetime) -> None:
    """Say that today is DAY (YYYY-MM-DD), as the clock of this machine shows too.

    Nothing is destroyed because a clock was moved: deadlines count time that the log can vouch for. After the machine was off
    that lags behind, until somebody confirms the date.
    """
    moved = clock.confirm(desk.home, desk.actor, day.date())
    said = f" {moved} dates that a wrong clock had put later count from today." if moved else ""
    desk.result({"date": f"{day:%Y-%m-%d}", "moved": moved}, f"It is {day:%Y-%m-%d}, on record.{said}")


@retention.command()
@click.argument("conversation")
@click.option("--until", type=_DAY, required=True, help="The first day on which the recording may go (YYYY-MM-DD).")
@click.option("--reason", required=True, help="Why it is needed longer.")
@click.option("--reference", required=True, help="What that rests on, such as a letter or decision.")
@with_desk
def extend(desk: Desk, conversation: str, until: datetime, reason: str, reference: str) -> None:
    """Keep the recording of a conversation longer than its schedule says, also past the date that no recording outlives.

    Signed with your own key.
    """
    home, actor = desk.unlock(), desk.actor
    typed = desk.password(actor.name)
    extending.extend(home, actor, typed, conversation, until.date(), reason=reason, reference=reference)
    day = f"{until:%Y-%m-%d}"
    desk.result({"conversation": conversation, "until": day}, f"The recording of {conversation} is kept until {day}.")


@retention.command()
@click.argument("conversation")
@click.option("--ground", type=click.Choice([one.value for one in Ground]), required=True, help="The lawful ground.")
@click.option("--reason", required=True, help="Why that ground applies.")
@click.option("--reference", required=True, help="What it rests on, such as a provision or letter.")
@with_desk
def refuse(desk: Desk, conversation: str, ground: str, reason: str, reference: str) -> None:
    """Refuse a withdrawal on a lawful ground: its order is cancelled, and the conversation is what it was before.

    Signed with your own key.
    """
    home, actor = desk.unlock(), desk.actor
    typed = desk.password(actor.name)
    withdrawal.refuse(home, actor, typed, conversation, Ground(ground), reason=reason, reference=reference)
    desk.result(
        {"conversation": conversation, "refused": ground},
        f"The withdrawal of {conversation} is refused, on record. Tell the participant, with the ground and how to complain.",
    )


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
@click.option("--watch", is_flag=True, help="Keep at it until stopped, looking again every minute.")
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
    if due:
        consequence = f"{len(due)} orders will be carried out now; what they destroy cannot be brought back."
        confirm(desk, yes, "destroy", consequence)
    if watch:
        _watch(desk, home, until_asked_to_stop())
    elif failed := _round(desk, home):
        raise click.exceptions.Exit(failed)


def _watch(desk: Desk, home: Home, stop: Callable[[], bool]) -> None:
    """Round after round. What cannot be done now, such as for a full disk or a worker at work, is tried again."""
    desk.say("Watching; stop with Ctrl-C.")
    known: dict[int, str] = {}
    while not stop():
        try:
            _round(desk, home, known)
        except Busy:
            pass
        except CandourError as error:
            desk.say(f"Not now: {error}")
        until = time.monotonic() + PAUSE
        while time.monotonic() < until and not stop():
            time.sleep(_STEP)


def _round(desk: Desk, home: Home, known: dict[int, str] | None = None) -> int:
    """One round; the exit code of the first order's error, or 0. Says nothing when nothing but `known` failures has come of it.

    Raises what kept it from clearing up, once it has said what was done.
    """
    with home.working():
        came = job.go_round(home)
    lines = [
        f"Made order {number}; it needs two signatures: candour retention approve {number}" for number in came.made
    ]
    for one in came.destroyed:
        seen = f"candour audit certificate {one.about}"
        lines.append(f"Order {one.order}: destroyed, certificate {one.certificate} ({seen})")
    lines += [f"Order {number} was not carried out: {error}" for number, error in came.failed.items()]
    done = [{"order": one.order, "conversation": one.about, "certificate": one.certificate} for one in came.destroyed]
    failed = {number: str(error) for number, error in came.failed.items()}
    if known is None or came.made or done or failed != known:
        desk.result({"made": came.made, "destroyed": done, "failed": failed}, "\n".join(lines) or "Nothing is due.")
    if known is not None:
        known.clear()
        known.update(failed)
    if came.unswept is not None:
        raise came.unswept
    return next((error.exit_code for error in came.failed.values()), 0)
