"""`candour review`, `participant` and `conversation`: what exists before and around a recording."""

from datetime import datetime

import click
from sqlalchemy import select

from commands import conventions as written
from commands.desk import Desk, cell, confirm, with_desk
from commands.shipped import shipped_or_file
from pipeline import reviews
from pipeline.codes import codebook
from pipeline.reviews import RegisterEntry
from pipeline.transcription import languages
from pipeline.transcripts import agreeing, conventions
from retention import policy, withdrawal
from storage.models import Conversation, Participant, Review


@click.group()
def review() -> None:
    """Case reviews: a reference, a retention schedule, a codebook."""


@review.command()
@click.argument("reference")
@click.option(
    "--schedule", default="learning-together", show_default=True, help="Shipped retention schedule, or a TOML file."
)
@click.option(
    "--codebook", "book", default="learning-together", show_default=True, help="Shipped codebook, or a TOML file."
)
@click.option(
    "--conventions",
    "profile",
    default=written.DEFAULT,
    show_default=True,
    help="How transcripts are written: a shipped profile (also verbatim), or a TOML file.",
)
@with_desk
def create(desk: Desk, reference: str, schedule: str, book: str, profile: str) -> None:
    """Open a review. The reference must never be a real name."""
    schedule_text = shipped_or_file("retention schedule", "retention", schedule)
    policy.parse(schedule_text)
    parsed = codebook.parse(shipped_or_file("codebook", "codebooks", book))
    chosen = written.named(profile)
    home = desk.unlock()
    made = reviews.create_review(
        home,
        desk.actor,
        reference,
        schedule=schedule_text,
        codebook=parsed,
        conventions=conventions.to_row(chosen),
    )
    desk.result({"review": made.reference}, f"Opened review {made.reference}.")


@review.command("list")
@with_desk
def list_reviews(desk: Desk) -> None:
    """Show all reviews."""
    with desk.home.reading() as session:
        rows = [
            {
                "review": one.reference,
                "schedule": policy.parse(one.schedule).name,
                "created": one.created_at,
                "closed": one.closed_at,
            }
            for one in session.scalars(select(Review).order_by(Review.reference))
        ]
    desk.table(rows, "No review yet.")


@review.command()
@click.argument("reference")
@with_desk
def show(desk: Desk, reference: str) -> None:
    """Show one review and its retention schedule."""
    with desk.home.reading() as session:
        one = reviews.find_review(session, reference)
        count = len(session.scalars(select(Conversation.id).where(Conversation.review_id == one.id)).all())
    data = {"review": one.reference, "created": one.created_at, "closed": one.closed_at, "conversations": count}
    chosen = agreeing.of_review(one)
    desk.result(
        data | {"schedule": one.schedule, "conventions": written.data(chosen)},
        f"{one.reference}: {count} conversations, opened {one.created_at:%Y-%m-%d}"
        f"{f', closed {one.closed_at:%Y-%m-%d}' if one.closed_at else ''}"
        f"{f'{chr(10)}Transcripts are {chosen.summary}.' if chosen else ''}\n\n{one.schedule}",
    )


@review.command()
@click.argument("reference")
@with_desk
def close(desk: Desk, reference: str) -> None:
    """Close a review; periods that count from its closing begin."""
    reviews.close_review(desk.home, desk.actor, reference)
    desk.result({"review": reference, "closed": True}, f"Closed review {reference}.")


review.add_command(written.of_review)


@click.group()
def participant() -> None:
    """People spoken to, known by position."""


@participant.command("add")
@click.argument("position")
@click.option("--review", "reference", required=True, help="Reference of the review.")
@click.option("--agency", required=True, help="Where they work, as a kind of agency.")
@click.option("--register", is_flag=True, help="Ask for real name and contact, to be sealed in the register.")
@with_desk
def add_participant(desk: Desk, position: str, reference: str, agency: str, register: bool) -> None:
    """Add a participant by position, such as "Health visitor 1"."""
    home = desk.unlock()
    entry = _asked_entry() if register else None
    made = reviews.add_participant(home, desk.actor, reference, position, agency, entry)
    desk.result({"position": made.position, "agency": made.agency}, f"Added {made.position}, {made.agency}.")


@participant.command("change")
@click.argument("position")
@click.option("--review", "reference", required=True, help="Reference of the review.")
@click.option("--agency", help="Another agency, as a kind of agency.")
@click.option("--register", is_flag=True, help="Ask for real name and contact anew; needs the registrar role.")
@with_desk
def change_participant(desk: Desk, position: str, reference: str, agency: str | None, register: bool) -> None:
    """Change a participant's agency or entry in the register. A position stays."""
    if agency is None and not register:
        raise click.UsageError("Say what to change.")
    home = desk.unlock()
    reviews.change_participant(
        home, desk.actor, reference, position, agency=agency, register=_asked_entry() if register else None
    )
    desk.result({"position": position, "changed": True}, f"Changed {position}.")


@participant.command("remove")
@click.argument("position")
@click.option("--review", "reference", required=True, help="Reference of the review.")
@with_desk
def remove_participant(desk: Desk, position: str, reference: str) -> None:
    """Take out a participant with whom no conversation was planned."""
    reviews.remove_participant(desk.home, desk.actor, reference, position)
    desk.result({"position": position, "removed": True}, f"Removed {position}.")


def _asked_entry() -> RegisterEntry:
    return RegisterEntry(name=click.prompt("Real name", err=True), contact=click.prompt("Contact", err=True))


@participant.command("list")
@click.option("--review", "reference", required=True, help="Reference of the review.")
@click.option("--register", is_flag=True, help="With real names and contacts; needs the registrar role, and is logged.")
@with_desk
def list_participants(desk: Desk, reference: str, register: bool) -> None:
    """Show the participants of a review."""
    if register:
        found = reviews.read_register(desk.unlock(), desk.actor, reference)
        desk.table(
            [{"position": p, "name": e.name if e else "", "contact": e.contact if e else ""} for p, e in found],
            "No participant yet.",
        )
        return
    with desk.home.reading() as session:
        one = reviews.find_review(session, reference)
        people = session.scalars(
            select(Participant).where(Participant.review_id == one.id).order_by(Participant.position)
        )
        rows = [{"position": p.position, "agency": p.agency} for p in people]
    desk.table(rows, "No participant yet.")


@click.group()
def conversation() -> None:
    """Conversations: one talk with one participant."""


conversation.add_command(written.of_conversation)


@conversation.command("add")
@click.option("--review", "reference", required=True, help="Reference of the review.")
@click.option("--participant", "position", required=True, help="Position of the participant.")
@click.option("--interviewer", default="Interviewer", show_default=True, help="Position of who asks.")
@click.option("--on", type=click.DateTime(["%Y-%m-%d"]), help="Day it takes place.")
@click.option("--language", default="en", show_default=True, help='Language spoken, such as en or cy, or "detect".')
@with_desk
def add_conversation(
    desk: Desk, reference: str, position: str, interviewer: str, on: datetime | None, language: str
) -> None:
    """Plan a conversation. Its keys are made now, before anything is recorded."""
    home = desk.unlock()
    if language != "en":
        languages.check(language)
    made = reviews.plan_conversation(
        home, desk.actor, reference, position, interviewer=interviewer, on=on.date() if on else None
    )
    if language != "en":
        languages.choose(home, desk.actor, made.reference, language)
    desk.result(
        {"conversation": made.reference, "recipient": made.recipient},
        f"Planned {made.reference}. A recorder can seal to it: candour conversation recipient {made.reference}",
    )


@conversation.command("list")
@click.option("--review", "reference", help="Only this review.")
@with_desk
def list_conversations(desk: Desk, reference: str | None) -> None:
    """Show conversations and where they stand."""
    with desk.home.reading() as session:
        query = select(Conversation).order_by(Conversation.reference)
        if reference:
            query = query.where(Conversation.review_id == reviews.find_review(session, reference).id)
        rows = [
            {
                "conversation": one.reference,
                "review": one.review.reference,
                "position": one.participant.position,
                "state": one.state.value,
                "since": one.state_at,
                "minutes": round(one.recording.duration / 60, 1) if one.recording else None,
            }
            for one in session.scalars(query)
        ]
    desk.table(rows, "No conversation yet.")


@conversation.command("show")
@click.argument("reference")
@with_desk
def show_conversation(desk: Desk, reference: str) -> None:
    """Show one conversation and, with the vault open, what its sign-off still needs."""
    from retention.readiness import readiness

    home = desk.unlock()
    with home.reading() as session:
        one = reviews.find_conversation(session, reference)
        data: dict[str, object] = {
            "conversation": one.reference,
            "review": one.review.reference,
            "position": one.participant.position,
            "agency": one.participant.agency,
            "interviewer": one.interviewer,
            "on": one.on,
            "language": one.language or languages.DETECT,
            "written": chosen.name if (chosen := agreeing.of(one)) else None,
            "state": one.state.value,
            "since": one.state_at,
        }
        if one.recording is not None:
            data |= {"seconds": round(one.recording.duration, 1), "channels": one.recording.channels}
    lines = [f"{name:13}{cell(value)}" for name, value in data.items() if value is not None]
    if data["state"] not in {"planned", "recorded", "destroyed", "withdrawn"}:
        found = readiness(home, reference)
        data["conditions"] = [{"condition": c.name, "met": c.met, "todo": c.todo} for c in found]
        lines += [
            "",
            "Before sign-off:",
            *(f"  {'done' if c.met else 'open'}  {c.name}{f': {c.todo}' if c.todo else ''}" for c in found),
        ]
    desk.result(data, "\n".join(lines))


@conversation.command("language")
@click.argument("reference")
@click.argument("code")
@with_desk
def choose_language(desk: Desk, reference: str, code: str) -> None:
    """Say which language is spoken: CODE is en, cy or another, or "detect" to have it found out from the first minutes.

    It can change until transcription begins.
    """
    languages.choose(desk.home, desk.actor, reference, code)
    desk.result({"conversation": reference, "language": code}, f"{reference} will be heard in: {code}.")


@conversation.command()
@click.argument("reference")
@with_desk
def recipient(desk: Desk, reference: str) -> None:
    """Print the recipient that a recorder seals to. It can seal with it, and open nothing."""
    with desk.home.reading() as session:
        one = reviews.find_conversation(session, reference)
    desk.result({"conversation": one.reference, "recipient": one.recipient}, one.recipient)


@conversation.command()
@click.argument("reference")
@click.option("--yes", is_flag=True, help="Go ahead without asking.")
@with_desk
def withdraw(desk: Desk, reference: str, yes: bool) -> None:
    """A participant takes back consent: close everything of this conversation now, and order its destruction.

    This does not destroy yet: a second person signs with `candour retention approve`, then `candour retention run` does it.
    """
    home = desk.unlock()
    actor = desk.actor
    confirm(desk, yes, reference, f"Everything of {reference}, extracts included, will be closed now and destroyed.")
    done = withdrawal.withdraw(home, actor, desk.password(actor.name), reference)
    held = f" Hold {done.holds[0]} delays the destruction." if done.holds else ""
    desk.result(
        {"conversation": reference, "order": done.order, "holds": done.holds},
        f"{reference} is closed. Order {done.order} needs a second signature: candour retention approve {done.order}.{held}",
    )
