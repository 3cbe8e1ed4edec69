"""Quadrature: exact for every monomial up to its degree, and not beyond it."""

from math import gamma

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from numerics.quadrature import sphere_quadrature


def mean_of_monomial(a, b, c):
    """Mean of x^a y^b z^c over the sphere (Folland 2001); 0 if an exponent is odd."""
    if a % 2 or b % 2 or c % 2:
        return 0.0
    halves = [(k + 1) / 2 for k in (a, b, c)]
    return 2 * gamma(halves[0]) * gamma(halves[1]) * gamma(halves[2]) / gamma(sum(halves)) / (4 * np.pi)


@given(st.integers(0, 12), st.integers(0, 12), st.integers(0, 12), st.integers(0, 3))
def test_exact_up_to_its_degree(a, b, c, more):
    rule = sphere_quadrature(a + b + c + more)
    x, y, z = rule.directions.T
    assert rule.weights @ (x**a * y**b * z**c) == pytest.approx(mean_of_monomial(a, b, c), abs=1e-13)


@given(st.integers(0, 30))
def test_nodes(degree):
    rule = sphere_quadrature(degree)
    assert len(rule.weights) == len(rule.directions) == (degree // 2 + 1) * (degree + 1)
    assert (rule.weights > 0).all()
    np.testing.assert_allclose(np.linalg.norm(rule.directions, axis=1), 1.0, atol=1e-14)


def test_not_exact_beyond_its_degree():
    _, y, z = sphere_quadrature(3).directions.T
    weights = sphere_quadrature(3).weights
    assert abs(weights @ y**4 - 1 / 5) > 1e-3
    assert abs(weights @ z**4 - 1 / 5) > 1e-3


def test_negative_degree():
    with pytest.raises(ValueError, match="got -1"):
        sphere_quadrature(-1)
