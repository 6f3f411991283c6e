"""Two voices in one channel: which words were said by the one, and which by the other.

Nothing was trained for it. All there is are the words, the pauses between them, and how the sound of this very recording
differs from word to word. Several times over, each time from other parts of the recording, the sound is put into two groups
of what sounds alike, and each word is weighed between the two, where people seldom change in the middle of a breath. What
comes out the same each time can be trusted. In a recording of one person, or where the voices cannot be told apart, it comes
out differently each time, and then nothing is said at all.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipeline.recording.decode import RATE
from pipeline.transcription.mixtures import Array, Mixture, fit, halves
from pipeline.transcription.timbre import HOP, Cepstra
from pipeline.transcripts.transcript import Word

FRAMES: Final = RATE / HOP  # a second
# Each run has its own number of components, cepstra that are grouped by, and seconds of sound that are grouped as one: what
# does not depend on any of them comes out of all. More components learn what is said instead of who says it.
RUNS: Final = (
    (4, 12, 2.5), (8, 10, 2.0), (6, 14, 3.5), (4, 10, 3.0), (8, 14, 2.5), (6, 12, 2.0), (4, 12, 3.5), (8, 14, 1.5),
)  # fmt: skip
ROUNDS: Final = 6
# Frames that follow each other sound alike: each adds only so much evidence as this share of it.
WEIGHT: Final = 0.15
BREATH: Final = 0.2  # seconds of pause that end a stretch
NO_PAUSE: Final = 0.1
SHORTEST: Final = 12  # frames of a stretch below which it is not grouped
CLUSTERED: Final = 240  # stretches that are grouped in a run, the longest
SHARE: Final = 0.8  # of these, taken anew for each run
LEARNT: Final = 40_000  # frames a mixture is fitted to
LEAST: Final = 30.0  # seconds of words below which there is nothing to tell voices apart by
# Share of words that two runs agree on, on the average, below which nothing is said. One voice alone, cut in two by chance,
# reached 0.84 in the benchmark.
STABLE: Final = 0.88
SURE: Final = 0.9  # probability of a voice in every run, above which a word is given to it
# Probability that the same person goes on, by the pause before a word in seconds.
GOES_ON: Final = ((0.12, 0.95), (0.4, 0.8), (np.inf, 0.55))


@dataclass(frozen=True, kw_only=True, slots=True)
class Voices:
    """The probability that the first of two voices said a word, for each run and each word; shape (runs, words)."""

    runs: Array

    @property
    def agreement(self) -> float:
        """Share of words that two runs give to the same voice, on the average over all pairs; 0.5 is chance."""
        pairs = [np.mean((one > 0.5) == (other > 0.5)) for n, one in enumerate(self.runs) for other in self.runs[:n]]
        return float(np.mean(pairs)) if pairs else 0.5

    @property
    def apart(self) -> bool:
        """Whether there are two voices that can be told apart."""
        return self.agreement >= STABLE

    def labels(self, words: Sequence[Word]) -> list[int | None]:
        """0 or 1 for each of the words; None where it is not certain, or where there are no two voices.

        Certain is what every run is sure of, and the words around it in one breath that lean the same way.
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
        return labels


def tell_apart(words: Sequence[Word], sound: Cepstra) -> Voices:
    """Two voices for words in order of time; `sound` are the cepstra of the whole recording from its beginning."""
    frames, owner = _frames(words, len(sound))
    if len(frames) < LEAST * FRAMES:
        return Voices(runs=np.zeros((0, len(words))))
    spoken = sound[frames].astype(np.float64)
    spoken = (spoken - spoken.mean(axis=0)) / (spoken.std(axis=0) + 1e-9)
    runs: list[Array] = []
    for seed, (components, coarse, longest) in enumerate(RUNS):
        chance = np.random.default_rng(seed)
        first = _grouped(spoken[:, :coarse], owner, _stretches(words, longest), len(words), chance)
        first = _weighed(
            words, spoken, owner, first, fit(spoken[chance.permutation(len(spoken))[:LEARNT]], components, chance)
        )
        # which of the two is called the first is chance
        runs.append(1 - first if runs and np.dot(first - 0.5, runs[0] - 0.5) < 0 else first)
    return Voices(runs=np.array(runs))


def _grouped(
    spoken: Array, owner: NDArray[np.intp], stretches: list[list[int]], count: int, chance: np.random.Generator
) -> Array:
    """A first guess for each word, from a part of the stretches in two groups of what sounds alike."""
    bounds = np.searchsorted(owner, np.arange(count + 1))
    parts = [spoken[bounds[one[0]] : bounds[one[-1] + 1]] for one in stretches]
    long = sorted((n for n, part in enumerate(parts) if len(part) > SHORTEST), key=lambda n: -len(parts[n]))[:CLUSTERED]
    picked = chance.permutation(long)[: round(SHARE * len(long))]
    first = np.full(count, 0.5)
    if len(picked) >= 2:
        for value, group in zip((0.97, 0.03), halves([parts[n] for n in picked]), strict=True):
            for place in group:
                first[stretches[picked[place]]] = value
    return first


def _weighed(words: Sequence[Word], spoken: Array, owner: NDArray[np.intp], first: Array, every: Mixture) -> Array:
    """The probability of the first voice for each word, once both voices have been learnt from such a guess."""
    shares, going_on = every.shares(spoken), _going_on(words)
    for _ in range(ROUNDS):
        one, other = (every.adapted(spoken, shares * weight[owner]) for weight in (first, 1 - first))
        evidence = one.likelihood(spoken) - other.likelihood(spoken)
        first = _smoothed(np.asarray(np.bincount(owner, evidence, len(words)) * WEIGHT), going_on)
    return first


def _frames(words: Sequence[Word], count: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """The frames in which words are said, and the word each belongs to; words that overlap share theirs."""
    spans = [(int(word.start * FRAMES), max(int(word.start * FRAMES) + 1, int(word.end * FRAMES))) for word in words]
    frames = [np.arange(min(begin, count), min(end, count)) for begin, end in spans]
    owner = [np.full(len(one), number, np.intp) for number, one in enumerate(frames)]
    return np.concatenate([np.zeros(0, np.intp), *frames]), np.concatenate([np.zeros(0, np.intp), *owner])


def _stretches(words: Sequence[Word], longest: float) -> list[list[int]]:
    """Words in one breath, at most so many seconds of them."""
    stretches: list[list[int]] = []
    for number, word in enumerate(words):
        last = stretches[-1] if stretches else []
        if last and word.start - words[last[-1]].end <= BREATH and word.end - words[last[0]].start <= longest:
            last.append(number)
        else:
            stretches.append([number])
    return stretches


def _breaths(words: Sequence[Word]) -> list[list[int]]:
    """The places of words that follow each other without a pause."""
    breaths: list[list[int]] = []
    for place, word in enumerate(words):
        if breaths and word.start - words[place - 1].end <= NO_PAUSE:
            breaths[-1].append(place)
        else:
            breaths.append([place])
    return breaths


def _going_on(words: Sequence[Word]) -> Array:
    """For each word the probability that the person before it goes on."""
    pauses = [np.inf, *(word.start - before.end for before, word in pairwise(words))]
    return np.array([0.5, *(next(same for most, same in GOES_ON if pause <= most) for pause in pauses[1:])])


def _smoothed(evidence: Array, going_on: Array) -> Array:
    """The probability of the first voice for each word, given all others (forward and backward, in log-odds).

    `evidence` is the log-likelihood of the first voice above that of the second.
    """
    forward, backward = np.zeros(len(evidence)), np.zeros(len(evidence))
    for place in range(1, len(evidence)):
        forward[place] = _step(forward[place - 1] + evidence[place - 1], going_on[place])
    for place in range(len(evidence) - 2, -1, -1):
        backward[place] = _step(backward[place + 1] + evidence[place + 1], going_on[place + 1])
    return np.asarray(1 / (1 + np.exp(-np.clip(forward + evidence + backward, -500, 500))))


def _step(odds: float, same: float) -> float:
    """Log-odds of a voice after one step, in which the same person goes on with probability `same`."""
    # beyond that the odds are as good as certain, and as far as a number can go
    likely = math.exp(min(max(odds, -500.0), 500.0))
    return math.log((same * likely + 1 - same) / ((1 - same) * likely + same))
