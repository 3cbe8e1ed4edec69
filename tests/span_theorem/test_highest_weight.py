"""The weight basis is a representation of so(3), and its highest-weight vectors are those of Sym."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from span_theorem.highest_weight import (
    choices_of_factors,
    highest_weight_vectors,
    lowered,
    lowering,
    monomial_count,
    monomials_by_weight,
    raising,
)

factors_strategy = st.dictionaries(st.integers(0, 3), st.integers(1, 3), min_size=1, max_size=2).map(
    lambda chosen: tuple(sorted(chosen.items()))
)


@pytest.mark.parametrize("l", range(8))
def test_the_ladder_operators_close_into_so3(l):
    for m in range(-l, l + 1):
        down_then_up = lowering(l, m) * raising(l, m - 1) if m > -l else 0
        up_then_down = raising(l, m) * lowering(l, m + 1) if m < l else 0
        assert down_then_up - up_then_down == 2 * m
        assert down_then_up == (l + m) * (l - m + 1)
    assert lowering(l, -l) == raising(l, l) == 0


@settings(max_examples=50, deadline=None)
@given(factors_strategy)
def test_monomials_are_all_there_and_the_copies_fill_the_space(factors):
    by_weight = monomials_by_weight(factors)
    assert sum(map(len, by_weight.values())) == monomial_count(factors)
    top = max(by_weight)
    copies = {l: len(highest_weight_vectors(factors, l)) for l in range(top + 2)}
    assert sum((2 * l + 1) * count for l, count in copies.items()) == monomial_count(factors)
    assert copies[top] == 1
    assert copies[top + 1] == 0


@settings(max_examples=30, deadline=None)
@given(factors_strategy, st.data())
def test_vectors_are_independent_and_lowering_them_keeps_the_weight(factors, data):
    l = data.draw(st.integers(0, max(monomials_by_weight(factors))))
    vectors = highest_weight_vectors(factors, l)
    if not vectors:
        return
    columns = monomials_by_weight(factors)[l]
    matrix = np.array(
        [[vector.get(exponents, 0) for exponents in columns] for vector in vectors], dtype=float
    )
    assert np.linalg.matrix_rank(matrix) == len(vectors)
    assert all(np.gcd.reduce(list(vector.values())) == 1 for vector in vectors)
    assert all(vector[max(vector)] > 0 for vector in vectors)
    for weight, component in zip(range(l, -1, -1), lowered(vectors[0], factors, l), strict=True):
        assert component != 0
        assert {tuple(map(int, e)) for e in component.to_dict()} <= set(monomials_by_weight(factors)[weight])


@pytest.mark.parametrize(("degrees", "d", "l"), [((0, 1, 2), 2, 3), ((0, 1, 2, 3), 3, 5), ((2,), 4, 3)])
def test_choices_of_factors_are_exactly_those_that_reach_l(degrees, d, l):
    from itertools import combinations_with_replacement

    found = list(choices_of_factors(degrees, d, l))
    expected = {
        tuple((degree, combination.count(degree)) for degree in degrees if degree in combination)
        for k in range(d + 1)
        for combination in combinations_with_replacement(degrees, k)
        if sum(combination) >= l
    }
    assert len(found) == len(set(found))
    assert set(found) == expected
