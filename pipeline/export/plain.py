"""A conversation as one text, which exchange formats count positions in."""

import re

from pipeline.export.model import clock
from pipeline.transcripts.document import Document

TURN_HEAD = re.compile(r"\n\[\d+:\d\d:\d\d\] (?:Interviewer|Participant|\?): ")


def plain_text(document: Document) -> tuple[str, dict[int, int]]:
    """The text of a conversation, a line a turn after "[hh:mm:ss] Speaker: ", and where the words of each turn begin."""
    text, begins = "", {}
    for passage in document.passages:
        text += f"[{clock(passage.start)}] {passage.speaker}: "
        begins[passage.turn] = len(text)
        text += passage.text + "\n"
    return text, begins
