"""The law against Gaunt's selection rule, which says independently what products contain."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from span_theorem.errors import InputError
from span_theorem.law import FEATURES, boundary, expected_degrees, expected_dim, sentence

small = st.integers(0, 6)


def degrees_by_gaunt(L, d, features):
    """H_a H_b contains H_l if and only if |a-b| <= l <= a+b and a+b+l is even."""
    factors = range(L + 1) if features == "upto" else [L]
    products, reached = {0}, {0}
    for _ in range(d):
        products = {l for a in products for b in factors for l in range(abs(a - b), a + b + 1, 2)}
        reached |= products
    return tuple(sorted(reached))


@given(small, small, st.sampled_from(FEATURES))
def test_expected_degrees_follow_gaunts_rule(L, d, features):
    assert expected_degrees(L, d, features) == degrees_by_gaunt(L, d, features)


@given(small, small)
def test_upto_spans_everything_to_the_boundary(L, d):
    assert expected_degrees(L, d, "upto") == tuple(range(boundary(L, d) + 1))
    assert expected_dim(L, d, "upto") == (d * L + 1) ** 2


@given(st.integers(0, 4), small)
def test_exact_features_of_even_degree_reach_no_odd_degree(half, d):
    assert all(l % 2 == 0 for l in expected_degrees(2 * half, d, "exact"))


@given(small, small, st.sampled_from(FEATURES))
def test_more_factors_never_lose_a_degree(L, d, features):
    assert set(expected_degrees(L, d, features)) <= set(expected_degrees(L, d + 1, features))


def test_the_missing_degree_of_the_theorem():
    assert 1 not in expected_degrees(3, 2, "exact")
    assert 1 in expected_degrees(3, 3, "exact")


@pytest.mark.parametrize(
    ("instance", "degrees"),
    [
        ((2, 2, "upto"), "the degrees l <= 4."),
        ((2, 2, "exact"), "the even degrees l <= 4."),
        ((3, 2, "exact"), "the even degrees l <= 6 and l = 3."),
        ((3, 4, "exact"), "the even degrees l <= 12 and the odd degrees l <= 9."),
        ((3, 1, "exact"), "the degrees l = 0 and l = 3."),
        ((0, 5, "upto"), "the degree l = 0."),
    ],
)
def test_sentence(instance, degrees):
    assert sentence(*instance).endswith(f"span exactly {degrees}")


@pytest.mark.parametrize(
    ("L", "d", "features"), [(-1, 2, "upto"), (2, -1, "upto"), (1.5, 2, "upto"), (2, 2, "all")]
)
def test_no_instance(L, d, features):
    with pytest.raises(InputError, match="expected"):
        expected_degrees(L, d, features)
