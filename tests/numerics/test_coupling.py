"""Coupled polynomials: equivariant, complete by the characters of SO(3), derivatives by finite differences."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from numerics.coupling import Jet, coupled, path_count
from numerics.harmonics import random_rotation, wigner_d
from span_theorem.multiplicity import multiplicities

CHANNELS = {(0, 1): 2, (1, -1): 2, (2, 1): 1}


def random_features(channels, n, seed):
    generator = np.random.default_rng(seed)
    return {irrep: generator.normal(size=(n, number, 2 * irrep[0] + 1)) for irrep, number in channels.items()}


def evaluated(features, degree, irrep):
    jet = coupled({key: Jet(values) for key, values in features.items()}, degree, irrep)
    return None if jet is None else jet.values


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 3), st.integers(0, 5), st.sampled_from([1, -1]), st.integers(0, 99))
def test_paths_turn_as_their_order_says(degree, l, p, seed):
    features = random_features(CHANNELS, 3, seed)
    rotation = random_rotation(np.random.default_rng(seed))
    turned = {irrep: values @ wigner_d(irrep[0], rotation).T for irrep, values in features.items()}
    values = evaluated(features, degree, (l, p))
    if values is None:
        assert path_count(CHANNELS, degree, (l, p)) == 0
        return
    assert values.shape == (3, path_count(CHANNELS, degree, (l, p)), 2 * l + 1)
    np.testing.assert_allclose(
        evaluated(turned, degree, (l, p)),
        values @ wigner_d(l, rotation).T,
        atol=1e-12 + 1e-10 * np.abs(values).max(),
    )


@pytest.mark.parametrize("degree", [1, 2, 3])
def test_paths_have_the_parity_of_their_factors(degree):
    features = random_features(CHANNELS, 2, 0)
    inverted = {irrep: irrep[1] * values for irrep, values in features.items()}
    for l in range(3):
        for p in (1, -1):
            values = evaluated(features, degree, (l, p))
            if values is not None:
                np.testing.assert_allclose(evaluated(inverted, degree, (l, p)), p * values, atol=1e-12)


@pytest.mark.parametrize(("L", "degree"), [(1, 2), (2, 2), (3, 2), (1, 3), (2, 3)])
def test_paths_span_every_copy_that_the_character_counts(L, degree):
    """One channel of each l ≤ L under SO(3): the rank of the paths is the multiplicity in Sym, from characters."""
    channels = {(l, 1): 1 for l in range(L + 1)}
    features = random_features(channels, 200, 1)
    expected = (*multiplicities(L, degree).total, 0)
    for l in range(degree * L + 2):
        columns = [np.ones((200, 1))] if l == 0 else []
        for part in range(1, degree + 1):
            values = evaluated(features, part, (l, 1))
            if values is not None:
                columns.append(values.transpose(0, 2, 1).reshape(-1, values.shape[1]))
        rank = np.linalg.matrix_rank(np.concatenate(columns, axis=1), tol=1e-8) if columns else 0
        assert rank == expected[l], l


def test_tangents_are_derivatives():
    channels = {(0, 1): 2, (1, 1): 2, (2, 1): 2}
    features = random_features(channels, 2, 3)
    directions = {
        irrep: np.random.default_rng(4).normal(size=(2, 2, 3, 2 * irrep[0] + 1)) for irrep in channels
    }
    jets = {irrep: Jet(features[irrep], directions[irrep]) for irrep in channels}
    step = 1e-5
    for degree in (1, 2, 3):
        found = coupled(jets, degree, (2, 1)).tangents
        for t in range(3):
            ahead, behind = (
                evaluated(
                    {o: features[o] + sign * step * directions[o][:, :, t] for o in channels}, degree, (2, 1)
                )
                for sign in (1, -1)
            )
            np.testing.assert_allclose(found[:, :, t], (ahead - behind) / (2 * step), atol=1e-6)


def test_a_single_vector_has_no_antisymmetric_square():
    assert path_count({(1, -1): 1}, 2, (1, 1)) == 0
    assert path_count({(1, -1): 2}, 2, (1, 1)) == 1
    assert coupled({(1, -1): Jet(np.ones((1, 1, 3)))}, 2, (3, -1)) is None
