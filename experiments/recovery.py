"""Reading a frequency off: the share of a harmonic's power that an SPN recovers on frames it never saw.

R²(l) = 1 - Σ |Y_l - Ŷ_l|² / Σ |Y_l|², summed over frames, orientations and the 2l+1 components. A frame with all its
orientations is one cluster of the bootstrap.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from numerics.bootstrap import RESAMPLES, percentile_interval, resampled_ratios

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Recovery:
    """What was recovered at one angular frequency.

    Attributes:
        l: the frequency.
        r2: share of the power recovered on test frames; 0 where there is no path.
        r2_ci: 95% percentile interval, frames resampled.
        path: whether the solver has a polynomial of this order at all; without one it predicts zero.
        strength: ridge strength chosen on validation frames; ``None`` without a path.
    """

    l: int
    r2: float
    r2_ci: tuple[float, float]
    path: bool
    strength: float | None

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def recoveries(
    targets: Mapping[int, Array],
    predictions: Mapping[int, Array],
    strengths: Mapping[int, float],
    clusters: int,
    rng: np.random.Generator,
) -> tuple[Recovery, ...]:
    """R² of every frequency with its interval.

    Args:
        targets: by frequency, (n_samples, 2l+1), samples cluster-major.
        predictions: the same where the solver has a path.
        strengths: ridge strengths by frequency.
        clusters: number of clusters (frames); n_samples is a multiple of it.
        rng: draws the bootstrap's resamples.
    """
    orders = list(targets)
    missed = np.empty((clusters, len(orders)))
    power = np.empty((clusters, len(orders)))
    for column, l in enumerate(orders):
        target = targets[l]
        error = target - predictions[l] if l in predictions else target
        missed[:, column] = np.sum(error.reshape(clusters, -1) ** 2, axis=1)
        power[:, column] = np.sum(target.reshape(clusters, -1) ** 2, axis=1)
    values = 1 - missed.sum(axis=0) / power.sum(axis=0)
    intervals = percentile_interval(1 - resampled_ratios(missed, power, rng, RESAMPLES))
    return tuple(
        Recovery(
            l=l,
            r2=float(values[column]),
            r2_ci=(float(intervals[column, 0]), float(intervals[column, 1])),
            path=l in predictions,
            strength=strengths.get(l),
        )
        for column, l in enumerate(orders)
    )
