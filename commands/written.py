"""`candour transcript import`: a transcript made elsewhere becomes the draft of a conversation."""

from pathlib import Path

import click

from commands.desk import Desk, with_desk
from commands.files import contents
from pipeline.transcripts import importing
from pipeline.transcripts.importing import Import
from pipeline.transcripts.transcript import Speaker
from pipeline.transcripts.written.reading import LARGEST

NEXT = {
    True: "Next: candour work --once lays it over the recording.",
    False: "Next: candour transcript show. There is no recording here; say with `candour transcript check` what you have read.",
}


@click.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--conversation", "reference", required=True, help="Reference of the conversation, without a draft so far."
)
@click.option("--interviewer", multiple=True, help="What the file calls the interviewer; may be given several times.")
@click.option("--participant", multiple=True, help="What the file calls the participant.")
@click.option("--yes", is_flag=True, help="Take it in; without it only show how it was understood.")
@with_desk
def import_transcript(
    desk: Desk, file: Path, reference: str, interviewer: tuple[str, ...], participant: tuple[str, ...], yes: bool
) -> None:
    """Take in a transcript made elsewhere (WebVTT, SubRip, text, Word) as the draft of a conversation.

    Upload the recording first, if there is one. It is read into memory and sealed; the file itself is not touched and stays in
    clear, so destroy it afterwards.
    """
    home = desk.unlock()
    given = dict.fromkeys(interviewer, Speaker.INTERVIEWER) | dict.fromkeys(participant, Speaker.PARTICIPANT)
    data = contents(file, "transcript", LARGEST + 1)
    take = importing.adopt if yes else importing.look
    found = take(home, desk.actor, reference, data, given)
    desk.result(_data(found) | {"imported": yes})
    if desk.as_json:
        return
    words = sum(len(turn.words) for turn in found.turns)
    times = "with times" if found.timed else "without times"
    desk.say(f"{found.format}: {len(found.turns)} turns, {words} words, {times}.")
    desk.say()
    desk.table([{"the file says": tag, "speaker": who.value} for tag, who in found.tags.items()], "Nobody is named.")
    if found.problems:
        desk.say("\nNot understood:")
        desk.table([{"line": problem.place or "", "what": problem.what} for problem in found.problems], "")
    if yes:
        desk.say(f"\nThe file still exists, in clear; destroy it on your device.\n{NEXT[found.recorded]}")
    else:
        desk.say(
            "\nNothing was changed yet. Say who is who with --interviewer and --participant, then take it in with --yes."
        )


def _data(found: Import) -> dict[str, object]:
    return {
        "format": found.format,
        "turns": len(found.turns),
        "words": sum(len(turn.words) for turn in found.turns),
        "timed": found.timed,
        "recorded": found.recorded,
        "speakers": {tag: who.value for tag, who in found.tags.items()},
        "not_understood": [{"line": problem.place, "what": problem.what} for problem in found.problems],
    }
