"""Which (L, d) reach l: compared with a search through the law, and ordered by cost."""

from hypothesis import given
from hypothesis import strategies as st

from span_theorem.law import FEATURES, SWEPT_SCOPE, expected_degrees
from span_theorem.multiplicity import polynomial_count
from span_theorem.requirement import (
    MOST_COUNTED,
    document,
    invariant_requirements,
    minimal_pairs,
    requirements,
)


@given(st.integers(0, 9), st.sampled_from(FEATURES))
def test_minimal_pairs_by_search(l, features):
    top = l + 2
    reaching = {
        (L, d) for L in range(top + 1) for d in range(top + 1) if l in expected_degrees(L, d, features)
    }
    minimal = {
        (L, d) for L, d in reaching if not any(a <= L and b <= d and (a, b) != (L, d) for a, b in reaching)
    }
    assert set(minimal_pairs(l, features)) == minimal


@given(st.integers(0, 12), st.sampled_from(FEATURES))
def test_cheapest_first(l, features):
    found = requirements(l, features)
    assert [r.cost for r in found] == sorted(r.cost for r in found)
    for r in found:
        assert r.cost == polynomial_count(r.L, r.d, features)
        assert r.multiplicity >= 1
        assert r.boundary >= l


def test_invariants_are_counted_where_that_is_quick():
    counted, many = invariant_requirements(MOST_COUNTED), invariant_requirements(1000)
    assert all(r.multiplicity and r.multiplicity > 0 for r in counted)
    assert all(r.multiplicity is None for r in many)
    assert all(r.boundary >= 1000 and r.cost == polynomial_count(r.L, r.d) for r in many)
    assert document(1000, "upto", many, invariant=True)["scope"] == SWEPT_SCOPE
