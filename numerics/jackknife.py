"""Intervals of figures made of sums over clusters: leave one cluster out, Student's t.

With few clusters percentile intervals are far too short; t with K − 1 degrees of freedom is not, and leaving out each
cluster once needs no random numbers. Where a figure is also an average over few of something else, say trainings, the
variance of their mean is added, with degrees of freedom as Satterthwaite (Biometrics Bulletin 2, 110, 1946) has them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

LEVEL = 0.95


@dataclass(frozen=True)
class Interval:
    """A figure and the ends of its 95% interval."""

    value: float
    low: float
    high: float


def half_width(variances: Sequence[tuple[Array, int]], tail: float) -> Array:
    """Half the width of an interval whose variance is a sum, each end missed with probability ``tail``.

    Args:
        variances: every part of the variance, (...), with its degrees of freedom.
        tail: below 1/2.
    """
    from scipy.special import stdtrit

    variance = sum(part for part, _ in variances)
    with np.errstate(divide="ignore", invalid="ignore"):
        freedom = variance**2 / sum(part**2 / max(degrees, 1) for part, degrees in variances)
    return np.where(variance > 0, stdtrit(np.nan_to_num(freedom, nan=1.0), 1 - tail), 0.0) * np.sqrt(variance)


def variance_of_mean(levels: Array) -> tuple[Array, int]:
    """Variance of the mean of ``levels`` (n, ...), n ≥ 2, and its degrees of freedom."""
    return levels.var(axis=0, ddof=1) / len(levels), len(levels) - 1


def jackknife(sums: Array, figure: Callable[[Array], Array], levels: Sequence[Array] = ()) -> list[Interval]:
    """Figures of totals over clusters with intervals (Efron and Tibshirani, "An introduction to the bootstrap", § 11).

    Args:
        sums: (K, ...) of each cluster, K ≥ 2; clusters are independent.
        figure: of totals (n, ...), gives (n, figures); smooth in them.
        levels: of whatever else the figures are averages over, (number of them, figures), at least two of each.

    >>> jackknife(np.array([[1.0], [3.0]]), lambda totals: totals / 2)[0].value
    2.0
    """
    total = sums.sum(axis=0)
    values = figure(total[None])[0]
    without = figure(total - sums)
    k = len(sums)
    clusters = (k - 1) / k * np.sum((without - without.mean(axis=0)) ** 2, axis=0)
    half = half_width([(clusters, k - 1), *map(variance_of_mean, levels)], (1 - LEVEL) / 2)
    return [Interval(float(v), float(v - h), float(v + h)) for v, h in zip(values, half, strict=True)]
