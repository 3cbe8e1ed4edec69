"""Multiplicities against weight vectors counted singly, Gaussian binomials, e3nn's reduced products."""

from collections import Counter
from itertools import combinations_with_replacement
from math import comb

import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st

from span_theorem.law import FEATURES
from span_theorem.multiplicity import (
    multiplicities,
    multiplicity_in_total,
    polynomial_count,
    total_multiplicities,
    weight_counts,
)
from span_theorem.weights import by_polynomials, by_residues

features_of = st.sampled_from(FEATURES)


@given(st.integers(0, 8), st.integers(0, 8), features_of)
def test_dimensions_and_saturation(L, d, features):
    result = multiplicities(L, d, features)
    assert result.dims_agree
    assert result.saturated is (None if L == 0 else True)
    assert sum(m * (2 * l + 1) for l, m in enumerate(result.total)) == polynomial_count(L, d, features)
    assert all(m >= 0 for row in result.by_power for m in row)


def test_constants_alone_repeat():
    assert multiplicities(0, 4).total == (5,)


@given(st.integers(0, 2), st.integers(0, 4), features_of)
@settings(deadline=None)
def test_multiplicities_by_counting_weight_vectors(L, k, features):
    degrees = range(L + 1) if features == "upto" else [L]
    weights = [m for l in degrees for m in range(-l, l + 1)]
    count = Counter(sum(chosen) for chosen in combinations_with_replacement(weights, k))
    expected = tuple(count[l] - count[l + 1] for l in range(k * L + 1))
    assert multiplicities(L, k, features).by_power[k] == expected


@given(st.integers(1, 5), st.integers(0, 5))
@settings(deadline=None)
def test_exact_features_by_gaussian_binomial(L, k):
    q = sympy.Symbol("q")
    ratio = sympy.prod([(1 - q ** (2 * L + i)) for i in range(1, k + 1)], start=sympy.Integer(1))
    ratio /= sympy.prod([(1 - q**i) for i in range(1, k + 1)], start=sympy.Integer(1))
    series = sympy.Poly(sympy.cancel(ratio), q)
    weights = [int(series.coeff_monomial(q ** (k * L + w))) for w in range(k * L + 2)]
    expected = tuple(weights[l] - weights[l + 1] for l in range(k * L + 1))
    assert multiplicities(L, k, "exact").by_power[k] == expected


@pytest.mark.parametrize(
    ("irreps", "formula", "L", "features"),
    [
        ("0e+1e+2e", "ij=ji", 2, "upto"),
        ("2e", "ij=ji", 2, "exact"),
        ("0e+1e", "ijk=jik=ikj", 1, "upto"),
        ("2e", "ijk=jik=ikj", 2, "exact"),
    ],
)
def test_multiplicities_by_reduced_tensor_products(irreps, formula, L, features):
    from e3nn.o3 import ReducedTensorProducts

    found = Counter()
    for multiplicity, irrep in ReducedTensorProducts(formula, i=irreps).irreps_out:
        found[irrep.l] += multiplicity
    k = formula.index("=")
    row = multiplicities(L, k, features).by_power[k]
    assert {l: m for l, m in enumerate(row) if m} == dict(found)


def test_size_of_a_large_case_in_closed_form():
    assert multiplicities(10, 10).dims[10] == comb(130, 10)


@given(st.integers(0, 6), st.integers(0, 6), features_of)
@settings(deadline=None)
def test_all_powers_together_are_their_sum(L, d, features):
    whole, together = multiplicities(L, d, features), total_multiplicities(L, d, features)
    assert together.total == whole.total
    assert together.dims_agree
    assert together.saturated == whole.saturated
    for l, m in enumerate(whole.total):
        assert multiplicity_in_total(L, d, l, features) == m


@given(st.integers(1, 6), st.integers(1, 6), features_of, st.integers(1, 40))
@settings(deadline=None, max_examples=50)
def test_both_ways_of_counting_agree(L, d, features, length):
    counts = [*weight_counts(L, features).values()]
    assert by_polynomials(counts, d, length) == by_residues(counts, range(d + 1), length)


def test_a_large_instance_fills_its_dimension():
    # by residues, at a size where a count that is one prime short would show
    result = total_multiplicities(40, 45)
    assert result.dims_agree
    assert result.total[-1] == 1
    assert multiplicity_in_total(40, 45, 1797) == result.total[1797]
