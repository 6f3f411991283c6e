"""Two small tools of speaker recognition before neural networks: mixtures of Gaussians, and clustering by the Bayesian criterion.

Mixtures with diagonal covariances, fitted by expectation-maximisation, and their means adapted to one voice, after Reynolds,
Quatieri and Dunn (2000). Agglomerative clustering after Chen and Gopalakrishnan (1998): the two stretches of sound are joined
that are best described by one Gaussian instead of two.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Frames = NDArray[np.float32]  # many: half the memory, and several times as fast where logarithms are taken

BLOCK: Final = 8192  # frames
ROUNDS: Final = 12
RELEVANCE: Final = 16.0
FLOOR: Final = 0.05  # of the variance of all sound, below which no component gets
_RIDGE: Final = 1e-2


@dataclass(frozen=True, kw_only=True, slots=True)
class Mixture:
    """Weighted Gaussians: `means` and `variances` have shape (components, size), `weights` (components,)."""

    means: Array
    variances: Array
    weights: Array

    def parts(self, frames: Frames) -> Frames:
        """Log-likelihood of each frame in each component, shape (components, frames)."""
        precision = 1 / self.variances
        constant = np.log(self.weights) - 0.5 * (
            np.log(2 * np.pi * self.variances).sum(1) + (np.square(self.means) * precision).sum(1)
        )
        linear, square = (one.astype(np.float32) for one in (self.means * precision, -0.5 * precision))
        scaled = linear @ frames.T + square @ np.square(frames).T
        return np.asarray(scaled + constant.astype(np.float32)[:, None])

    def likelihood(self, frames: Frames) -> Frames:
        """Log-likelihood of each frame, shape (frames,)."""
        return np.concatenate([self._likelihood(block) for block in _blocks(frames)])

    def _likelihood(self, frames: Frames) -> Frames:
        parts = self.parts(frames)
        most = parts.max(axis=0)
        return np.asarray(most + np.log(np.exp(parts - most).sum(axis=0)))

    def shares(self, frames: Frames) -> Frames:
        """How much of each frame belongs to each component, shape (components, frames); each column adds up to 1."""
        return np.concatenate([self._shares(block) for block in _blocks(frames)], axis=1)

    def _shares(self, frames: Frames) -> Frames:
        parts = self.parts(frames)
        shares = np.exp(parts - parts.max(axis=0))
        return np.asarray(shares / shares.sum(axis=0))

    def adapted(self, frames: Frames, shares: Frames) -> "Mixture":
        """The same mixture with its means moved to these frames, of which `shares` belong to each component."""
        count = shares.sum(axis=1, dtype=np.float64)[:, None]
        moved = (shares @ frames) / np.maximum(count, 1e-6)
        trust = count / (count + RELEVANCE)
        return Mixture(means=trust * moved + (1 - trust) * self.means, variances=self.variances, weights=self.weights)


def _blocks(frames: Frames) -> list[Frames]:
    """The same frames in parts that a processor keeps near it."""
    return [frames[first : first + BLOCK] for first in range(0, len(frames), BLOCK)]


def fit(frames: Frames, components: int, chance: np.random.Generator) -> Mixture:
    """A mixture that describes these frames."""
    spread = frames.var(axis=0, dtype=np.float64)
    floor = FLOOR * spread + 1e-6
    picked = chance.choice(len(frames), components, replace=len(frames) < components)
    mixture = Mixture(
        means=frames[picked].astype(np.float64),
        variances=np.tile(spread + 1e-3, (components, 1)),
        weights=np.full(components, 1 / components),
    )
    for _ in range(ROUNDS):
        shares = mixture.shares(frames)
        count = shares.sum(axis=1, dtype=np.float64)[:, None] + 1e-6
        means = (shares @ frames) / count
        variances = np.maximum((shares @ np.square(frames)) / count - np.square(means), floor)
        mixture = Mixture(means=means, variances=variances, weights=count[:, 0] / count.sum())
    return mixture


def halves(stretches: list[Array]) -> tuple[list[int], list[int]]:
    """Stretches of sound, each of shape (frames, size), in two groups of what sounds alike; their places in the list."""
    count = np.array([len(one) for one in stretches], np.float64)
    total = np.array([one.sum(axis=0) for one in stretches])
    square = np.array([one.T @ one for one in stretches])
    members = [[place] for place in range(len(stretches))]
    alive = np.ones(len(stretches), np.bool_)
    own = count * _spread(count, total, square)
    cost = np.full((len(stretches), len(stretches)), np.inf)

    def joining(place: int, others: NDArray[np.intp]) -> Array:
        """What it costs to describe this stretch and each of the others together."""
        both = count[place] + count[others]
        spread = _spread(both, total[place] + total[others], square[place] + square[others])
        size = total.shape[1]
        return np.asarray(both * spread - own[place] - own[others] - (size + size * (size + 1) / 2) * np.log(both))

    for place in range(len(stretches) - 1):
        cost[place, place + 1 :] = joining(place, np.arange(place + 1, len(stretches)))
    while alive.sum() > 2:
        one, other = (int(place) for place in np.unravel_index(cost.argmin(), cost.shape))
        count[one] += count[other]
        total[one] += total[other]
        square[one] += square[other]
        members[one] += members[other]
        alive[other] = False
        cost[other], cost[:, other] = np.inf, np.inf
        own[one] = count[one] * _spread(count[one : one + 1], total[one : one + 1], square[one : one + 1])[0]
        others = np.flatnonzero(alive)
        others = others[others != one]
        cost[np.minimum(one, others), np.maximum(one, others)] = joining(one, others)
    first, second = np.flatnonzero(alive)
    return members[first], members[second]


def _spread(count: Array, total: Array, square: Array) -> Array:
    """Log-determinants of the covariances that these sums give."""
    mean = total / count[:, None]
    covariance = square / count[:, None, None] - mean[:, :, None] * mean[:, None, :]
    return np.asarray(np.linalg.slogdet(covariance + _RIDGE * np.eye(total.shape[1]))[1])
