"""What is enough, from squared errors made up for it."""

import numpy as np
import pytest

from experiments.choose.decision import Curve, Enough, NoPower, NotSettled, degree_enough, verdict

TOLERANCE = 0.02


def curve(errors, clusters=200, spread=0.02, seed=0):
    """Squared errors of clusters that vary together, as those of nested fits do, and a little apart."""
    rng = np.random.default_rng(seed)
    common = 1 + 0.3 * rng.normal(size=(clusters, 1))
    sums = (
        30
        * (common + spread * rng.normal(size=(clusters, 1 + len(errors))))
        * np.array([1, *errors.values()]) ** 2
    )
    return Curve(tuple(errors), np.abs(sums), np.full(clusters, 30.0))


def of_degree(errors, d=2):
    return {(L, d): error for L, error in enumerate(errors)}


def test_the_smallest_L_after_which_nothing_is_gained():
    assert verdict(curve(of_degree([0.9, 0.9, 0.3, 0.29, 0.285])), 2, TOLERANCE) == Enough(2, 2)


def test_a_step_that_brings_nothing_does_not_end_the_search():
    assert verdict(curve(of_degree([0.9, 0.9, 0.9, 0.9, 0.01, 0.01])), 2, TOLERANCE) == Enough(4, 2)


def test_many_steps_below_the_tolerance_add_up():
    assert verdict(curve(of_degree([0.5, 0.485, 0.47, 0.455, 0.454])), 2, TOLERANCE) == Enough(2, 2)


def test_falling_to_the_end_is_not_settled():
    assert verdict(curve(of_degree([0.9, 0.7, 0.5, 0.3])), 2, TOLERANCE) == NotSettled(3, 2)


def test_factors_near_a_floor_mean_nothing():
    assert verdict(curve(of_degree([0.9, 0.01, 0.001, 0.0001])), 2, TOLERANCE) == Enough(1, 2)


@pytest.mark.parametrize("errors", [[1.0, 1.0, 1.0], [0.999, 0.995, 0.99]])
def test_fits_that_explain_nothing_name_no_L(errors):
    found = verdict(curve(of_degree(errors)), 2, TOLERANCE)
    assert isinstance(found, NoPower)
    assert "explain less" in found.reason


def test_few_clusters_name_no_L():
    found = verdict(curve(of_degree([0.6, 0.55, 0.52, 0.5]), clusters=4, spread=0.3), 2, TOLERANCE)
    assert isinstance(found, NoPower)
    assert "too few" in found.reason


def test_an_undecided_smaller_L_is_named():
    found = verdict(curve(of_degree([0.9, 0.5, 0.48, 0.48]), spread=0.2), 2, TOLERANCE)
    assert found == Enough(2, 2, (1,))
    assert found.words() == "enough: L = 2 at d = 2 (L = 1 may do)"


def test_one_L_alone_is_enough_at_degree_one_only():
    assert verdict(curve({(0, 1): 0.1}), 1, TOLERANCE) == Enough(0, 1)
    assert isinstance(verdict(curve({(0, 2): 0.1}), 2, TOLERANCE), NoPower)


def test_the_least_degree_that_no_higher_one_betters():
    errors = {(0, 1): 0.9, **of_degree([0.8, 0.5]), **of_degree([0.8, 0.495], 3)}
    assert degree_enough(curve(errors), TOLERANCE) == {1: False, 2: True, 3: True}


def test_twice_the_labels_need_twice_the_tolerance():
    errors = of_degree([0.5, 0.485, 0.45, 0.45])
    once = curve(errors)
    twice = Curve(once.sizes, 4 * once.sums, once.counts)
    assert verdict(once, 2, TOLERANCE) == verdict(twice, 2, 2 * TOLERANCE)
    assert verdict(once, 2, TOLERANCE) != verdict(once, 2, 2 * TOLERANCE)
