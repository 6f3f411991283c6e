"""The demo's language: invented British safeguarding-review talk, as text.

Everything here is made up.  Sentences come from patterns with slots; about a third are built from shuffled
words and phrases instead, because a decoder that can guess the next word stops listening to the sound.
No sentence of the sample conversations is ever returned; only their words are.
"""

from __future__ import annotations

import argparse
import itertools
import random
import re
from collections import defaultdict
from pathlib import Path

from demo.sentences import EXTRA_WORDS, PATTERNS, PHRASES, SLOTS

HERE = Path(__file__).resolve().parent

_PHRASES = PHRASES.strip().replace("\n", "|").split("|")
_SLOT = re.compile(r"\{(\w+)\}")
_WORD = re.compile(r"[A-Za-z']+")


def _fill(text: str, rng: random.Random) -> str:
    """Replace every `{slot}` by one of its values, slots inside values too."""
    while True:
        match = _SLOT.search(text)
        if match is None:
            return text
        value = rng.choice(SLOTS[match.group(1)].split("|"))
        text = text[: match.start()] + value + text[match.end() :]


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def sample_turns(number: int) -> list[tuple[str, str]]:
    """The turns of sample conversation `number` as (speaker, text)."""
    lines = (HERE / "sample" / f"conversation-{number}.txt").read_text(encoding="utf-8").splitlines()
    turns = [line.split(": ", 1) for line in lines if line.strip()]
    return [(speaker, text) for speaker, text in turns]


def sentences_of(text: str) -> list[str]:
    """Cut a turn into its sentences, punctuation kept."""
    return [part for part in re.split(r"(?<=[.?!])\s+", text.strip()) if part]


def words_of(text: str) -> list[str]:
    """Lower-case words without punctuation, the unit of every count in this folder."""
    return [word.strip("'").lower() for word in _WORD.findall(text) if word.strip("'")]


def normal(text: str) -> str:
    """Text as it is compared: lower case, no punctuation."""
    return " ".join(words_of(text))


class Corpus:
    """A seeded source of sentences; the same seed gives the same sentences."""

    def __init__(self, seed: int = 1) -> None:
        self.rng = random.Random(seed)
        self.held_out = {normal(s) for n in (1, 2) for _, text in sample_turns(n) for s in sentences_of(text)}
        self._surface: dict[str, str] = {}
        self._next: dict[str, list[str]] = defaultdict(list)
        build = random.Random(7)
        for pattern in PATTERNS:
            for _ in range(40):
                self._learn(_capital(_fill(pattern, build)))
        for values in SLOTS.values():
            for value in values.split("|"):
                for word in _fill(value, build).split():
                    self._note(word)
        for n in (1, 2):
            for _, text in sample_turns(n):
                for word in text.split():
                    self._note(word)
        for word in EXTRA_WORDS:
            self._note(word)
        # Proper names keep their capital inside a sentence; everything else is lower case there.
        self.words = sorted(set(self._surface.values()))

    def _note(self, token: str) -> str:
        word = token.strip(".,?!")
        key = word.lower()
        if key not in self._surface or word.islower():
            self._surface[key] = word
        return self._surface[key]

    def _learn(self, sentence: str) -> None:
        tokens = sentence.split()
        words = [
            self._note(t) if i else self._surface.setdefault(t.strip(".,?!").lower(), t.strip(".,?!"))
            for i, t in enumerate(tokens)
        ]
        for left, right in itertools.pairwise(words):
            self._next[left.lower()].append(right)

    def pattern(self) -> str:
        """One sentence from the patterns."""
        return _capital(_fill(self.rng.choice(PATTERNS), self.rng))

    def shuffled(self) -> str:
        """One sentence that cannot be guessed: a bigram walk with jumps, or plain random words."""
        rng = self.rng
        length = rng.choice((1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12))
        jump = rng.choice((0.15, 0.4, 1.0))
        out: list[str] = []
        word = rng.choice(self.words)
        for _ in range(length):
            out.append(word)
            after = self._next.get(word.lower())
            word = rng.choice(self.words) if rng.random() < jump or not after else rng.choice(after)
        text = ""
        for i, token in enumerate(out):
            text += token
            if i < len(out) - 1:
                text += ", " if rng.random() < 0.07 else " "
        return _capital(text) + rng.choices((".", "?"), (0.8, 0.2))[0]

    def mixed(self) -> str:
        """Two halves of different pattern sentences."""
        left, right = self.pattern().rstrip(".?").split(), self.pattern().split()
        text = " ".join(left[: max(1, len(left) // 2 + self.rng.randint(-1, 1))]).rstrip(",")
        first, *rest = right[len(right) // 2 :]
        return " ".join([text, self._surface.get(first.lower(), first), *rest])

    def strung(self) -> str:
        """Two to five of the small phrases, one after another, in no order that could be guessed."""
        rng = self.rng
        parts = [rng.choice(_PHRASES) for _ in range(rng.randint(2, 5))]
        text = "".join(part + rng.choice((" ", " ", ", ")) for part in parts)
        return _capital(text.strip(" ,")) + rng.choice("...?")

    def sentence(self) -> str:
        """One training or test sentence, never one of the sample conversations'."""
        while True:
            kind = self.rng.random()
            draw = {0.5: self.pattern, 0.6: self.mixed, 0.75: self.strung, 1.0: self.shuffled}
            text = next(make for upto, make in draw.items() if kind < upto)()
            if normal(text) not in self.held_out and len(text.split()) <= 22:
                return text

    def vocabulary(self) -> list[str]:
        """Every word form a sentence can hold, capitalised forms included, most useful first."""
        forms = set(self.words) | {_capital(w) for w in self.words}
        return sorted(forms)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    corpus = Corpus(args.seed)
    for _ in range(args.count):
        print(corpus.sentence())
    print(
        f"# {len(PATTERNS)} patterns, {len({w.lower() for w in corpus.words})} words, {len(corpus.vocabulary())} forms"
    )


if __name__ == "__main__":
    main()
