"""Numerical rank: that of matrices built with a known rank, with the gap reported."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from numerics.rank import numerical_rank, rounding_tolerance


@given(st.integers(0, 8), st.integers(8, 20), st.integers(8, 20), st.integers(0, 2**32 - 1))
@settings(deadline=None)
def test_known_rank(rank, rows, columns, seed):
    rng = np.random.default_rng(seed)
    left, right = (np.linalg.qr(rng.standard_normal((n, n)))[0] for n in (rows, columns))
    matrix = (left[:, :rank] * rng.uniform(0.1, 1.0, rank)) @ right[:rank]
    values = np.linalg.svd(matrix, compute_uv=False)
    found = numerical_rank(values, rounding_tolerance(matrix.shape, 1.0))
    assert found.rank == rank == np.linalg.matrix_rank(matrix, tol=found.tolerance)
    assert found.clear


def test_the_gap():
    found = numerical_rank([1e-16, 2.0, 0.5, 3e-16], 1e-14)
    assert (found.rank, found.smallest_kept, found.largest_dropped) == (2, 0.5, 3e-16)
    assert found.to_dict()["clear"]


def test_a_narrow_gap_is_not_clear():
    assert not numerical_rank([1.0, 5e-14], 1e-14).clear


def test_nothing_kept_or_dropped():
    assert numerical_rank([], 1e-14).rank == 0
    assert numerical_rank([1.0], 1e-14).largest_dropped is None
    assert numerical_rank([0.0], 1e-14).smallest_kept is None


@pytest.mark.parametrize("values", [[np.nan], [np.inf], [-1.0]])
def test_unusable_values(values):
    with pytest.raises(ValueError, match="finite"):
        numerical_rank(values, 1e-14)
