"""`candour upload`: a recording comes in."""

from pathlib import Path

import click

from commands.desk import Desk, with_desk
from commands.files import NoSuchFile
from pipeline.recording import intake
from storage.models import Recording


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--conversation", "reference", required=True, help="Reference of the planned conversation.")
@with_desk
def upload(desk: Desk, file: Path, reference: str) -> None:
    """Take in a recording: audio, video with sound, or a file already sealed with `age` to the conversation's recipient.

    It is sealed as it streams; the original file is not touched. This does not delete the original: do that yourself, with
    what destroys it on your device.
    """
    home = desk.unlock()
    actor = desk.actor
    try:
        source = file.open("rb")
    except OSError:
        raise NoSuchFile(step="recording") from None
    with source, desk.progress("Sealing", file.stat().st_size) as update:
        row = intake.receive(home, actor, reference, source, progress=update)
    sealed(desk, reference, row, " The file you uploaded still exists; destroy it on your device.")


def sealed(desk: Desk, reference: str, row: Recording, more: str = "") -> None:
    """Tell that a recording is in, and what comes next."""
    data = {
        "conversation": reference,
        "seconds": round(row.duration, 1),
        "channels": row.channels,
        "bytes": row.size,
        "sha256": row.digest,
    }
    minutes, seconds = divmod(round(row.duration), 60)
    channels = f"{row.channels} channel{'s' if row.channels > 1 else ''}"
    desk.result(
        data,
        f"Sealed the recording of {reference}: {minutes} min {seconds} s, {channels}.\n"
        f"Next: candour work --once transcribes it.{more}",
    )
