"""Harmonics: e3nn's below its limit, continuous beyond it, orthonormal, and turned by Wigner D."""

import numpy as np
import pytest
import torch
from e3nn import o3
from hypothesis import given, settings
from hypothesis import strategies as st

from numerics.harmonics import (
    E3NN_MAX_L,
    _by_recursion,
    random_rotation,
    spherical_harmonics,
    surface_gradient,
    wigner_d,
)
from numerics.quadrature import sphere_quadrature

seeds = st.integers(0, 2**32 - 1)


def directions(seed, n=20):
    return np.random.default_rng(seed).standard_normal((n, 3))


@given(st.integers(0, E3NN_MAX_L), seeds)
@settings(deadline=None, max_examples=20)
def test_recursion_continues_e3nn(l_max, seed):
    points = directions(seed)
    reference = o3.spherical_harmonics(list(range(l_max + 1)), torch.from_numpy(points), True, "component")
    np.testing.assert_allclose(spherical_harmonics(l_max, points), reference.numpy(), atol=1e-12)
    units = points / np.linalg.norm(points, axis=1, keepdims=True)
    np.testing.assert_allclose(_by_recursion(l_max, units), reference.numpy(), atol=1e-12)


def test_orthonormal_beyond_e3nn():
    l_max = E3NN_MAX_L + 8
    rule = sphere_quadrature(2 * l_max)
    values = spherical_harmonics(l_max, rule.directions)
    gram = (values * rule.weights[:, None]).T @ values
    np.testing.assert_allclose(gram, np.eye((l_max + 1) ** 2), atol=1e-12)


@given(st.integers(0, 20), seeds)
@settings(deadline=None, max_examples=25)
def test_wigner_d_turns_the_harmonics(l, seed):
    points, rotation = directions(seed), random_rotation(np.random.default_rng(seed))
    turned = spherical_harmonics(l, points @ rotation.T)[:, l * l :]
    expected = spherical_harmonics(l, points)[:, l * l :] @ wigner_d(l, rotation).T
    np.testing.assert_allclose(turned, expected, atol=1e-11)


@pytest.mark.parametrize("l", [0, 1, 4])
def test_wigner_d_is_e3nns(l):
    rotation = random_rotation(np.random.default_rng(l))
    reference = o3.Irrep(l, 1).D_from_matrix(torch.from_numpy(rotation)).numpy()
    np.testing.assert_allclose(wigner_d(l, rotation), reference, atol=1e-4)  # e3nn works in float32 here


def test_shapes_and_length():
    points = directions(0).reshape(4, 5, 3)
    values = spherical_harmonics(3, points)
    assert values.shape == (4, 5, 16)
    np.testing.assert_allclose(values, spherical_harmonics(3, 7.0 * points), atol=1e-13)


@pytest.mark.parametrize(
    ("l_max", "points"),
    [(-1, [0, 0, 1]), (1, [0, 0, 0]), (1, [0, 1]), (1, [np.nan, 0, 1]), (1, 3.0)],
)
def test_unusable_arguments(l_max, points):
    with pytest.raises(ValueError, match=r"l_max|directions"):
        spherical_harmonics(l_max, points)


@pytest.mark.parametrize("matrix", [-np.eye(3), 2 * np.eye(3), np.eye(2)])
def test_no_rotation(matrix):
    with pytest.raises(ValueError, match="expected"):
        wigner_d(1, matrix)


@pytest.mark.parametrize("l", range(13))
def test_surface_gradient_is_the_derivative_that_autograd_finds(l):
    vectors = torch.randn(
        20, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(l), requires_grad=True
    )
    values = o3.spherical_harmonics(l, vectors, normalize=True, normalization="component")
    expected = torch.zeros(20, 2 * l + 1, 3, dtype=torch.float64)
    for m in range(2 * l + 1 if l else 0):
        (expected[:, m],) = torch.autograd.grad(values[:, m].sum(), vectors, retain_graph=True)
    lengths = vectors.detach().norm(dim=1).numpy()
    found = surface_gradient(l, vectors.detach().numpy()) / lengths[:, None, None]
    np.testing.assert_allclose(found, expected.numpy(), atol=1e-12)
    power = np.sum((found * lengths[:, None, None]) ** 2, axis=(1, 2))
    np.testing.assert_allclose(power, l * (l + 1) * (2 * l + 1), rtol=1e-12)


def test_surface_gradient_of_a_degree_out_of_range():
    with pytest.raises(ValueError, match="l must be 0"):
        surface_gradient(13, [0.0, 0.0, 1.0])
