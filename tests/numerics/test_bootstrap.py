"""Intervals that cover what they should, and clusters that stay together."""

import numpy as np
import pytest

from numerics.bootstrap import Bootstrap, hierarchical_bootstrap, percentile_interval


def mean(totals):
    return totals[..., :1] / totals[..., 1:]


def sums_of(values):
    """Frames whose figure is the mean of their values (..., n_frames)."""
    return np.stack([values, np.ones_like(values)], axis=-1)


def test_percentile_interval_of_a_mean_is_the_normal_one():
    values = np.random.default_rng(0).normal(2, 1, size=(1, 1, 400))
    found = hierarchical_bootstrap(sums_of(values), mean, np.random.default_rng(1), 4000)
    ((low, high),) = found.percentile()
    assert found.estimate[0] == pytest.approx(values.mean())
    assert (high - low) / 2 == pytest.approx(1.96 * values.std() / 20, rel=0.07)
    assert (high + low) / 2 == pytest.approx(values.mean(), abs=0.01)


def test_bca_agrees_with_scipy():
    from scipy.stats import bootstrap

    values = np.random.default_rng(3).exponential(size=60)
    found = hierarchical_bootstrap(sums_of(values[None, None]), mean, np.random.default_rng(1), 20000)
    reference = bootstrap(
        (values,), np.mean, method="BCa", n_resamples=20000, random_state=np.random.default_rng(2)
    ).confidence_interval
    assert found.bca()[0] == pytest.approx(tuple(reference), abs=0.01)
    assert found.bca()[0].mean() > found.percentile()[0].mean()  # the mean of a skewed sample


def test_bca_covers_the_mean_of_a_skewed_distribution():
    hits = 0
    for trial in range(200):
        values = np.random.default_rng(trial).exponential(size=(1, 1, 40))
        found = hierarchical_bootstrap(sums_of(values), mean, np.random.default_rng(trial), 500)
        low, high = found.bca()[0]
        hits += low <= 1 <= high
    assert 0.88 <= hits / 200 <= 0.98


def test_variation_between_backbones_counts():
    """Frames of one backbone that agree say nothing of how backbones differ."""
    shifts = np.array([0.0, 1.0, 2.0, 3.0])[:, None, None]
    values = shifts + 0.01 * np.random.default_rng(0).normal(size=(4, 1, 500))
    low, high = hierarchical_bootstrap(sums_of(values), mean, np.random.default_rng(1)).percentile()[0]
    # the mean of four draws of 0..3 has standard deviation √(1.25/4) = 0.56
    assert 1.8 < high - low < 2.6


def test_variation_between_pairs_counts():
    shifts = np.array([0.0, 4.0])[None, :, None]
    values = np.broadcast_to(shifts, (1, 2, 50)) + 0.0
    draws = hierarchical_bootstrap(sums_of(values), mean, np.random.default_rng(0)).draws
    assert set(np.unique(draws)) == {0.0, 2.0, 4.0}


@pytest.mark.parametrize("same_frames", [False, True])
def test_what_frames_have_in_common_does_not_average_out(same_frames):
    """Four backbones that agree on every frame are no more than one, if the frames are the same."""
    frames = np.random.default_rng(0).normal(size=100)
    values = np.broadcast_to(frames, (4, 1, 100)) + 0.0
    found = hierarchical_bootstrap(sums_of(values), mean, np.random.default_rng(1), 4000, same_frames)
    error = frames.std() / 10
    assert found.draws.std() == pytest.approx(error if same_frames else error / 2, rel=0.15)


def test_one_backbone_and_pair_have_the_same_resamples_either_way():
    values = sums_of(np.random.default_rng(0).normal(size=(1, 1, 30)))
    nested, shared = (
        hierarchical_bootstrap(values, mean, np.random.default_rng(1), 100, same).draws
        for same in (False, True)
    )
    np.testing.assert_array_equal(nested, shared)


def test_the_figure_of_several_is_the_mean_of_theirs():
    values = np.random.default_rng(0).normal(size=(3, 2, 30))
    found = hierarchical_bootstrap(sums_of(values), mean, np.random.default_rng(1), 10)
    assert found.estimate[0] == pytest.approx(values.mean(axis=2).mean())
    by_backbone = values.mean(axis=(1, 2))
    np.testing.assert_allclose(found.left_out[0], by_backbone[1:].mean())


def test_a_figure_that_never_varies_has_an_interval_of_no_width():
    constant = Bootstrap(np.ones(1), np.ones((100, 1)), np.ones((5, 1)))
    assert constant.bca()[0] == pytest.approx((1, 1))
    assert constant.percentile()[0] == pytest.approx((1, 1))


def test_the_same_seed_gives_the_same_resamples():
    values = sums_of(np.random.default_rng(0).normal(size=(2, 2, 20)))
    first, second, other = (
        hierarchical_bootstrap(values, mean, np.random.default_rng(seed), 50).draws for seed in (5, 5, 6)
    )
    np.testing.assert_array_equal(first, second)
    assert not np.array_equal(first, other)


def test_percentiles_by_column():
    samples = np.stack([np.arange(101.0), np.arange(101.0) * 2], axis=1)
    np.testing.assert_allclose(percentile_interval(samples, 0.8), [[10, 90], [20, 180]])
