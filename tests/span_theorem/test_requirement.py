"""Which (L, d) reach l: compared with a search through the law, and ordered by cost."""

from hypothesis import given
from hypothesis import strategies as st

from span_theorem.law import FEATURES, expected_degrees
from span_theorem.multiplicity import polynomial_count
from span_theorem.requirement import minimal_pairs, requirements


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
