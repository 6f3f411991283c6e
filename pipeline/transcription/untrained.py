"""Two voices that nobody was trained for.

All there is are the words, the pauses between them, and how the sound of this very recording differs from word to word. Several
times over, each time from other parts of the recording, the sound is put into two groups of what sounds alike, and each word is
weighed between the two, where people seldom change in the middle of a breath. These runs can err together without noticing it,
so the words are weighed in a second way as well, by the likeness of stretches.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipeline.recording.sound import RATE
from pipeline.transcription.likeness import Likeness
from pipeline.transcription.mixtures import Array, Frames, Mixture, fit, halves
from pipeline.transcription.timbre import HOP, Cepstra
from pipeline.transcription.vectors import weigh
from pipeline.transcription.voices import Voices, going_on, moments, smoothed, stretches
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
SHORTEST: Final = 12  # frames of a stretch below which it is not grouped
CLUSTERED: Final = 240  # stretches that are grouped in a run, the longest
SHARE: Final = 0.8  # of these, taken anew for each run
LEARNT: Final = 40_000  # frames a mixture is fitted to
LEAST: Final = 30.0  # seconds of words below which there is nothing to tell voices apart by


def tell_apart(words: Sequence[Word], sound: Cepstra) -> Voices:
    """Two voices for words in order of time; `sound` are the cepstra of the whole recording from its beginning."""
    frames, owner = _frames(words, len(sound))
    if len(frames) < LEAST * FRAMES:
        return Voices(runs=np.zeros((0, len(words))))
    spoken = sound[frames]
    alike = (spoken - spoken.mean(axis=0, dtype=np.float64)) / (spoken.std(axis=0, dtype=np.float64) + 1e-9)
    spoken = alike.astype(np.float32)

    def run(seed: int) -> tuple[Array, Array]:
        components, coarse, longest = RUNS[seed]
        chance = np.random.default_rng(seed)
        first = _grouped(spoken[:, :coarse], owner, stretches(words, longest), len(words), chance)
        learnt = fit(spoken[chance.permutation(len(spoken))[:LEARNT]], components, chance)
        return _weighed(words, spoken, owner, first, learnt)

    runs, evidence = (np.array(one) for one in zip(*map(run, range(len(RUNS))), strict=True))
    # which of the two is called the first is chance
    turned = (runs - 0.5) @ (runs[0] - 0.5) < 0
    runs[turned] = 1 - runs[turned]
    evidence[turned] *= -1
    by_itself = evidence.sum(axis=0)
    sound_like = np.array([np.sign(by_itself[moment].sum()) for moment in moments(words)], np.int8)
    second = weigh(words, sound, Likeness())
    return Voices(runs=runs, second=second.runs, moments=sound_like, coherence=second.coherence)


def _grouped(
    spoken: Frames, owner: NDArray[np.intp], cut: list[list[int]], count: int, chance: np.random.Generator
) -> Array:
    """A first guess for each word, from a part of the stretches in two groups of what sounds alike."""
    bounds = np.searchsorted(owner, np.arange(count + 1))
    places = [slice(bounds[one[0]], bounds[one[-1] + 1]) for one in cut]
    length = [place.stop - place.start for place in places]
    long = sorted((n for n, frames in enumerate(length) if frames > SHORTEST), key=lambda n: -length[n])[:CLUSTERED]
    picked = chance.permutation(long)[: round(SHARE * len(long))]
    first = np.full(count, 0.5)
    if len(picked) >= 2:
        for value, group in zip(
            (0.97, 0.03), halves([spoken[places[n]].astype(np.float64) for n in picked]), strict=True
        ):
            for place in group:
                first[cut[picked[place]]] = value
    return first


def _weighed(
    words: Sequence[Word], spoken: Frames, owner: NDArray[np.intp], first: Array, every: Mixture
) -> tuple[Array, Array]:
    """The probability of the first voice for each word, once both voices have been learnt from such a guess; and the log-odds
    that the word has by itself."""
    shares, same = every.shares(spoken), going_on(words)
    for _ in range(ROUNDS):
        weights = first.astype(np.float32)
        one, other = (every.adapted(spoken, shares * weight[owner]) for weight in (weights, 1 - weights))
        likelier = one.likelihood(spoken) - other.likelihood(spoken)
        evidence = np.asarray(np.bincount(owner, likelier, len(words)) * WEIGHT)
        first = smoothed(evidence, same)
    return first, evidence


def _frames(words: Sequence[Word], count: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """The frames in which words are said, and the word each belongs to; words that overlap share theirs."""
    spans = [(int(word.start * FRAMES), max(int(word.start * FRAMES) + 1, int(word.end * FRAMES))) for word in words]
    frames = [np.arange(min(begin, count), min(end, count)) for begin, end in spans]
    owner = [np.full(len(one), number, np.intp) for number, one in enumerate(frames)]
    return np.concatenate([np.zeros(0, np.intp), *frames]), np.concatenate([np.zeros(0, np.intp), *owner])
