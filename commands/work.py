"""`candour work`: do what is due."""

from collections.abc import Callable

import click
from sqlalchemy import select

from access.roles import Act, require
from commands.desk import Desk, until_asked_to_stop, with_desk
from pipeline import stages
from pipeline.transcription.transcribing import Progress
from storage.home import Home
from storage.models import Recording
from worker import local


@click.command()
@click.option("--once", is_flag=True, help="Do what is due now, then stop.")
@click.option("--retry", metavar="CONVERSATION", help="Only let one that was given up wait for the worker again.")
@with_desk
def work(desk: Desk, once: bool, retry: str | None) -> None:
    """Do what is due: transcribe recordings, carry out destruction orders. Runs until stopped.

    Only one worker can run in a home. Stopped or killed, it goes on later where it was. A recording with which several runs came
    no further is given up until --retry.
    """
    if retry is not None:
        local.retry(desk.home, desk.actor, retry)
        desk.result({"conversation": retry, "waits": True}, f"{retry} waits for the worker again.")
        return
    home = desk.unlock()
    require(desk.actor.roles, Act.RUN_WORK, desk.actor.name)
    stop = until_asked_to_stop()
    if once:
        _tell(desk, work_once_with_bar(desk, home, stop))
        return
    desk.say("Working; stop with Ctrl-C.")
    local.work(home, report=lambda _: None, stop=stop, finished=lambda done: _tell(desk, done, quiet=True))


def work_once_with_bar(desk: Desk, home: Home, stop: Callable[[], bool] = lambda: False) -> local.Done:
    """One round of work with a progress bar over everything that waits."""
    with home.reading() as session:
        due = [one.conversation for one in stages.due(session, home.settings.work.attempts)]
        recordings = session.scalars(select(Recording).where(Recording.conversation_id.in_(due)))
        total = sum(one.duration for one in recordings)
    before: dict[str, float] = {}
    with desk.forecast("Transcribing", total) as update:

        def report(progress: Progress) -> None:
            before[progress.reference] = progress.done
            done = sum(before.values())
            update(done, _left(progress, total - done))

        return local.work_once(home, report=report, stop=stop)


def _left(progress: Progress, rest: float) -> float | None:
    """Seconds of work for `rest` seconds of sound, if all of it goes as what is left of the recording that is heard now."""
    own = progress.total - progress.done
    return progress.left if progress.left is None or own <= 0 else progress.left * rest / own


def _tell(desk: Desk, done: local.Done, *, quiet: bool = False) -> None:
    lines = [f"Transcribed {reference}." for reference in done.transcribed]
    lines += [f"Destroyed; certificate {certificate}." for certificate in done.destroyed]
    lines += [f"Not done, {reference}: {reason}" for reference, reason in done.failed]
    if lines or not (quiet or done.unheard):
        data = {"transcribed": done.transcribed, "destroyed": done.destroyed, "failed": dict(done.failed)}
        desk.result(data, "\n".join(lines) or "Nothing is due.")
    if done.unheard is not None:
        raise done.unheard
    if done.failed and not quiet:
        raise click.exceptions.Exit(1)
