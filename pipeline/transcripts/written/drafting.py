"""A transcript made elsewhere as a draft: who its tags stand for, its turns, and times for its words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

from pipeline.transcripts.retiming import spread
from pipeline.transcripts.transcript import Speaker, Turn, Word
from pipeline.transcripts.written.lines import SOMEBODY, Line, Problem, Written
from pipeline.transcripts.written.plain import INTERVIEWER, PARTICIPANT

PACE: Final = 12.5  # letters a second, about 150 words a minute
CUE_PAUSE: Final = 1.0  # seconds between captions that end a turn
LONG_TURN: Final = 30.0  # seconds after which a turn made of captions ends with the sentence
OTHER: Final = {Speaker.INTERVIEWER: Speaker.PARTICIPANT, Speaker.PARTICIPANT: Speaker.INTERVIEWER}


@dataclass(frozen=True, kw_only=True, slots=True)
class Drafted:
    """The turns, whether the file said when they were said, and what was not understood. Without times all words are at 0."""

    turns: tuple[Turn, ...]
    timed: bool
    problems: tuple[Problem, ...]


def roles(written: Written, given: Mapping[str, Speaker]) -> dict[str, Speaker]:
    """Who each tag of a file stands for, in the order they appear.

    `given` are tags a person named, in lower case. Of two tags of which one is known the other is the other.
    """
    tags = dict.fromkeys(line.tag for line in written.lines if line.tag and line.tag != SOMEBODY)
    found = {tag: given.get(tag.casefold(), _usual(tag)) for tag in tags}
    unknown = [tag for tag, speaker in found.items() if speaker is Speaker.UNKNOWN]
    if len(found) == 2 and len(unknown) == 1:
        (known,) = (speaker for speaker in found.values() if speaker is not Speaker.UNKNOWN)
        found[unknown[0]] = OTHER[known]
    return found


def draft(written: Written, speakers: Mapping[str, Speaker]) -> Drafted:
    """The file as turns. Captions of one speaker are joined; a paragraph stays a turn of its own."""
    lines, problems = _in_order([line for line in written.lines if line.text.split()])
    timed = any(line.start is not None or line.end is not None for line in lines)
    lines = _timed(lines) if timed else [replace(line, start=0.0, end=0.0) for line in lines]
    spoken: list[list[Word]] = []
    tag: str | None = None
    for line in lines:
        same, tag = line.tag is None or (line.tag == tag and tag != SOMEBODY), line.tag or tag
        words = spread(line.text.split(), line.start or 0.0, line.end or 0.0, speakers.get(tag or "", Speaker.UNKNOWN))
        if spoken and same and written.format in {"vtt", "srt"} and _goes_on(spoken[-1], words):
            spoken[-1] += words
        else:
            spoken.append(words)
    turns = (
        Turn(number=number, speaker=words[0].speaker, words=tuple(words)) for number, words in enumerate(spoken, 1)
    )
    return Drafted(turns=tuple(turns), timed=timed, problems=(*written.problems, *problems))


def paced(turns: Sequence[Turn]) -> tuple[Turn, ...]:
    """Turns without times, as somebody would read them aloud one after another."""
    paced = []
    time = 0.0
    for turn in turns:
        length = sum(len(word.text) for word in turn.words) / PACE
        words = spread([word.text for word in turn.words], time, time + length, turn.speaker)
        time += length + 0.5
        paced.append(replace(turn, words=tuple(words)))
    return tuple(paced)


def _usual(tag: str) -> Speaker:
    if tag.casefold() in INTERVIEWER:
        return Speaker.INTERVIEWER
    return Speaker.PARTICIPANT if tag.casefold() in PARTICIPANT else Speaker.UNKNOWN


def _in_order(lines: Sequence[Line]) -> tuple[list[Line], list[Problem]]:
    """The lines without times that go back, each of which is named."""
    latest = 0.0
    kept: list[Line] = []
    problems: list[Problem] = []
    for line in lines:
        if line.start is not None and line.start < latest - 1:
            problems.append(Problem(place=line.place, what="a time before the one above it; not used"))
            line = replace(line, start=None, end=None)
        latest = max(latest, line.start or 0.0)
        kept.append(line)
    return kept, problems


def _timed(lines: Sequence[Line]) -> list[Line]:
    """Every line with a start and an end: those of the file, and in between by the number of letters."""
    letters = [0]
    for line in lines:
        letters.append(letters[-1] + len(line.text))
    known = _anchors(lines, letters)
    timed = []
    for number, line in enumerate(lines):
        start = line.start if line.start is not None else _between(known, letters[number])
        after = lines[number + 1].start if number + 1 < len(lines) else None
        soon = start + len(line.text) / PACE
        end = line.end if line.end is not None else min(soon, max(start, after)) if after is not None else soon
        timed.append(replace(line, start=start, end=max(start, end)))
    return timed


def _anchors(lines: Sequence[Line], letters: Sequence[int]) -> list[tuple[int, float]]:
    known: list[tuple[int, float]] = []
    for number, line in enumerate(lines):
        for place, time in ((letters[number], line.start), (letters[number + 1], line.end)):
            if time is not None and (not known or (place > known[-1][0] and time >= known[-1][1])):
                known.append((place, time))
    if known[0][0] > 0:
        known.insert(0, (0, max(0.0, known[0][1] - known[0][0] / PACE)))
    return known


def _between(known: Sequence[tuple[int, float]], place: int) -> float:
    for (first, begin), (last, finish) in pairwise(known):
        if first <= place <= last:
            return begin + (finish - begin) * (place - first) / (last - first)
    last, finish = known[-1]
    return finish + (place - last) / PACE


def _goes_on(last: Sequence[Word], words: Sequence[Word]) -> bool:
    full = last[-1].end - last[0].start > LONG_TURN and last[-1].text.endswith((".", "?", "!", "…"))
    return words[0].start - last[-1].end < CUE_PAUSE and not full
