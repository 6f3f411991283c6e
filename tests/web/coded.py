"""A conversation to be coded: words a test chooses, laid where the pseudonymised transcript is."""

from collections.abc import Sequence
from itertools import accumulate
from typing import Final

from pipeline import contents
from pipeline.reviews import find_conversation
from pipeline.transcripts.document import Document, Passage
from pipeline.transcripts.transcript import Speaker
from storage.home import Home
from tests.story import FIRST, POSITIONS

SAID: Final = (
    "Thank you for coming. How did you first come to know the family?",
    "I took over from a colleague in the spring, and the handover was one page, and it didn't say that [Boy] had been seen.",
    "What did you think was going on?",
    "I thought somebody else was already looking at it. The strategy meeting had agreed the plan.",
    "What else occupied you?",
    "I had thirty-two families, and I was covering for a colleague as well.",
)


def lay(home: Home, texts: Sequence[str] = SAID, reference: str = FIRST) -> None:
    """Turns with these words, by interviewer and participant in turn, of a second for fifteen letters."""
    starts = accumulate((len(text) / 15 for text in texts), initial=0.0)
    passages = [
        Passage(
            turn=number,
            speaker=Speaker.INTERVIEWER if number % 2 else Speaker.PARTICIPANT,
            start=start,
            end=start + len(text) / 15,
            text=text,
        )
        for number, (text, start) in enumerate(zip(texts, starts, strict=False), start=1)
    ]
    with home.writing() as session:
        document = Document(conversation=reference, position=POSITIONS[0], passages=tuple(passages))
        contents.set_document(home, find_conversation(session, reference), document)
