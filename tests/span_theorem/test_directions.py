"""Several marked directions: exact ranks against the law, and the law against projections in floats."""

from itertools import combinations_with_replacement, product
from math import prod

import numpy as np
import pytest
import torch
from e3nn import o3
from hypothesis import given, settings
from hypothesis import strategies as st

from span_theorem import directions as module
from span_theorem.directions import directions_dim, directions_span, spanned
from span_theorem.errors import InputError
from span_theorem.law import expected_dim

SMALL = [
    (1, 2, 2),
    (1, 3, 1),
    (2, 0, 2),
    (2, 1, 0),
    (2, 1, 1),
    (2, 1, 3),
    (2, 2, 1),
    (2, 2, 2),
    (3, 1, 2),
    (4, 1, 2),
]


@pytest.mark.parametrize(("n", "L", "d"), SMALL)
def test_instances_are_proved(n, L, d):
    assert directions_span(n, L, d).proved


@given(st.integers(0, 2**32))
@settings(deadline=None, max_examples=20)
def test_the_points_do_not_matter(seed):
    assert directions_span(2, 1, 2, seed) == directions_span(2, 1, 2)


@given(st.integers(1, 4), st.integers(0, 3), st.integers(0, 3))
def test_the_dimension_counts_the_tuples(n, L, d):
    tuples = [degrees for degrees in product(range(d * L + 2), repeat=n) if spanned(degrees, L, d)]
    assert directions_dim(n, L, d) == sum(prod(2 * l + 1 for l in degrees) for degrees in tuples)


@given(st.integers(0, 9), st.integers(0, 9))
def test_one_direction_is_the_theorem(L, d):
    assert directions_dim(1, L, d) == expected_dim(L, d)


@given(
    st.lists(st.integers(0, 6), min_size=1, max_size=4), st.integers(0, 4), st.integers(0, 5), st.randoms()
)
def test_the_law_is_symmetric_and_monotone(degrees, L, d, random):
    found = spanned(tuple(degrees), L, d)
    random.shuffle(degrees)
    assert spanned(tuple(degrees), L, d) == found
    assert spanned((*degrees, 0), L, d) == found
    if found:
        assert spanned(tuple(degrees), L, d + 1)
        assert spanned(tuple(degrees), L + 1, d)


def harmonics(l, points):
    return o3.spherical_harmonics(
        l, torch.from_numpy(points), normalize=True, normalization="component"
    ).numpy()


@pytest.mark.parametrize(("L", "d"), [(1, 2), (2, 2), (1, 3)])
def test_every_pair_of_degrees_by_least_squares(L, d):
    rng = np.random.default_rng(1)
    first, second = (rng.normal(size=(1500, 3)) for _ in range(2))
    features = np.hstack([harmonics(list(range(L + 1)), u)[:, 1:] for u in (first, second)])
    columns = [np.ones(len(features))]
    for degree in range(1, d + 1):
        chosen = combinations_with_replacement(range(features.shape[1]), degree)
        columns += [features[:, list(c)].prod(axis=1) for c in chosen]
    basis, singular, _ = np.linalg.svd(np.array(columns).T, full_matrices=False)
    basis = basis[:, singular > 1e-9 * singular[0]]
    assert basis.shape[1] == directions_dim(2, L, d)
    for a, b in product(range(d * L + 2), repeat=2):
        target = harmonics(a, first)[:, a] * harmonics(b, second)[:, b // 2]
        left = np.sum((target - basis @ (basis.T @ target)) ** 2) / np.sum(target**2)
        assert left < 1e-16 if spanned((a, b), L, d) else left > 0.5


@pytest.mark.parametrize("law", [lambda *_: 25, lambda *_: 27])
def test_a_wrong_law_is_not_proved(law, monkeypatch):
    monkeypatch.setattr(module, "directions_dim", law)
    span = directions_span(2, 1, 2)
    assert span.rank == 26
    assert not span.proved


@pytest.mark.parametrize(
    ("call", "named"),
    [
        (lambda: directions_span(0, 1, 1), "n = 0"),
        (lambda: directions_span(2, -1, 1), "L = -1"),
        (lambda: directions_dim(2, 1, 0.5), "d = 0.5"),
        (lambda: directions_span(6, 3, 6), "expected at most"),
        (lambda: spanned((), 1, 1), "at least one"),
        (lambda: spanned((1, -1), 1, 1), "negative"),
    ],
)
def test_what_is_no_instance_is_refused(call, named):
    with pytest.raises(InputError, match=named):
        call()
