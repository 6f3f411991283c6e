"""Two voices by vectors that lie near each other where the same person speaks.

The words are cut into stretches in several ways. Each stretch has a vector; the vectors are put into two groups, and each stretch
is weighed between the two groups as they are without it. What is said in one breath is said by one person: where neighbours in
a breath do not come into the same group more often than by chance, the groups are not two people.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from pipeline.transcription.mixtures import Array
from pipeline.transcription.voices import going_on, moments, smoothed, stretches
from pipeline.transcripts.transcript import Word

Sound = NDArray[np.float32]

ROUNDS: Final = 12
SHORTEST: Final = 0.4  # seconds: a stretch that is shorter is heard with what is around it
FEWEST: Final = 8  # stretches below which there is nothing to tell voices apart by
STRONGEST: Final = 8.0  # log-odds that a single stretch may add
AT_ONCE: Final = 0.04  # seconds of pause between neighbours in a breath, at most
LONG: Final = 0.3  # seconds that neighbours must have, to be asked about each other
PAIRS: Final = 12  # of neighbours, below which nobody knows
CLEAR: Final = 2.0  # log-odds of a moment, above which it sounds like a voice


class Vectors(Protocol):
    """What knows voices, from `rate` frames of sound a second; `lengths` are the seconds of a stretch, at most, in each run."""

    @property
    def rate(self) -> int: ...
    @property
    def lengths(self) -> Sequence[float]: ...

    def vectors(self, sounds: Sequence[Sound]) -> Array:
        """One vector of length 1 for each stretch of sound, shape (stretches, size)."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Weighed:
    """The probability of the first voice for each run and each word; and how far neighbours in a breath agree, from 0, which is
    chance, to 1."""

    runs: Array
    coherence: float


def weigh(words: Sequence[Word], sound: Sound, knows: Vectors) -> Weighed:
    """Two voices for words in order of time; `sound` are the frames of the whole recording from its beginning."""
    said = np.array([max(0.02, word.end - word.start) for word in words])
    runs: list[Array] = []
    same, chance, pairs = 0.0, 0.0, 0
    for longest in knows.lengths:
        cut = stretches(words, longest)
        if len(cut) < FEWEST or len(sound) < SHORTEST * knows.rate:
            return Weighed(runs=np.zeros((0, len(words))), coherence=0.0)
        seconds = np.array([said[one].sum() for one in cut])
        odds = _odds(knows.vectors([_heard(words, one, sound, knows.rate) for one in cut]), seconds)
        evidence = np.zeros(len(words))
        for one, its in zip(cut, odds, strict=True):
            evidence[one] = its * said[one] / said[one].sum()
        first = smoothed(evidence, going_on(words))
        # which of the two is called the first is chance
        runs.append(1 - first if runs and np.dot(first - 0.5, runs[0] - 0.5) < 0 else first)
        beside = _neighbours(words, cut, seconds)
        share = float(np.mean(odds > 0))
        same += sum((odds[place] > 0) == (odds[place + 1] > 0) for place in beside)
        chance += len(beside) * (share**2 + (1 - share) ** 2)
        pairs += len(beside)
    known = pairs >= PAIRS and chance < pairs
    return Weighed(runs=np.array(runs), coherence=(same - chance) / (pairs - chance) if known else 0.0)


def sounds_like(words: Sequence[Word], sound: Sound, knows: Vectors, first: Array) -> NDArray[np.int8]:
    """Which voice each moment clearly sounds like: 1 for the one that `first` is the probability of, -1 for the other, 0 for
    neither."""
    short = moments(words)
    seconds = np.array([sum(max(0.02, words[place].end - words[place].start) for place in one) for one in short])
    odds = _odds(knows.vectors([_heard(words, one, sound, knows.rate) for one in short]), seconds)
    clear = np.sign(odds) * (np.abs(odds) > CLEAR)
    return (clear if clear @ (first - 0.5) >= 0 else -clear).astype(np.int8)


def _heard(words: Sequence[Word], stretch: Sequence[int], sound: Sound, rate: int) -> Sound:
    begin, end = int(words[stretch[0]].start * rate), int(words[stretch[-1]].end * rate)
    least = round(SHORTEST * rate)
    begin = max(0, min(begin - max(0, least - (end - begin)) // 2, len(sound) - least))
    return sound[begin : max(begin + least, min(end, len(sound)))]


def _neighbours(words: Sequence[Word], cut: Sequence[Sequence[int]], seconds: Array) -> list[int]:
    """The stretches that go on in the next one without a pause."""
    return [
        place
        for place in range(len(cut) - 1)
        if words[cut[place + 1][0]].start - words[cut[place][-1]].end <= AT_ONCE
        and min(seconds[place], seconds[place + 1]) > LONG
    ]


def _odds(vectors: Array, seconds: Array) -> Array:
    """The log-odds of the first of two groups for each vector."""
    vectors = vectors - np.average(vectors, axis=0, weights=seconds)
    heavy = vectors * np.sqrt(seconds)[:, None]
    first = heavy @ np.linalg.svd(heavy, full_matrices=False)[2][0] > 0
    score = _nearer(vectors, seconds, first)
    for _ in range(ROUNDS):
        if np.array_equal(score > 0, first) or not 0 < np.count_nonzero(score > 0) < len(first):
            break
        first = score > 0
        score = _nearer(vectors, seconds, first)
    if not 0 < np.count_nonzero(first) < len(first):
        return np.zeros(len(first))
    one, other = score[first], score[~first]
    spread = (one.var() * len(one) + other.var() * len(other)) / len(score) + 1e-6
    odds = (one.mean() - other.mean()) / spread * (score - (one.mean() + other.mean()) / 2)
    return np.asarray(np.clip(odds * np.minimum(1, seconds), -STRONGEST, STRONGEST))


def _nearer(vectors: Array, seconds: Array, first: NDArray[np.bool_]) -> Array:
    """How much nearer each vector is to the middle of the first group than to that of the second, both without itself."""
    sides = []
    for group in (first, ~first):
        weights = seconds * group
        middle = (weights @ vectors) - weights[:, None] * vectors
        sides.append((middle * vectors).sum(axis=1) / (np.linalg.norm(middle, axis=1) + 1e-9))
    return np.asarray(sides[0] - sides[1])
