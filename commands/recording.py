"""`candour record`: a conversation is recorded at a terminal, sealed as it is spoken."""

import os
import select
import sys
import termios
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

import click
import numpy as np

from commands import microphones
from commands.desk import Desk, confirm, until_asked_to_stop, with_desk
from commands.microphones import MicrophoneGone, Samples
from commands.recordings import sealed
from pipeline.recording import arriving
from pipeline.recording.arriving import Arrival
from pipeline.recording.flac import Flac
from retention import giving_up
from storage.errors import Refused
from storage.models import Recording

AGREEMENT: Final = (
    "Say this first: We would like to record this conversation, so as to take data from it. You are named by your position "
    "only. The family has pseudonyms. The public report names no place. Once the data is taken, the recording is destroyed. "
    "You can say no, you can ask for a pause at any time, and you can take your consent back later."
)
PAUSE, MARK, END = " ", "m", "q"
FLOOR: Final = -60.0
WIDTH: Final = 20


class NotAgreed(Refused):
    """record: nobody is recorded who has not agreed; ask first, then say so at the prompt or with --agreed"""


@click.command()
@click.option("--conversation", "reference", help="Reference of the planned conversation.")
@click.option("--agreed", is_flag=True, help="The participant has agreed to be recorded.")
@click.option("--microphone", type=int, help="Its number in --list; otherwise the one the system prefers.")
@click.option("--channels", type=click.IntRange(1, 2), help="1, or 2 to tell apart who speaks; otherwise what it has.")
@click.option("--list", "listing", is_flag=True, help="Show the microphones instead.")
@click.option("--keep", is_flag=True, help="Keep what has arrived of a recording that broke off.")
@click.option("--give-up", is_flag=True, help="Give up what has arrived of a recording that broke off.")
@click.option("--yes", is_flag=True, help="Give up without asking.")
@with_desk
def record(
    desk: Desk,
    reference: str | None,
    agreed: bool,
    microphone: int | None,
    channels: int | None,
    listing: bool,
    keep: bool,
    give_up: bool,
    yes: bool,
) -> None:
    """Record a conversation, sealed as it is spoken. Space pauses, m marks a moment, q or Ctrl+C ends it.

    Needs the optional part `candour[record]`. Nothing of the sound lies on a disk in the clear; what a crash leaves is sealed,
    and --keep makes it the recording.
    """
    if listing:
        return desk.table(microphones.found(), "No microphone is there.")
    if reference is None:
        raise click.UsageError("Missing option '--conversation'.")
    if keep and give_up:
        raise click.UsageError("Say one of --keep and --give-up.")
    reference = reference.upper()
    desk.unlock()
    if keep or give_up:
        return _decide(desk, reference, keep=keep, yes=yes)
    with microphones.opened(microphone, channels) as source:
        _ask(agreed)
        # Before anything is on its way: a microphone that does not start leaves nothing to be decided about.
        blocks = source.blocks()
        with arriving.begin(desk.home, desk.actor, reference, None) as arrival, _keys() as keys:
            encoder = Flac(arrival.receive, source.rate, source.channels)
            row, gone = _record(desk, blocks, encoder, arrival, keys)
    sealed(desk, reference, row)
    if gone is not None:
        raise gone


def _ask(agreed: bool) -> None:
    if not agreed and sys.stdin.isatty():
        click.echo(AGREEMENT, err=True)
        agreed = click.confirm("The participant has heard this and agrees", err=True)
    if not agreed:
        raise NotAgreed


def _decide(desk: Desk, reference: str, *, keep: bool, yes: bool) -> None:
    with arriving.pick_up(desk.home, desk.actor, reference) as arrival:
        if keep:
            return sealed(desk, reference, arrival.finish(broken_off=True))
        confirm(
            desk, yes, reference, f"Nothing stays of what was recorded of {reference}, and nobody can bring it back."
        )
        giving_up.give_up(desk.home, reference, arrival)
    desk.result({"conversation": reference, "given up": True}, f"Nothing is left of the recording of {reference}.")


def _record(
    desk: Desk, blocks: Iterator[Samples], encoder: Flac, arrival: Arrival, keys: Callable[[], str]
) -> tuple[Recording, MicrophoneGone | None]:
    stop, gone = until_asked_to_stop(), None
    show = _meter(desk)
    paused, moments = False, list[float]()
    try:
        for block in blocks:
            pressed = keys()
            if PAUSE in pressed:
                paused = not paused
            if MARK in pressed:
                moments.append(encoder.seconds)
                arrival.mark_moments(moments)
            if not paused:
                encoder.add(block)
            show(encoder.seconds, block, paused, len(moments))
            if END in pressed or stop():
                break
    except MicrophoneGone as error:
        gone = error
    encoder.close()
    return arrival.finish(broken_off=gone is not None), gone


Show = Callable[[float, Samples, bool, int], None]


def _meter(desk: Desk) -> Show:
    """One line that is written over on a terminal; otherwise a line a minute."""
    if desk.as_json:
        return lambda *_: None
    if not sys.stderr.isatty():
        return _minutes()

    def show(seconds: float, block: Samples, paused: bool, marked: int) -> None:
        minutes, rest = divmod(int(seconds), 60)
        bars = " ".join(_bar(level(one)) for one in block)
        state = "paused   " if paused else "recording"
        marks = f"  {marked} marked" if marked else ""
        keys = "space pauses, m marks, q ends"
        click.echo(
            f"\r\x1b[K{state} {minutes // 60}:{minutes % 60:02}:{rest:02}  {bars}{marks}  {keys}", err=True, nl=False
        )

    return show


def _minutes() -> Show:
    said = 0

    def show(seconds: float, *_: object) -> None:
        nonlocal said
        if int(seconds) // 60 > said:
            said = int(seconds) // 60
            click.echo(f"Recorded: {said} min", err=True)

    return show


def level(samples: Samples) -> float:
    """The peak of int16 samples in dB below the loudest there can be, at least -60."""
    peak = int(np.abs(samples.astype(np.int32)).max(initial=0))
    return max(FLOOR, float(20 * np.log10(max(peak, 1) / 32768)))


def _bar(now: float) -> str:
    full = round(WIDTH * (now - FLOOR) / -FLOOR)
    return f"[{'#' * full}{'-' * (WIDTH - full)}]"


@contextmanager
def _keys() -> Iterator[Callable[[], str]]:
    """What was pressed since it was asked last; nothing where there is no terminal."""
    if not sys.stdin.isatty():
        yield lambda: ""
        return
    terminal = sys.stdin.fileno()
    before = termios.tcgetattr(terminal)

    def pressed() -> str:
        ready, _, _ = select.select([terminal], [], [], 0)
        return os.read(terminal, 64).decode(errors="replace").lower() if ready else ""

    try:
        # Ctrl+C stays a signal.
        tty.setcbreak(terminal)
        yield pressed
    finally:
        termios.tcsetattr(terminal, termios.TCSADRAIN, before)
        click.echo(err=True)
