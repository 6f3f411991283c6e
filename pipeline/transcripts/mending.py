"""A transcript is written as its conventions say, where that takes no ear: hesitation goes, and marks get their form and places.

False starts, marks that no profile knows, and where two speak at once are left to a person, and so is a turn of which nothing
would be left.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from access.people import Person
from pipeline.transcripts import agreeing, editing, reviewing
from pipeline.transcripts.conventions import Conventions
from pipeline.transcripts.corrections import Change, Revision
from pipeline.transcripts.departures import Departure, Rule, departures
from pipeline.transcripts.editing import Saved
from pipeline.transcripts.transcript import Turn
from storage.home import Home

_REPLACED: Final = frozenset({Rule.MARK, Rule.TIME})
_ENDS: Final = re.compile(r"[.?!…]+$")
_COMMA: Final = re.compile(r"[,;:]$")


@dataclass(frozen=True, kw_only=True, slots=True)
class Preview:
    """Where a transcript of this `version` is not as its `conventions` say, and the turns that would be written anew, with what
    they would say.
    """

    conventions: Conventions
    departures: tuple[Departure, ...]
    turns: tuple[tuple[Turn, str], ...]
    version: int


def mended(turn: Turn, found: Sequence[Departure]) -> str:
    """The text of a turn without what was found in it, as far as that can be mended."""
    said = [word.text for word in turn.words]
    words = list(said)
    places = {word.start: place for place, word in reversed(list(enumerate(turn.words)))}
    for one in found:
        place = places[one.at]
        size = len(one.found.split())
        if " ".join(said[place : place + size]) != one.found:
            continue  # a mark within a word, or words that share their time
        if one.rule is Rule.PAUSE:
            last, after = one.found.split()
            mark = one.instead.removeprefix(last).removesuffix(after).strip()
            words[place] = f"{words[place]} {mark}".strip()
        elif one.rule in _REPLACED and one.instead:
            words[place : place + size] = [one.instead, *[""] * (size - 1)]
        elif one.rule is Rule.FILLER:
            _leave_out(words, place)
    text = " ".join(filter(None, words))
    return text if re.search(r"\w", text) else turn.text


def look(home: Home, actor: Person, reference: str) -> Preview:
    """What `mend` would do.

    Raises:
        NotAllowed, UnknownConversation, NoConventions, NoDraft, ConversationGone, VaultClosed.
    """
    conventions, found = agreeing.look(home, actor, reference)
    transcript = reviewing.read(home, actor, reference).transcript
    new = _texts(transcript.turns, found)
    return Preview(
        conventions=conventions,
        departures=found,
        turns=tuple((turn, new[turn.number]) for turn in transcript.turns if turn.number in new),
        version=transcript.version,
    )


def mend(home: Home, actor: Person, reference: str) -> Saved:
    """Write those turns so, in one correction, which one step takes back.

    Raises:
        NoConventions, and what `editing.rewrite` raises.
    """
    conventions, _ = agreeing.look(home, actor, reference)

    def made(state: editing.State) -> Change:
        turns = state.transcript.turns
        return Revision(texts=_texts(turns, departures(turns, conventions)))

    return editing.save(home, actor, reference, made)


def _texts(turns: Sequence[Turn], found: Sequence[Departure]) -> dict[int, str]:
    """The new texts of the turns that can be mended."""
    own: dict[int, list[Departure]] = {}
    for one in found:
        own.setdefault(one.turn, []).append(one)
    new = {turn.number: mended(turn, own[turn.number]) for turn in turns if turn.number in own}
    return {turn.number: new[turn.number] for turn in turns if new.get(turn.number, turn.text) != turn.text}


def _leave_out(words: list[str], place: int) -> None:
    """Take a word out of a sentence: its end stays, and so does the capital with which it began."""
    gone, words[place] = words[place], ""
    before = next((n for n in range(place - 1, -1, -1) if words[n]), None)
    after = next((n for n in range(place + 1, len(words)) if words[n]), None)
    end = _ENDS.search(gone)
    if end and before is not None and not _ENDS.search(words[before]):
        words[before] = _COMMA.sub("", words[before]) + end[0]
    begins = before is None or _ENDS.search(words[before])
    if begins and after is not None and gone[:1].isupper():
        words[after] = words[after][:1].upper() + words[after][1:]
