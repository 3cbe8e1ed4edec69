"""What polynomials imitate of harmonics above their degree, against samples of turned directions."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.coverage import damping, imitated, mean_length
from experiments.injection import harmonics
from experiments.samples import random_rotations
from numerics.harmonics import spherical_harmonics


def cap(number=60, width=0.4, seed=0):
    values = np.array([0.3, 0.2, 0.9]) + width * np.random.default_rng(seed).normal(size=(number, 3))
    return values / np.linalg.norm(values, axis=1, keepdims=True)


@given(st.integers(1, 6), st.floats(0, 3))
def test_a_mean_over_turns_shrinks_by_the_character(l, spread):
    """E[χ_l(ω)]/(2l+1) by quadrature over the length of a normal vector."""
    length = np.linspace(1e-9, 12 * max(spread, 1e-3), 40_001)
    weight = length**2 * np.exp(-(length**2) / (2 * max(spread, 1e-3) ** 2))
    character = 1 + 2 * np.sum(np.cos(np.arange(1, l + 1)[:, None] * length), axis=0)
    expected = np.sum(weight * character) / np.sum(weight) / (2 * l + 1)
    assert damping(l, max(spread, 1e-3)) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("spread", [0.3, 0.8])
def test_the_share_is_that_of_a_regression_on_many_turned_directions(spread):
    units = cap()
    turns = random_rotations(len(units), 4000, np.random.default_rng(1), spread)
    sample = np.einsum("nkij,nj->nki", turns, units).reshape(-1, 3)
    field, basis = harmonics(sample, 3), spherical_harmonics(2, sample)
    left = field - basis @ np.linalg.lstsq(basis, field, rcond=None)[0]
    assert imitated(units, 3, 2, spread) == pytest.approx(1 - np.sum(left**2) / np.sum(field**2), abs=0.01)


def test_over_all_orientations_nothing_above_the_degree_is_imitated_and_all_below():
    assert imitated(cap(), 5, 4, None) == pytest.approx(0, abs=1e-12)
    assert imitated(cap(), 4, 4, None) == pytest.approx(1)


def test_one_direction_is_imitated_by_constants():
    assert imitated(np.array([[0.0, 0.6, 0.8]]), 2, 4, 0.0) == pytest.approx(1, abs=1e-6)
    assert mean_length(np.array([[0.0, 0.6, 0.8]])) == pytest.approx(1)
    assert mean_length(np.array([[0.0, 0.6, 0.8], [0.0, -0.6, -0.8]])) == pytest.approx(0)
