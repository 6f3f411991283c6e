"""Extracts follow the words that were said, when a transcript is corrected or the name key changes.

What was said is compared with what was said before, turn by turn and, where turns differ, word by word. An extract whose words
all still stand next to each other goes with them, whatever stands for the names in it and however turns were cut. Case and
punctuation are no words. An extract that lost or gained a word in its middle is not moved: somebody has to look at it.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from pipeline.codes.quotes import Anchor
from pipeline.pseudonyms.marked import Said
from pipeline.pseudonyms.word_lists import fold

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")


@dataclass(frozen=True, slots=True)
class _Word:
    place: int  # of its turn, from 0
    start: int
    end: int
    folded: str


class Carrier:
    """Moves anchors from the document made of `old` to the one made of `new`."""

    def __init__(self, old: Sequence[Said], new: Sequence[Said]) -> None:
        self._old, self._new = old, new
        self._places = {one.turn: place for place, one in enumerate(old)}
        self._old_words, self._new_words = _words(old), _words(new)
        self._moved = dict(_aligned(old, new, self._old_words, self._new_words))

    def move(self, anchor: Anchor) -> Anchor | None:
        """The same words in the new document, or None where they no longer stand together."""
        if anchor.first_turn not in self._places or anchor.last_turn not in self._places:
            return None
        first, last = self._places[anchor.first_turn], self._places[anchor.last_turn]
        start, _ = self._old[first].replaced.to_original(anchor.first_char, anchor.first_char)
        _, end = self._old[last].replaced.to_original(anchor.last_char, anchor.last_char)
        under = [
            at
            for at, w in enumerate(self._old_words)
            if (first, start) < (w.place, w.end) and (w.place, w.start) < (last, end)
        ]
        moved = [self._moved.get(at) for at in under]
        if not moved or moved[0] is None or moved != list(range(moved[0], moved[0] + len(moved))):
            return None
        return self._anchor(
            self._start(self._old_words[under[0]], self._new_words[moved[0]], first, start),
            self._end(self._old_words[under[-1]], self._new_words[moved[0] + len(moved) - 1], last, end),
        )

    def _start(self, word: _Word, moved: _Word, turn: int, start: int) -> tuple[int, int]:
        """Where the new stretch begins: with the same punctuation before its first word, if it is still there."""
        if word.place == turn and start < word.start:
            before = self._old[turn].text[start : word.start]
            kept = self._new[moved.place].text[: moved.start].endswith(before)
            return moved.place, moved.start - (len(before) if kept else 0)
        inside = start - word.start if word.place == turn else 0
        return moved.place, min(moved.start + inside, moved.end - 1)

    def _end(self, word: _Word, moved: _Word, turn: int, end: int) -> tuple[int, int]:
        """Where the new stretch ends: with the same punctuation after its last word, if it is still there."""
        if word.place == turn and end > word.end:
            after = self._old[turn].text[word.end : end]
            kept = self._new[moved.place].text[moved.end :].startswith(after)
            return moved.place, moved.end + (len(after) if kept else 0)
        inside = word.end - end if word.place == turn else 0
        return moved.place, max(moved.end - inside, moved.start + 1)

    def _anchor(self, start: tuple[int, int], end: tuple[int, int]) -> Anchor:
        first, last = self._new[start[0]], self._new[end[0]]
        return Anchor(
            first_turn=first.turn,
            first_char=first.replaced.to_result(start[1], start[1])[0],
            last_turn=last.turn,
            last_char=last.replaced.to_result(end[1], end[1])[1],
        )


def _words(turns: Sequence[Said]) -> list[_Word]:
    return [
        _Word(place, match.start(), match.end(), fold(match.group()))
        for place, one in enumerate(turns)
        for match in _WORD.finditer(one.text)
    ]


def _aligned(
    old: Sequence[Said], new: Sequence[Said], old_words: Sequence[_Word], new_words: Sequence[_Word]
) -> Iterator[tuple[int, int]]:
    """Pairs of a word and where it stands now. Whole turns first: most are as they were, and words are slow to compare."""
    blocks = SequenceMatcher(None, [one.text for one in old], [one.text for one in new], autojunk=False).get_opcodes()
    for kind, first, last, start, stop in blocks:
        before = [at for at, word in enumerate(old_words) if first <= word.place < last]
        after = [at for at, word in enumerate(new_words) if start <= word.place < stop]
        if kind == "equal":
            yield from zip(before, after, strict=True)
            continue
        texts = [old_words[at].folded for at in before], [new_words[at].folded for at in after]
        for one, other, length in SequenceMatcher(None, *texts, autojunk=False).get_matching_blocks():
            yield from ((before[one + step], after[other + step]) for step in range(length))
