"""The power spectrum: Parseval, known functions, and what aliasing can and cannot spoil."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import eval_legendre

from numerics.harmonics import random_rotation, spherical_harmonics
from numerics.power_spectrum import power_spectrum
from numerics.quadrature import sphere_quadrature


@given(st.integers(0, 6), st.integers(0, 2**32 - 1))
def test_a_function_of_known_coefficients(l_max, seed):
    rng = np.random.default_rng(seed)
    rule = sphere_quadrature(2 * l_max + 4)
    coefficients = rng.normal(size=((l_max + 3) ** 2, 3))
    spectrum = power_spectrum(spherical_harmonics(l_max + 2, rule.directions) @ coefficients, rule, l_max)
    by_degree = [(coefficients[l * l : (l + 1) ** 2] ** 2).sum(axis=0) for l in range(l_max + 3)]
    np.testing.assert_allclose(spectrum.by_degree, by_degree[: l_max + 1], rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(spectrum.above, sum(by_degree[l_max + 1 :]), rtol=1e-9)


@given(st.integers(0, 8), st.integers(0, 2**32 - 1))
def test_a_legendre_polynomial_along_any_axis_has_one_degree(l, seed):
    axis = random_rotation(np.random.default_rng(seed))[0]
    rule = sphere_quadrature(16)
    spectrum = power_spectrum(eval_legendre(l, rule.directions @ axis)[:, None], rule, 8)
    expected = np.zeros(9)
    expected[l] = 1 / (2 * l + 1)  # the mean of P_l² over the sphere
    np.testing.assert_allclose(spectrum.by_degree[:, 0], expected, atol=1e-13)
    assert spectrum.above[0] < 1e-25


def test_small_power_is_not_the_difference_of_large_ones():
    rule = sphere_quadrature(12)
    values = 1e3 + 1e-9 * spherical_harmonics(3, rule.directions)[:, 9:10]
    spectrum = power_spectrum(values, rule, 6)
    assert spectrum.by_degree[3, 0] == pytest.approx(1e-18, rel=1e-3)


def test_aliasing_spoils_only_the_degrees_that_the_docstring_names():
    rule = sphere_quadrature(10)
    values = spherical_harmonics(8, rule.directions)[:, 64:]
    spectrum = power_spectrum(values, rule, 5)
    assert spectrum.by_degree[: 10 - 8 + 1].max() < 1e-25
    assert spectrum.by_degree[10 - 8 + 1 :].max() > 1e-3


@pytest.mark.parametrize(("shape", "l_max"), [((5, 1), 2), ((15,), 2), ((15, 1), 3), ((15, 1), -1)])
def test_what_does_not_fit_is_refused(shape, l_max):
    with pytest.raises(ValueError, match="must"):
        power_spectrum(np.ones(shape), sphere_quadrature(4), l_max)
