"""A figure and how far it may be from the truth: the one place where ends of intervals come from.

Many clusters and many levels of what is averaged: percentiles of the resampled figure. Few of either: a t interval,
because percentiles are then too short (four networks: 81% instead of 95%). Its variance is the sum of what clusters and
levels contribute; that clusters differ in what levels make of them is counted twice, so the interval is wide rather
than short.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from numerics.jackknife import LEVEL, half_width, variance_of_mean

Array = NDArray[np.float64]

FEW_LEVELS = 10
"""So many networks, directions or other levels do with percentiles."""
FEW_CLUSTERS = 20


@dataclass(frozen=True, eq=False)
class Varying:
    """A figure, resampled.

    Attributes:
        resampled: (1 + resamples, …); the first row is the estimate, in the others clusters have other weights, and
            levels of factors that have many.
        levels: of every factor with few levels, the figure at each: (levels, …), in the order of their names.
        clusters: their number.
    """

    resampled: Array
    levels: Mapping[str, Array]
    clusters: int

    @property
    def value(self) -> Array:
        """The estimate (…)."""
        return self.resampled[0]

    @property
    def by_percentiles(self) -> bool:
        """Whether there is enough of everything to do with percentiles."""
        return not self.levels and self.clusters >= FEW_CLUSTERS

    def map(self, change: Callable[[Array], Array]) -> "Varying":
        """Something made from the figure, say its value in one column."""
        return Varying(
            change(self.resampled), {name: change(one) for name, one in self.levels.items()}, self.clusters
        )

    def __sub__(self, other: "Varying") -> "Varying":
        """Paired differences: the same resamples, the same levels."""
        levels = {name: one - other.levels[name] for name, one in self.levels.items()}
        return Varying(self.resampled - other.resampled, levels, min(self.clusters, other.clusters))

    def bounds(self, tail: float = (1 - LEVEL) / 2) -> tuple[Array, Array]:
        """Lower and upper bound (…), each missed with probability ``tail``."""
        if self.by_percentiles:
            low, high = np.quantile(self.resampled[1:], [tail, 1 - tail], axis=0)
            return low, high
        half = self._half_width(tail)
        return self.value - half, self.value + half

    def _half_width(self, tail: float) -> Array:
        # a bootstrap's variance is that of a mean over n in place of n - 1
        clusters = self.resampled[1:].var(axis=0) * self.clusters / max(self.clusters - 1, 1)
        parts = [(clusters, self.clusters - 1), *map(variance_of_mean, self.levels.values())]
        return half_width(parts, tail)
