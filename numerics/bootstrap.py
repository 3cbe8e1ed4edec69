"""Cluster bootstrap of a ratio of sums, vectorised over resamples."""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

RESAMPLES = 2000


def resampled_ratios(
    numerators: Array, denominators: Array, rng: np.random.Generator, resamples: int = RESAMPLES
) -> Array:
    """Σ numerators / Σ denominators over clusters drawn with replacement.

    Args:
        numerators: (n_clusters, k), one row a cluster.
        denominators: (n_clusters, k).
        rng: draws the resamples; the same draws serve all k ratios.
        resamples: number of bootstrap samples.

    Returns:
        (resamples, k).
    """
    n = len(numerators)
    counts = rng.multinomial(n, np.full(n, 1 / n), size=resamples).astype(float)
    return (counts @ numerators) / (counts @ denominators)


def percentile_interval(samples: Array, level: float = 0.95) -> Array:
    """Percentile interval of each column: (k, 2).

    >>> percentile_interval(np.arange(101.0)[:, None], 0.9)
    array([[ 5., 95.]])
    """
    tail = 50 * (1 - level)
    return np.percentile(samples, [tail, 100 - tail], axis=0).T
