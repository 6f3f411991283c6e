"""Two voices: the probability that each word was said by the one or the other, and when that is certain.

The words are weighed several times over, each time in another way, see `ears`. What comes out the same each time can be
trusted. In a recording of one person, or where the voices cannot be told apart, it comes out differently each
time, and then nothing is said at all.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipeline.transcription.mixtures import Array
from pipeline.transcripts.transcript import Word

BREATH: Final = 0.2  # seconds of pause that end a stretch
NO_PAUSE: Final = 0.1
# Share of words that two runs agree on, on the average, below which nothing is said.
STABLE: Final = 0.88
# Share of words that two ways to tell voices apart agree on, below which nothing is said. One voice alone once reached
# 0.89, while neighbours did not agree at all.
ALIKE: Final = 0.85
# Share of words that two runs must agree on where another way bears them out: the runs of one voice alone that was taken for two
# agreed on 0.68 at most, those of two people on 0.76 at least.
STEADY: Final = 0.72
# How far neighbours in a breath must agree. One voice alone reached 0.31 once and 0.2 or less otherwise, but for those above.
COHERENT: Final = 0.35
LEANS: Final = 0.6  # probability of the same voice in the second runs, below which a word is not certain
SURE: Final = 0.9  # probability of a voice in every run, above which a word is given to it
# Probability that the same person goes on, by the pause before a word in seconds.
GOES_ON: Final = ((0.12, 0.95), (0.4, 0.8), (np.inf, 0.55))


@dataclass(frozen=True, kw_only=True, slots=True)
class Voices:
    """The probability that the first of two voices said a word, for each run and each word; shape (runs, words).

    `second` has the same from runs that go by something else, where there are any: they say nothing by themselves, but what
    they contradict is not certain. `moments` says of each word and the one after it which voice they clearly sound like without
    what is around them: 1 the first, -1 the second, 0 neither. `coherence` says how far neighbours in a breath are given to the
    same voice, from 0, which is chance, to 1.
    """

    runs: Array
    second: Array | None = None
    moments: NDArray[np.int8] | None = None
    coherence: float = 1.0

    @property
    def agreement(self) -> float:
        """Share of words that two runs give to the same voice, on the average over all pairs; 0.5 is chance."""
        pairs = [np.mean((one > 0.5) == (other > 0.5)) for n, one in enumerate(self.runs) for other in self.runs[:n]]
        return float(np.mean(pairs)) if pairs else 0.5

    @property
    def accord(self) -> float:
        """Share of words that the runs and those that go by something else give to the same voice."""
        if self.second is None or not len(self.second) or not len(self.runs):
            return 0.5
        alike = float(np.mean((self.runs.mean(axis=0) > 0.5) == (self.second.mean(axis=0) > 0.5)))
        return max(alike, 1 - alike)

    @property
    def apart(self) -> bool:
        """Whether there are two voices that can be told apart."""
        alone = self.second is None
        steady = self.agreement >= (STABLE if alone else STEADY)
        return steady and (alone or self.accord >= ALIKE) and self.coherence >= COHERENT

    def labels(self, words: Sequence[Word]) -> list[int | None]:
        """0 or 1 for each of the words; None where it is not certain, or where there are no two voices.

        Certain is what every run is sure of, and the words around it in one breath that lean the same way; unless the second
        runs lean the other way, or a moment around the word sounds like the other voice: a short turn between two of the other
        person would be taken for theirs.
        """
        if not self.apart:
            return [None] * len(words)
        least, most, mean = self.runs.min(axis=0), self.runs.max(axis=0), self.runs.mean(axis=0)
        sure = [0 if low > SURE else 1 if high < 1 - SURE else None for low, high in zip(least, most, strict=True)]
        labels = list(sure)
        for breath in _breaths(words):
            voices = {sure[place] for place in breath} - {None}
            if len(voices) == 1:
                (voice,) = voices
                leaning = [place for place in breath if (mean[place] < 0.5) == bool(voice)]
                certain = [place for place in breath if sure[place] is not None]
                whole = len(leaning) == len(breath)
                for place in leaning:
                    if whole or certain[0] <= place <= certain[-1]:
                        labels[place] = voice
        if self.second is not None:
            labels = self._confirmed(labels, self.second.mean(axis=0))
        return labels if self.moments is None else _uncontradicted(labels, words, self.moments)

    def _confirmed(self, labels: list[int | None], second: Array) -> list[int | None]:
        alike = second if np.dot(self.runs.mean(axis=0) - 0.5, second - 0.5) >= 0 else 1 - second
        return [
            None if label is None or (alike[place] if label == 0 else 1 - alike[place]) < LEANS else label
            for place, label in enumerate(labels)
        ]


def _uncontradicted(labels: list[int | None], words: Sequence[Word], sounds_like: NDArray[np.int8]) -> list[int | None]:
    label = {1: 0, -1: 1}
    doubtful = {
        place
        for moment, voice in zip(moments(words), sounds_like.tolist(), strict=True)
        for place in moment
        if voice and labels[place] != label[voice]
    }
    return [None if place in doubtful else one for place, one in enumerate(labels)]


def moments(words: Sequence[Word]) -> list[list[int]]:
    """Each word and the one that follows it in one breath."""
    following = [after.start - word.end <= BREATH for word, after in pairwise(words)]
    return [
        [place, place + 1] if place < len(following) and following[place] else [place] for place in range(len(words))
    ]


def stretches(words: Sequence[Word], longest: float) -> list[list[int]]:
    """Words in one breath, at most so many seconds of them."""
    found: list[list[int]] = []
    for number, word in enumerate(words):
        last = found[-1] if found else []
        if last and word.start - words[last[-1]].end <= BREATH and word.end - words[last[0]].start <= longest:
            last.append(number)
        else:
            found.append([number])
    return found


def _breaths(words: Sequence[Word]) -> list[list[int]]:
    """The places of words that follow each other without a pause."""
    breaths: list[list[int]] = []
    for place, word in enumerate(words):
        if breaths and word.start - words[place - 1].end <= NO_PAUSE:
            breaths[-1].append(place)
        else:
            breaths.append([place])
    return breaths


def going_on(words: Sequence[Word]) -> Array:
    """For each word the probability that the person before it goes on."""
    pauses = [np.inf, *(word.start - before.end for before, word in pairwise(words))]
    return np.array([0.5, *(next(same for most, same in GOES_ON if pause <= most) for pause in pauses[1:])])


def smoothed(evidence: Array, same: Array) -> Array:
    """The probability of the first voice for each word, given all others (forward and backward, in log-odds).

    `evidence` is the log-likelihood of the first voice above that of the second.
    """
    odds, goes_on = evidence.tolist(), (2 * same - 1).tolist()
    forward = _passed_on(odds, goes_on[1:])
    backward = _passed_on(odds[::-1], goes_on[:0:-1])[::-1]
    return np.asarray(1 / (1 + np.exp(-np.clip(evidence + forward + backward, -500, 500))))


def _passed_on(odds: Sequence[float], goes_on: Sequence[float]) -> list[float]:
    """For each word the log-odds that come to it from the words before.

    `goes_on` has, for each word but the first, the probability that the same person goes on less that of a change. Odds pass
    through such a step as they pass a check of parity in decoding (Hagenauer, Offer and Papke, 1996).
    """
    passed = [0.0] if odds else []
    for own, same in zip(odds, goes_on, strict=False):
        passed.append(2 * math.atanh(same * math.tanh((passed[-1] + own) / 2)))
    return passed
