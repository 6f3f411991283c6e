"""What came in: how long it is, how it looks, whether it is the right one, and whether a copy of it is still elsewhere."""

from dataclasses import dataclass
from typing import Final

from starlette.responses import Response

from access.roles import Act
from pipeline.recording import intake, levels, looking
from pipeline.recording.looking import NothingThere
from pipeline.reviews import find_conversation
from storage.home import Home
from storage.models import Conversation, Recording
from web.rendering import plural, render, see_other
from web.visit import Visit

POINTS: Final = 600
# Half a minute of silence is a pause; two minutes are worth a question.
WORTH_A_QUESTION: Final = 120


@dataclass(frozen=True, kw_only=True, slots=True)
class Picture:
    """One channel as it is shown: its name, and the path of its levels."""

    name: str
    path: str


def page(visit: Visit) -> Response:
    home, reference = visit.home, visit.part("conversation").upper()
    conversation, recording = _find(home, reference)
    peaks, channels = looking.peaks(home, visit.person, reference), min(recording.channels, 2)
    small = levels.shrunk(peaks, channels, POINTS)
    pictures = [
        Picture(name=f"Channel {number + 1}", path=levels.outline(small, channels, number))
        for number in range(channels if visit.may(Act.LISTEN) else 0)
    ]
    return render(
        visit,
        "recording.html",
        one=conversation,
        recording=recording,
        pictures=pictures,
        width=len(small) // (2 * channels),
        questions=questions(levels.of(peaks, channels)),
        notice={"sealed": "The recording is sealed", "gone": "Noted: nothing is left on the recorder"}.get(
            visit.query("done"), ""
        ),
    )


def questions(found: levels.Levels) -> list[str]:
    """What somebody should ask who has just brought this recording."""
    asked = []
    if found.silent >= WORTH_A_QUESTION:
        asked.append(f"{plural(round(found.silent / 60), 'minute')} are silent: is this the right file?")
    asked += [f"Nothing is to be heard in channel {channel}: was that microphone on?" for channel in found.off]
    if found.faint:
        asked.append("All of it is very quiet: was the microphone close enough? Words may be missed.")
    return asked


def original_gone(visit: Visit) -> Response:
    """Somebody says that the copy on the recorder is destroyed."""
    home, reference = visit.home, visit.part("conversation").upper()
    if visit.text("gone") == "yes":
        intake.original_gone(home, visit.person, reference)
    return see_other(f"/conversations/{reference}/recording{'?done=gone' if visit.text('gone') == 'yes' else ''}")


def _find(home: Home, reference: str) -> tuple[Conversation, Recording]:
    with home.reading() as session:
        conversation = find_conversation(session, reference)
        recording = conversation.recording
        if recording is None:
            raise NothingThere(reference=conversation.reference)
        return conversation, recording
