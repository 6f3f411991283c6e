"""`candour init`, `doctor` and `status`: the home itself, and what goes on in it."""

import click
from sqlalchemy import func, select

from access import directory
from access.passwords import check_password
from access.people import check_name
from access.roles import Role
from commands.desk import Desk, time_left, with_desk
from pipeline import stages
from pipeline.transcription import progress
from retention import assurance, clock, plan
from storage.home import Home
from storage.log.log import Event
from storage.models import Conversation, State

FIRST_ROLES = [Role.OPERATOR, Role.REVIEWER, Role.GOVERNANCE]


@click.command()
@click.option("--person", "name", required=True, help="Name of the first person, who can then add the others.")
@click.option(
    "--origin", default="candour.local/log", show_default=True, help="Public name of the log, such as a domain."
)
@with_desk
def init(desk: Desk, name: str, origin: str) -> None:
    """Make a home: settings, database, vault, log, first person.

    The first person may do everything until others are added. Keep the passphrase: without it nothing sealed can be opened,
    by anybody.
    """
    check_name(name)
    passphrase = desk.passphrase(new=True)
    password = desk.password(name, new=True)
    check_password(password)
    home = desk.home = Home.create(desk.folder, passphrase, origin=origin)
    directory.add_first(home, name, password, FIRST_ROLES)
    with home.writing() as session:
        home.log(session, Event.HOME_CREATED, actor=name)
    clock.keep(home)
    grade, _ = assurance.classify(assurance.survey(home))
    desk.result(
        {"home": str(home.folder), "log": home.signer.verifier_key, "assurance": grade},
        f"Made a home with its first person, {name}. Assurance class {grade} (see candour doctor).\n"
        f"Give auditors the log's public key: {home.signer.verifier_key}",
    )


@click.command()
@with_desk
def doctor(desk: Desk) -> None:
    """Look at the machine and say what a destruction here can honestly claim. Changes nothing."""
    grade, findings = assurance.classify(assurance.survey(desk.home))
    rows = [
        {"looked at": f.name, "as it should be": f.good, "seen": f.seen, "what would help": "" if f.good else f.raises}
        for f in findings
    ]
    lines = [f"  {'ok ' if f.good else '-- '} {f.name}: {f.seen}{'' if f.good else f'. {f.raises}'}" for f in findings]
    lines.append("E2 and E3 need the anchor outside this disk, which this version does not offer.")
    desk.result({"class": grade, "findings": rows}, "\n".join([f"Assurance class {grade}", *lines]))


@click.command()
@with_desk
def status(desk: Desk) -> None:
    """Show what is waiting, being worked on, and about to be destroyed. Needs no passphrase."""
    home = desk.home
    with home.reading() as session:
        counts = dict(session.execute(select(Conversation.state, func.count()).group_by(Conversation.state)).all())
        waiting = session.scalars(select(Conversation).where(Conversation.state == State.RECORDED)).all()
        attempts = home.settings.work.attempts
        far = [(one, stages.given_up(one, attempts), progress.read(session, one, home.now())) for one in waiting]
    at_work = [
        {
            "conversation": one.reference,
            "seconds done": round(one.done, 1),
            "seconds": round(one.total, 1),
            "seconds left": None if one.left is None else round(one.left),
            "trouble": row.trouble or "",
            "given up": given_up,
        }
        for row, given_up, one in far
    ]
    due = plan.due(home, home.now())
    states = {state.value: counts.get(state, 0) for state in State}
    lines = [f"  {count:3}  {state}" for state, count in states.items() if count]
    lines += [
        f"  {one.reference}: {one.done:.0f} of {one.total:.0f} s transcribed{time_left(one.left)}"
        + (f"; {row.trouble}" if row.trouble else "")
        + (f"; given up: candour work --retry {one.reference}" if given_up else "")
        for row, given_up, one in far
    ]
    lines += [f"  {len(due)} destruction orders are due: candour retention run"] if due else []
    desk.result({"states": states, "at work": at_work, "orders due": due}, "\n".join(lines) or "  Nothing yet.")
