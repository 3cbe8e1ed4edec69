"""The coupled kernel against its definition: an integral over rotations, and products of D matrices."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from numerics.coupling import equivariant_gram, product
from numerics.harmonics import wigner_d


def so3_quadrature(degree):
    """Rotations and weights that integrate Wigner functions of order ≤ degree exactly (ZYZ product rule)."""
    n = degree + 1
    angles = 2 * np.pi * np.arange(n) / n
    nodes, weights = np.polynomial.legendre.leggauss(degree // 2 + 1)
    alpha, beta, gamma = np.meshgrid(angles, np.arccos(nodes), angles, indexing="ij")
    rotations = Rotation.from_euler("ZYZ", np.stack([alpha, beta, gamma], -1).reshape(-1, 3)).as_matrix()
    return rotations, np.tile(np.repeat(weights / 2, n), n) / n**2


def random_features(generator, orders, samples, channels):
    return {(l, p): generator.normal(size=(samples, channels, 2 * l + 1)) for l, p in orders}


def form_by_definition(first, second, rotations):
    total = 0
    for (l, _), features in first.items():
        turned = np.einsum("rmn,jcn->rjcm", wigner_d(l, rotations), second[l, 1])
        total = total + np.einsum("icm,rjcm->rij", features, turned)
    return total


@settings(max_examples=12, deadline=None)
@given(
    st.integers(0, 10_000),
    st.sets(st.integers(0, 2), min_size=1),
    st.integers(1, 3),
    st.integers(0, 6),
)
def test_gram_is_the_rotation_average_of_the_polynomial_kernel(seed, present, degree, l):
    generator = np.random.default_rng(seed)
    orders = [(order, 1) for order in sorted(present)]
    first = random_features(generator, orders, 2, 2)
    second = random_features(generator, orders, 3, 2)
    rotations, weights = so3_quadrature(degree * max(present) + l)
    kernel = (1 + form_by_definition(first, second, rotations)) ** degree
    expected = np.einsum("r,rij,rmn->imjn", weights, kernel, wigner_d(l, rotations))
    gram = equivariant_gram(first, second, degree, [(l, 1)]).get((l, 1), np.zeros(1))
    scale = np.abs(kernel).max()
    np.testing.assert_allclose(
        np.broadcast_to(gram, expected.reshape(2 * (2 * l + 1), -1).shape),
        expected.reshape(2 * (2 * l + 1), -1),
        atol=1e-10 * scale,
    )


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000), st.integers(0, 2), st.integers(0, 2))
def test_product_multiplies_functions_pointwise(seed, l1, l2):
    generator = np.random.default_rng(seed)
    first = {(l1, 1): generator.normal(size=(1, 2 * l1 + 1, 2 * l1 + 1))}
    second = {(l2, -1): generator.normal(size=(1, 2 * l2 + 1, 2 * l2 + 1))}
    rotation = Rotation.random(rng=generator).as_matrix()

    def value(coefficients):
        return sum(float(np.sum(a[0] * wigner_d(l, rotation))) for (l, _), a in coefficients.items())

    orders = [(l, p) for l in range(l1 + l2 + 1) for p in (1, -1)]
    result = product(first, second, orders)
    assert {p for _, p in result} == {-1}
    np.testing.assert_allclose(value(result), value(first) * value(second), atol=1e-10)


def test_parity_closes_paths():
    generator = np.random.default_rng(0)
    natural = random_features(generator, [(1, -1), (2, 1)], 2, 3)
    grams = equivariant_gram(natural, natural, 2, [(2, 1), (2, -1), (1, 1)])
    # 1o x 2e has odd parity and 1o x 1o, 2e x 2e even, so both 2e and 2o exist; so does the axial vector 1e
    assert set(grams) == {(2, 1), (2, -1), (1, 1)}
    vectors = {(1, -1): natural[1, -1]}
    assert set(equivariant_gram(vectors, vectors, 2, [(2, 1), (2, -1), (3, -1)])) == {(2, 1)}


def test_one_channel_has_no_antisymmetric_square():
    generator = np.random.default_rng(0)
    one = random_features(generator, [(1, -1)], 4, 1)
    two = random_features(generator, [(1, -1)], 4, 2)
    assert np.abs(equivariant_gram(one, one, 2, [(1, 1)])[1, 1]).max() < 1e-14
    assert np.abs(equivariant_gram(two, two, 2, [(1, 1)])[1, 1]).max() > 1e-3
