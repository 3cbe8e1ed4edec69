"""Hierarchical cluster bootstrap, vectorised over resamples, with percentile and BCa intervals.

Measurements come in nested clusters: frames within marked pairs within backbones. A resample draws backbones with
replacement, for each draw marked pairs, for each of these frames (Davison and Hinkley 1997, section 3.8). What is
resampled are sums that a frame contributes; the figures of a pair are functions of its sums, and those of a study are
their mean over pairs and backbones. Where all backbones and pairs were shown the same frames, frames are crossed with
them instead of nested in them: a resample draws them once.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

RESAMPLES = 2000

Statistic = Callable[[Array], Array]
"""Figures (..., k) from sums (..., s)."""


@dataclass(frozen=True)
class Bootstrap:
    """Figures, how they vary over resamples, and over leaving one cluster out.

    Attributes:
        estimate: (k,).
        draws: (resamples, k).
        left_out: (n, k) the figures without one of the n clusters of the highest level that has more than one.
    """

    estimate: Array
    draws: Array
    left_out: Array

    def percentile(self, level: float = 0.95) -> Array:
        """Percentile intervals (k, 2)."""
        return percentile_interval(self.draws, level)

    def bca(self, level: float = 0.95) -> Array:
        """Bias-corrected and accelerated intervals (k, 2) (Efron 1987, equations 4.1 and 7.13).

        The acceleration comes from :attr:`left_out`. A figure that never varies has its percentile interval.
        """
        from scipy.stats import norm

        below = np.mean(self.draws < self.estimate, axis=0) + np.mean(self.draws == self.estimate, axis=0) / 2
        half = 0.5 / len(self.draws)
        bias = norm.ppf(np.clip(below, half, 1 - half))
        away = self.left_out.mean(axis=0) - self.left_out
        scale = np.sum(away**2, axis=0) ** 1.5
        acceleration = np.divide(
            np.sum(away**3, axis=0), 6 * scale, out=np.zeros_like(scale), where=scale > 1e-300
        )
        tails = norm.ppf([(1 - level) / 2, (1 + level) / 2])
        result = np.empty((len(self.estimate), 2))
        for column, (z, a) in enumerate(zip(bias, acceleration, strict=True)):
            shifted = z + tails
            share = norm.cdf(z + shifted / np.maximum(1 - a * shifted, 1e-3))
            result[column] = np.quantile(self.draws[:, column], share)
        return result


def hierarchical_bootstrap(
    sums: Array,
    statistic: Statistic,
    rng: np.random.Generator,
    resamples: int = RESAMPLES,
    same_frames: bool = False,
) -> Bootstrap:
    """Resample clusters of clusters of clusters.

    Args:
        sums: (n_backbones, n_pairs, n_frames, s), or fewer levels in front as lengths of one.
        statistic: figures of one pair of one backbone from its summed sums, vectorised over leading dimensions.
        rng: draws the resamples.
        resamples: their number.
        same_frames: whether frame i is the same frame for every backbone and pair. Then a resample draws its frames
            once for all of them: what depends on which frames were drawn does not average out over networks.

    >>> sums = np.random.default_rng(0).normal(1, 1, size=(1, 1, 400, 1))
    >>> found = hierarchical_bootstrap(sums, lambda total: total / 400, np.random.default_rng(1))
    >>> bool(abs(found.percentile()[0].mean() - found.estimate[0]) < 0.02)
    True
    """
    n_backbones, n_pairs, n_frames, _ = sums.shape
    totals = sums.sum(axis=2)
    figures = statistic(totals)
    backbone = rng.integers(n_backbones, size=(resamples, n_backbones, 1))
    backbone = np.broadcast_to(backbone, (resamples, n_backbones, n_pairs))
    pair = rng.integers(n_pairs, size=(resamples, n_backbones, n_pairs))
    drawn = np.empty((*backbone.shape, figures.shape[-1]))
    counts = _counts(rng, n_frames, resamples) if same_frames else np.empty(0)
    for b in range(n_backbones):
        for p in range(n_pairs):
            here = (backbone == b) & (pair == p)
            if same_frames:
                drawn[here] = statistic(counts @ sums[b, p])[np.nonzero(here)[0]]
            else:
                drawn[here] = statistic(_counts(rng, n_frames, int(here.sum())) @ sums[b, p])
    return Bootstrap(
        estimate=figures.mean(axis=(0, 1)),
        draws=drawn.mean(axis=(1, 2)),
        left_out=_left_out(figures, sums, totals, statistic),
    )


def _counts(rng: np.random.Generator, n_frames: int, resamples: int) -> Array:
    """How often every frame is drawn: (resamples, n_frames)."""
    drawn = rng.multinomial(n_frames, np.full(n_frames, 1 / n_frames), size=resamples)
    return drawn.astype(np.float64)


def _left_out(figures: Array, sums: Array, totals: Array, statistic: Statistic) -> Array:
    if len(figures) > 1:
        by_backbone = figures.mean(axis=1)
        return (by_backbone.sum(axis=0) - by_backbone) / (len(by_backbone) - 1)
    if figures.shape[1] > 1:
        return (figures[0].sum(axis=0) - figures[0]) / (figures.shape[1] - 1)
    return statistic(totals[0, 0] - sums[0, 0])


def percentile_interval(samples: Array, level: float = 0.95) -> Array:
    """Percentile interval of each column: (k, 2).

    >>> percentile_interval(np.arange(101.0)[:, None], 0.9)
    array([[ 5., 95.]])
    """
    tail = 50 * (1 - level)
    return np.percentile(samples, [tail, 100 - tail], axis=0).T
