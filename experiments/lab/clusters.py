"""Clusters: which structures an interval counts as one, because one tells what the other does.

Structures of one trajectory resemble their neighbours in time. They are put together in blocks of one trajectory,
longer than :data:`TIMES` the integrated autocorrelation time τ of what is averaged; a structure that comes from no
trajectory is a cluster of its own. Time is counted in structures, in their order along the trajectory: a sample taken
at random of a stationary series is one too.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from experiments.data.autocorrelation import autocovariance, integrated_time

Array = NDArray[np.float64]

TIMES = 4
"""Blocks of b structures make the variance of a mean too small by about τ/2b: a quarter at 2 τ, an eighth at 4 τ."""


def clusters(places: NDArray[np.int64] | None, series: Sequence[Array]) -> NDArray[np.int64]:
    """The cluster of every structure, counted from 0.

    Args:
        places: (n, 2) trajectory of every structure, and its place along that; ``None`` where there are none.
        series: what the structures contribute to figures whose intervals share these clusters, each (n, k); columns
            that do not vary are passed over. Several arrays of equal shape, as several networks give, are taken as
            repetitions: their autocovariances are averaged.

    Returns:
        (n,).
    """
    n = len(series[0])
    if places is None:
        return np.arange(n)
    order = np.lexsort((places[:, 1], places[:, 0]))
    _, sizes = np.unique(places[:, 0], return_counts=True)
    parts = np.split(order, np.cumsum(sizes)[:-1])
    length = 1 + int(TIMES * longest_time(series, parts))
    labels, first = np.empty(n, dtype=np.int64), 0
    for part in parts:
        blocks = max(1, len(part) // length)
        labels[part] = first + np.arange(len(part)) * blocks // len(part)
        first += blocks
    # one cluster alone would say nothing of how they vary
    return labels if first > 1 else (np.argsort(order) * 2 // n)


def longest_time(series: Sequence[Array], parts: Sequence[NDArray[np.int64]]) -> float:
    """The longest integrated autocorrelation time of the columns, in structures; at least 1.

    Args:
        series: see :func:`clusters`.
        parts: indices of the structures of every trajectory, in order of time.
    """
    groups: dict[tuple[int, ...], list[Array]] = {}
    for values in series:
        groups.setdefault(values.shape, []).append(values)
    times = [
        integrated_time(_pooled([values[:, column] for values in group], parts), 1.0)
        for shape, group in groups.items()
        for column in range(shape[1])
    ]
    return max(times, default=1.0)


def _pooled(series: Sequence[Array], parts: Sequence[NDArray[np.int64]]) -> Array:
    """Autocorrelation of repetitions over several trajectories, by lag up to the longest of these."""
    longest = max(map(len, parts))
    total, pairs = np.zeros(longest), np.zeros(longest)
    for values in series:
        spread = values.std()
        if spread <= 1e-12 * np.abs(values).max(initial=1e-300):
            continue
        for part in parts:
            n = len(part)
            weights = np.arange(n, 0, -1)
            total[:n] += autocovariance(values[part] / spread, values.mean() / spread) * weights
            pairs[:n] += weights
    return total / np.maximum(pairs, 1)
