"""The numeric route: equal to the exact one, and indifferent to a rotation or a mixing of the features."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy.linalg import block_diag

from numerics.harmonics import random_rotation, wigner_d
from span_theorem import numeric
from span_theorem.exact import exact_span
from span_theorem.law import FEATURES
from span_theorem.multiplicity import feature_count
from span_theorem.numeric import numeric_span

features_of = st.sampled_from(FEATURES)
seeds = st.integers(0, 2**32 - 1)


def ranks(span):
    return tuple(degree.rank for degree in span.degrees)


@example(3, 2, "exact", 0, False)
@example(3, 2, "exact", 0, True)
@given(st.integers(0, 4), st.integers(0, 4), features_of, seeds, st.booleans())
@settings(deadline=None, max_examples=30)
def test_exact_and_numeric_agree(L, d, features, seed, at_random):
    with pytest.MonkeyPatch.context() as patch:
        if at_random or (L > 3 and d > 3):
            patch.setattr(numeric, "MAX_MONOMIALS", 0)
        span = numeric_span(L, d, features, seed)
    exact = exact_span(L, d, features)
    assert ranks(span) == exact.ranks
    assert span.span.rank == exact.span_dim
    assert span.clear


@given(st.integers(0, 3), st.integers(0, 3), features_of, seeds)
@settings(deadline=None, max_examples=12)
def test_ranks_do_not_change_under_rotation(L, d, features, seed):
    rotation = random_rotation(np.random.default_rng(seed))
    degrees = range(L + 1) if features == "upto" else [L]
    turned = numeric_span(L, d, features, mixing=block_diag(*(wigner_d(l, rotation) for l in degrees)))
    assert ranks(turned) == ranks(numeric_span(L, d, features))


@given(st.integers(0, 3), st.integers(0, 3), features_of, seeds)
@settings(deadline=None, max_examples=12)
def test_ranks_do_not_change_under_an_invertible_mixing(L, d, features, seed):
    rng = np.random.default_rng(seed)
    size = feature_count(L, features)
    # orthogonal times moderate scales: invertible and well conditioned
    mixing = np.linalg.qr(rng.standard_normal((size, size)))[0] * rng.uniform(0.5, 2.0, size)
    assert ranks(numeric_span(L, d, features, mixing=mixing)) == ranks(numeric_span(L, d, features))


def test_a_singular_mixing_loses_rank():
    mixing = np.eye(9)
    mixing[4, 4] = 0.0
    mixed = numeric_span(2, 1, mixing=mixing)
    assert mixed.span.rank < 9


def test_result_says_which_products():
    assert numeric_span(4, 1).products == "all monomials"
    span = numeric_span(5, 4)
    assert span.products == "random products"
    assert span.product_count < numeric.MAX_MONOMIALS
    assert span.seed == 0


def test_same_seed_same_result():
    assert numeric_span(5, 4, seed=3) == numeric_span(5, 4, seed=3)
    assert numeric_span(5, 4, seed=3) != numeric_span(5, 4, seed=4)
