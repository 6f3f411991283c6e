"""Times for words that a person wrote: each stays where the word it replaces was heard."""

from collections.abc import Sequence
from dataclasses import replace
from difflib import SequenceMatcher

from pipeline.transcripts.transcript import Speaker, Word, plain


def retimed(words: Sequence[Word], text: str) -> tuple[Word, ...]:
    """The words of a new text with times from the old ones.

    A word that is still there keeps its time and, if it is written the same, its probability. New words are spread over the
    time of those they replace, or between their neighbours, by their length. A person is certain: probability 1.
    """
    speaker, begin, end = words[0].speaker, words[0].start, max(word.end for word in words)
    new = text.split()
    if not new:
        return (Word(text="", start=begin, end=end, probability=1.0, speaker=speaker),)
    old_keys, new_keys = [plain(word.text) for word in words], [plain(one) for one in new]
    result: list[Word] = []
    for kind, first, last, start, stop in SequenceMatcher(None, old_keys, new_keys, autojunk=False).get_opcodes():
        if kind == "equal":
            result += [_rewritten(word, one) for word, one in zip(words[first:last], new[start:stop], strict=True)]
        elif start < stop:
            earliest = words[first].start if kind == "replace" else result[-1].end if result else begin
            latest = words[last - 1].end if kind == "replace" else words[first].start if first < len(words) else end
            result += spread(new[start:stop], earliest, max(earliest, latest), speaker)
    return tuple(result)


def cut(words: Sequence[Word], at: int) -> tuple[tuple[Word, ...], tuple[Word, ...]]:
    """The words before and after a place in their text, which is the words with one space between them.

    A cut inside a word makes two of it, and shares its time out by the letters.
    """
    before: list[Word] = []
    place = 0
    for number, word in enumerate(words):
        inside = at - place
        if inside <= 0:
            return tuple(before), tuple(words[number:])
        if inside < len(word.text):
            parts = spread([word.text[:inside], word.text[inside:]], word.start, word.end, word.speaker)
            return (*before, parts[0]), (parts[1], *words[number + 1 :])
        before.append(word)
        place += len(word.text) + 1
    return tuple(before), ()


def _rewritten(word: Word, text: str) -> Word:
    return word if word.text == text else replace(word, text=text, probability=1.0)


def spread(texts: Sequence[str], start: float, end: float, speaker: Speaker) -> list[Word]:
    """Words over a stretch of time, each as long as its letters; a person, not a machine, is sure of them."""
    letters = sum(len(text) for text in texts)
    words, done = [], 0
    for text in texts:
        begin = start + (end - start) * done / letters
        done += len(text)
        finish = start + (end - start) * done / letters
        words.append(Word(text=text, start=round(begin, 3), end=round(finish, 3), probability=1.0, speaker=speaker))
    return words
