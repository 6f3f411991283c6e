"""How alike two stretches of speech sound, whoever speaks: by their cepstra on the average, and by how these vary together.

What is said makes more difference to both than who says it. How much it makes was learnt once, from the two synthetic voices of
the demo (`python -m tools.learn_likeness`), and is taken out here: within-class covariance normalisation, after Hatch, Kajarekar
and Stolcke (2006). No person's voice is in it.
"""

from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import Final

import numpy as np

from pipeline.recording.sound import RATE
from pipeline.transcription.mixtures import Array
from pipeline.transcription.timbre import HOP, SIZE, Cepstra

FILE: Final = "likeness.npy"
LENGTH: Final = SIZE + SIZE * (SIZE + 1) // 2
_UPPER: Final = np.triu_indices(SIZE)


class Likeness:
    """Vectors of stretches of one recording, out of their cepstra."""

    rate: Final = RATE // HOP
    lengths: Final = (1.2, 2.0, 3.2)

    def vectors(self, sounds: Sequence[Cepstra]) -> Array:
        made = np.array([measured(one) for one in sounds])
        made = (made - made.mean(axis=0)) @ _evened()
        return np.asarray(made / (np.linalg.norm(made, axis=1, keepdims=True) + 1e-9))


def measured(sound: Cepstra) -> Array:
    """The covariances of the cepstra of a stretch and their means, shape (209,)."""
    exact = sound.astype(np.float64)
    level = exact.mean(axis=0)
    return np.concatenate([((exact - level).T @ (exact - level) / len(exact))[_UPPER], level])


@cache
def _evened() -> Array:
    """The inverse root of the covariance of what is measured within a voice; the file has its upper half."""
    with files(__package__).joinpath(FILE).open("rb") as file:
        half = np.load(file, allow_pickle=False)
    whole = np.zeros((LENGTH, LENGTH))
    whole[np.triu_indices(LENGTH)] = half
    return np.asarray(whole + np.triu(whole, 1).T)
