"""The draft of a conversation that was transcribed elsewhere, and its recording: one laid over the other.

Where the file said when each thing was said, nothing is recognised again; voice detection alone looks for what was left out.
Where it did not, the words get the times at which the speech model heard them.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

from rapidfuzz.distance import Levenshtein

from pipeline.recording.sound import RATE
from pipeline.transcription.library import Sound
from pipeline.transcription.spans import total
from pipeline.transcripts.retiming import spread
from pipeline.transcripts.transcript import Heard, Span, Turn, Word, plain


class Imported:
    """Stands where a speech engine would, and hears what was written down."""

    digest: Final = "imported"
    device: Final = "none"

    def __init__(self, turns: Sequence[Turn]) -> None:
        self._words = sorted((word for turn in turns for word in turn.words), key=lambda word: word.start)

    def detect(self, sound: Sound, speech: Sequence[Span], offset: float) -> str:
        return ""

    def hear(
        self,
        sound: Sound,
        *,
        seed: int,
        offset: float,
        speech: Sequence[Span] | None = None,
        hotwords: Sequence[str] = (),
        language: str = "",
        reached: Callable[[float], None] = lambda _: None,
    ) -> Heard:
        window = Span(start=offset, end=offset + len(sound) / RATE)
        words = tuple(word for word in self._words if window.start <= (word.start + word.end) / 2 < window.end)
        reached(total(speech or ()))
        return Heard(window=window, speech=tuple(speech or ()), words=words, estimates=())


def has_times(turns: Sequence[Turn]) -> bool:
    return any(word.end > 0 for turn in turns for word in turn.words)


def laid(turns: Sequence[Turn], heard: Sequence[Word]) -> tuple[Turn, ...]:
    """Turns without times, with those of the words that a model heard in the same recording, which are in order of time.

    Words that were not heard lie between those that were, by their letters.
    """
    if not heard:
        return tuple(turns)
    texts = [word.text for turn in turns for word in turn.words]
    times = _times(texts, heard)
    laid: list[Turn] = []
    place = 0
    for turn in turns:
        stretches = times[place : place + len(turn.words)]
        place += len(turn.words)
        words = (replace(word, start=start, end=end) for word, (start, end) in zip(turn.words, stretches, strict=True))
        laid.append(replace(turn, words=tuple(words)))
    return tuple(laid)


def _times(texts: Sequence[str], heard: Sequence[Word]) -> list[tuple[float, float]]:
    times: list[tuple[float, float]] = []
    old, new = [plain(word.text) for word in heard], [plain(text) for text in texts]
    for change in Levenshtein.opcodes(old, new):
        if change.tag == "equal":
            times += [(word.start, word.end) for word in heard[change.src_start : change.src_end]]
        elif change.dest_start < change.dest_end:
            before = times[-1][1] if times else heard[0].start
            begin = heard[change.src_start].start if change.tag == "replace" else before
            after = heard[change.src_end].start if change.src_end < len(heard) else heard[-1].end
            end = heard[change.src_end - 1].end if change.tag == "replace" else after
            written = texts[change.dest_start : change.dest_end]
            words = spread(written, max(before, begin), max(before, begin, end), heard[0].speaker)
            times += [(word.start, word.end) for word in words]
    return times
