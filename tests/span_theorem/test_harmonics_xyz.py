"""The harmonics' polynomials are e3nn's harmonics, and the generators read off them are so(3)'s."""

from fractions import Fraction
from math import prod

import numpy as np
import pytest
import torch
from e3nn import o3

from span_theorem.harmonics_xyz import (
    XYZ,
    formula,
    generators,
    harmonic,
    norm_squared,
    on_sphere,
    prefactor,
    scaled_harmonic,
)


def evaluate(l: int, m: int, points: np.ndarray) -> np.ndarray:
    number, terms = prefactor(l, m)
    monomials = [c * np.prod(points ** np.array(e), axis=1) for e, c in terms.items()]
    return float(number) * np.sum(monomials, axis=0)


@pytest.mark.parametrize("l", range(10))
def test_harmonics_are_those_of_e3nn_on_and_off_the_sphere(l):
    points = np.random.default_rng(l).normal(size=(40, 3))
    reference = o3.spherical_harmonics(l, torch.tensor(points), normalize=False, normalization="component")
    ours = np.stack([evaluate(l, m, points) for m in range(-l, l + 1)], axis=1)
    np.testing.assert_allclose(
        ours, reference.numpy(), rtol=1e-10, atol=1e-10 * np.abs(reference.numpy()).max()
    )


def mean_over_sphere(exponents: tuple[int, int, int]) -> Fraction:
    """The mean of x^a y^b z^c over the unit sphere: Π (a-1)!! / (a+b+c+1)!! for even a, b, c."""
    if any(e % 2 for e in exponents):
        return Fraction(0)
    double = [prod(range(e - 1, 0, -2)) for e in (*exponents, sum(exponents) + 2)]
    return Fraction(double[0] * double[1] * double[2], double[3])


@pytest.mark.parametrize("l", range(8))
def test_harmonics_are_orthonormal_over_the_sphere_exactly(l):
    for m in range(-l, l + 1):
        for other in range(-l, l + 1):
            product = (scaled_harmonic(l, m) * scaled_harmonic(l, other)).to_dict()
            mean = sum(
                Fraction(int(c.p), int(c.q)) * mean_over_sphere(tuple(map(int, e)))
                for e, c in product.items()
            )
            assert mean * norm_squared(l, m) == (m == other)


@pytest.mark.parametrize("l", range(7))
def test_harmonics_solve_laplace_and_are_homogeneous(l):
    for m in range(-l, l + 1):
        polynomial = scaled_harmonic(l, m)
        laplacian = sum((polynomial.derivative(i).derivative(i) for i in range(3)), XYZ.constant(0))
        assert laplacian == 0
        assert {sum(e) for e in polynomial.to_dict()} == {l}


@pytest.mark.parametrize("l", range(7))
def test_generators_have_the_commutators_and_the_casimir_of_so3(l):
    x, y, z = generators(l)
    identity = x * 0
    for i in range(2 * l + 1):
        identity[i, i] = 1
    # the derivations obey [R_x, R_y] = -R_z; a row holds the image of one function, so that composing
    # derivations multiplies the matrices in reverse order
    assert [x * y - y * x, y * z - z * y, z * x - x * z] == [z, x, y]
    assert x * x + y * y + z * z == identity * (-l * (l + 1))


@pytest.mark.parametrize(("l", "m"), [(0, 0), (1, -1), (3, 2), (4, 0), (5, -5)])
def test_the_text_of_a_harmonic_is_its_expression(l, m):
    import sympy

    assert sympy.expand(sympy.sympify(formula(l, m)) - harmonic(l, m)) == 0


def test_the_normal_form_tells_functions_on_the_sphere_apart():
    x, y, z = XYZ.gens()
    assert on_sphere(x**4 + x**2 * y**2 + x**2 * z**2) == on_sphere(x**2)
    assert on_sphere(x**2) != on_sphere(y**2)
