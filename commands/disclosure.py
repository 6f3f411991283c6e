"""`candour disclosure`: what may leave for whom, and who decided so."""

import click

from commands.desk import Desk, with_desk
from pipeline.export import exporting
from pipeline.export.model import Profile
from pipeline.pseudonyms import disclosing

PROFILES = click.Choice([profile.value for profile in Profile])


@click.group()
def disclosure() -> None:
    """What may leave, for which reader, and who decided so."""


@disclosure.command()
@click.argument("target")
@click.option(
    "--for", "profile", type=PROFILES, default=Profile.PUBLIC.value, show_default=True, help="Who will read it."
)
@click.option("--recipient", metavar="POSITION", help="With --for participant and a review: who receives the draft.")
@with_desk
def check(desk: Desk, target: str, profile: str, recipient: str | None) -> None:
    """Show what must still be decided before TARGET, a conversation or a review, may leave."""
    found = exporting.dry_run(desk.unlock(), desk.actor, target, Profile(profile), recipient)
    rows = [{"what": one.what.value, "where": one.reference, "decide with": one.command} for one in found]
    desk.table(rows, "Nothing stands in the way.")


@disclosure.command()
@click.argument("reference")
@click.argument("at")
@click.option("--say", "shown", required=True, help='What the public reads there instead, such as "a town".')
@with_desk
def generalise(desk: Desk, reference: str, at: str, shown: str) -> None:
    """Say something in general, for all that the public reads of the review. `candour names undo` takes it back."""
    left = disclosing.generalise(desk.unlock(), desk.actor, reference, at, shown)
    desk.result({"left": left}, f"Said in general. {left or 'Nothing'} left to decide.")


@disclosure.command()
@click.argument("reference")
@click.argument("places", metavar="AT...", nargs=-1, required=True)
@click.option("--take-back", is_flag=True, help="Take the confirmation back.")
@with_desk
def confirm(desk: Desk, reference: str, places: tuple[str, ...], take_back: bool) -> None:
    """Confirm that what stands at these places points at nobody and may go to the public. Needs the governance role."""
    act = disclosing.take_back if take_back else disclosing.confirm
    left = act(desk.unlock(), desk.actor, reference, places)
    desk.result(
        {"left": left}, f"{'Taken back' if take_back else 'Confirmed'} and logged. {left or 'Nothing'} left to decide."
    )


@disclosure.command()
@click.argument("reference")
@click.option("--for", "profile", type=PROFILES, required=True, help="Who will read it.")
@click.option("--reason", required=True, help="Why it may leave all the same; sealed with the extracts.")
@with_desk
def override(desk: Desk, reference: str, profile: str, reason: str) -> None:
    """Answer for letting a conversation leave with what is open in it now. Needs the governance role, and is logged.

    It ends as soon as the extracts, or what is open in them, change.
    """
    count = disclosing.override(desk.unlock(), desk.actor, reference, Profile(profile), reason)
    desk.result({"overridden": count}, f"Logged: {desk.actor.name} answers for {count} open for {profile} readers.")


@disclosure.command("list")
@click.argument("review")
@with_desk
def list_left(desk: Desk, review: str) -> None:
    """Show what has left of a review, for whom, and what somebody answers for."""
    rows = [
        {
            "at": one.at,
            "what": one.what,
            "conversation": one.conversation,
            "for": one.profile,
            "recipient": one.recipient,
            "by": one.person,
            "reason": one.reason,
        }
        for one in disclosing.left(desk.unlock(), desk.actor, review)
    ]
    desk.table(rows, "Nothing has left yet.")
