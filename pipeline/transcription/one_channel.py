"""The draft of a recording with one channel: turns of two voices, as far as they can be told apart.

Who of the two voices said a word is certain or `?`. Which voice is the interviewer's is a proposal, from who asks and who
begins; where that does not tell, all turns are `?` but are still cut where the voice changes.
"""

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from pipeline.transcription.speakers import assign, in_order
from pipeline.transcripts.transcript import Speaker, Turn, Word

# To begin is worth a little less than one question to none.
FIRST: Final = 0.7
ASKS: Final = 1.2  # log-odds of being the interviewer below which nobody is


def labelled(words: Sequence[Word], labels: Sequence[int | None]) -> tuple[Turn, ...]:
    """The turns of words of which each is by voice 0, by voice 1, or by who knows whom."""
    asks = who_asks(words, labels)
    first = asks or 0
    speaker = {first: Speaker.INTERVIEWER, 1 - first: Speaker.PARTICIPANT, None: Speaker.UNKNOWN}
    made = in_order([replace(word, speaker=speaker[label]) for word, label in zip(words, labels, strict=True)])
    return made if asks is not None else assign(made, dict.fromkeys([turn.number for turn in made], Speaker.UNKNOWN))


def who_asks(words: Sequence[Word], labels: Sequence[int | None]) -> int | None:
    """Which of two voices is the interviewer's, 0 or 1; None where questions and beginning do not tell."""
    said = [(word.text, label) for word, label in zip(words, labels, strict=True) if label is not None]
    if len({label for _, label in said}) < 2:
        return None
    asked = [sum(text.endswith("?") and label == voice for text, label in said) for voice in (0, 1)]
    odds = math.log((asked[0] + 0.5) / (asked[1] + 0.5)) + (FIRST if said[0][1] == 0 else -FIRST)
    return None if abs(odds) < ASKS else int(odds < 0)
