"""Intervals of figures made of sums over clusters: leave one cluster out, Student's t.

With few clusters percentile intervals are far too short; t with K − 1 degrees of freedom is not, and leaving out each
cluster once needs no random numbers.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

Array = NDArray[np.float64]

LEVEL = 0.95


@dataclass(frozen=True)
class Interval:
    """A figure and the ends of its 95% interval."""

    value: float
    low: float
    high: float


def jackknife(sums: Array, figure: Callable[[Array], Array]) -> list[Interval]:
    """Figures of totals over clusters with intervals (Efron and Tibshirani, "An introduction to the bootstrap", § 11).

    Args:
        sums: (K, ...) of each cluster, K ≥ 2; clusters are independent.
        figure: of totals (n, ...), gives (n, figures); smooth in them.

    >>> jackknife(np.array([[1.0], [3.0]]), lambda totals: totals / 2)[0].value
    2.0
    """
    total = sums.sum(axis=0)
    values = figure(total[None])[0]
    without = figure(total - sums)
    k = len(sums)
    spread = np.sqrt((k - 1) / k * np.sum((without - without.mean(axis=0)) ** 2, axis=0))
    half = stdtrit(k - 1, (1 + LEVEL) / 2) * spread
    return [Interval(float(v), float(v - h), float(v + h)) for v, h in zip(values, half, strict=True)]
