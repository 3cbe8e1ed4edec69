"""Refusals come before the work, with the estimate, and only for what cannot be done."""

import pytest

from span_theorem.budget import (
    Estimate,
    available_memory,
    exact_estimate,
    multiplicity_estimate,
    numeric_estimate,
    require_affordable,
)
from span_theorem.errors import InputError


@pytest.mark.parametrize("estimate", [exact_estimate, numeric_estimate, multiplicity_estimate])
def test_estimates_grow_and_stay_finite(estimate):
    values = [estimate(L, d) for L, d in [(1, 1), (4, 4), (40, 40), (10**9, 10**9), (10**400, 10**400)]]
    assert [v.memory for v in values] == sorted(v.memory for v in values)
    assert values[-1].memory < float("inf")
    with pytest.raises(InputError, match="GiB"):
        require_affordable("it", values[-1], "less")


def test_time_is_refused_too():
    with pytest.raises(InputError, match=r"about 30 hours, at most 12 are accepted; expected less"):
        require_affordable("it", Estimate(1.0, 30 * 3600.0), "less")


def test_what_the_project_promises_is_affordable():
    for estimate in (exact_estimate(10, 10), numeric_estimate(4, 4), multiplicity_estimate(10, 10)):
        require_affordable("it", estimate, "less")


def test_memory_is_known():
    assert 2**26 < available_memory() < 2**50
