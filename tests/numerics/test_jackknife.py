"""The jackknife against Student's interval of a mean, and its coverage with few clusters."""

import numpy as np
import pytest
from scipy import stats

from numerics.jackknife import jackknife


def mean(totals):
    return totals[:, :1] / totals[:, 1:]


def sums_of(values):
    return np.stack([values, np.ones_like(values)], axis=1)


@pytest.mark.parametrize("k", [2, 3, 40])
def test_interval_of_a_mean_is_students(k):
    values = np.random.default_rng(k).normal(3, 2, k)
    (found,) = jackknife(sums_of(values), mean)
    expected = stats.t.interval(0.95, k - 1, values.mean(), stats.sem(values))
    np.testing.assert_allclose([found.value, found.low, found.high], [values.mean(), *expected])


def test_where_clusters_agree_an_average_over_levels_has_students_interval():
    levels = np.random.default_rng(0).normal(3, 2, (4, 1))
    (found,) = jackknife(sums_of(np.full(5, levels.mean())), mean, [levels])
    expected = stats.t.interval(0.95, 3, levels.mean(), stats.sem(levels))
    np.testing.assert_allclose([[found.low], [found.high]], expected)


def test_three_levels_and_five_clusters_cover_their_mean():
    rng = np.random.default_rng(0)
    covered = 0
    for _ in range(500):
        levels = rng.normal(1, 0.5, (3, 1))
        sums = np.stack([rng.normal(levels.mean(), 0.5, 5), np.ones(5)], axis=1)
        (found,) = jackknife(sums, mean, [levels])
        covered += found.low <= 1 <= found.high
    assert covered / 500 > 0.95 - 5 * np.sqrt(0.95 * 0.05 / 500)


def test_five_clusters_cover_a_root_of_mean_squares_nearly_as_often_as_is_said():
    rng = np.random.default_rng(0)
    covered = 0
    for _ in range(500):
        # clusters of different sizes, errors of variance 4
        sizes = rng.integers(20, 60, 5)
        sums = np.stack([4 * rng.chisquare(n) for n in sizes])
        (found,) = jackknife(np.stack([sums, sizes], axis=1), lambda totals: np.sqrt(mean(totals)))
        covered += found.low <= 2 <= found.high
    # five standard errors of a share of 0.95 in 500 below it
    assert covered / 500 > 0.95 - 5 * np.sqrt(0.95 * 0.05 / 500)
