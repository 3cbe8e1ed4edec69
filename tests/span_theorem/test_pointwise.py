"""Values of harmonics and of products at points: against sympy, and against every monomial written out."""

from itertools import combinations_with_replacement
from math import prod

import pytest
import sympy
from flint import nmod_mat
from hypothesis import given
from hypothesis import strategies as st

from span_theorem.harmonics_xyz import harmonic, norm_squared
from span_theorem.pointwise import harmonics_at, row_basis, spans_of_products, stacked

PRIME = 10007

matrices = st.integers(1, 3).flatmap(
    lambda rows: st.lists(
        st.lists(st.integers(0, PRIME - 1), min_size=9, max_size=9), min_size=rows, max_size=rows
    )
)


def test_harmonics_are_those_of_e3nns_axes():
    # (2/7, 3/7, 6/7) is a rational point of the sphere
    seventh = pow(7, -1, PRIME)
    values = harmonics_at([(2 * seventh, 3 * seventh, 6 * seventh)], 4, PRIME).entries()
    point = dict(zip(sympy.symbols("x y z"), (sympy.Rational(c, 7) for c in (2, 3, 6)), strict=True))
    orders = [(l, m) for l in range(5) for m in range(-l, l + 1)]
    for (l, m), value in zip(orders, values, strict=True):
        exact = sympy.nsimplify(harmonic(l, m).subs(point) / sympy.sqrt(norm_squared(l, m)))
        assert int(value) == int(exact.p) * pow(int(exact.q), -1, PRIME) % PRIME


@given(matrices, st.integers(0, 4))
def test_spans_are_those_of_all_monomials(rows, d):
    spans = spans_of_products(nmod_mat(rows, PRIME), d)
    assert len(spans) == d + 1
    monomials = [
        [prod(factors) for factors in zip([1] * 9, *chosen, strict=True)]
        for k in range(d + 1)
        for chosen in combinations_with_replacement(rows, k)
    ]
    every = nmod_mat([[v % PRIME for v in row] for row in monomials], PRIME)
    assert row_basis(every) == spans[d]


@given(matrices, st.lists(st.integers(1, PRIME - 1), min_size=3, max_size=3))
def test_the_scale_of_a_feature_does_not_matter(rows, scales):
    scaled = [[s * v % PRIME for v in row] for s, row in zip(scales, rows, strict=False)]
    assert spans_of_products(nmod_mat(scaled, PRIME), 3) == spans_of_products(nmod_mat(rows, PRIME), 3)


@pytest.mark.parametrize("d", [0, 3])
def test_features_that_vanish_leave_the_constants(d):
    spans = spans_of_products(nmod_mat(2, 5, PRIME), d)
    assert [span.nrows() for span in spans] == [1] * (d + 1)
    assert stacked(spans[-1], nmod_mat([[1] * 5], PRIME)).rank() == 1
