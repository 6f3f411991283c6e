"""How much what is said changes how a voice sounds, learnt from the two synthetic voices of the demo: `likeness.npy`.

    python -m tools.learn_likeness

writes it anew. Each voice is heard in every condition of `bench_speakers`; what is learnt is how stretches of one voice in one
condition differ from each other. None of the speakers that the benchmark measures with is in it.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np

from pipeline.transcription import likeness, timbre
from pipeline.transcription.mixtures import Array
from pipeline.transcription.vectors import SHORTEST, Sound
from pipeline.transcription.voices import stretches
from pipeline.transcripts.transcript import Word
from tools.bench_speakers import CONDITIONS, LOUDNESS, demo_sample, heard_as, in_samples

TARGET: Final = Path(likeness.__file__).with_name(likeness.FILE)
OWN: Final = 0.3  # share in which what is measured is taken to vary by itself, since two voices say little about it


def main() -> None:
    np.save(TARGET, learnt())


def learnt() -> Array:
    """The upper half of the inverse root of the covariance within a voice."""
    return np.asarray(inverse_root(_measured())[np.triu_indices(likeness.LENGTH)], np.float32)


def inverse_root(voices: Sequence[Array]) -> Array:
    """The inverse root of the covariance within voices, of each of which there is an array of shape (stretches, size)."""
    apart = np.concatenate([one - one.mean(axis=0) for one in voices])
    covariance = apart.T @ apart / len(apart)
    covariance = (1 - OWN) * covariance + OWN * np.diag(np.diag(covariance))
    values, axes = np.linalg.eigh(covariance)
    return np.asarray((axes / np.sqrt(values)) @ axes.T)


def _measured() -> list[Array]:
    """What is measured of the stretches of each voice in each condition and cut, shape (stretches, 209) each."""
    found = []
    for number in (1, 2):
        words, truth, sound = demo_sample(number)
        sound = sound / np.sqrt(np.mean(np.square(sound))) * LOUDNESS
        for seed, condition in enumerate(CONDITIONS):
            cepstra = timbre.cepstra(in_samples(heard_as(sound, condition, np.random.default_rng(seed))[None])[0])
            for longest in likeness.Likeness.lengths[:2]:
                for voice in (0, 1):
                    own = [word for word, who in zip(words, truth, strict=True) if who == voice]
                    cut = heard(own, cepstra, likeness.Likeness.rate, longest)
                    found.append(np.array([likeness.measured(one) for one in cut]))
    return found


def heard(words: Sequence[Word], sound: Sound, rate: int, longest: float) -> list[Sound]:
    """The frames of the stretches of these words that are not too short."""
    spans = [(words[one[0]].start, words[one[-1]].end) for one in stretches(words, longest)]
    return [sound[int(start * rate) : int(end * rate)] for start, end in spans if end - start >= SHORTEST]


if __name__ == "__main__":
    main()
