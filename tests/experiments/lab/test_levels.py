"""Which level a frequency needs, and rank correlations."""

import numpy as np
import pandas
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import spearmanr

from experiments.lab.levels import found, least_from, level, needed
from experiments.lab.rank import rank_correlation, rank_correlations

LEVELS = (20, 40, 80, 150)


def curve(rho, width=0.02, path=True, **columns):
    rows = [{"l": 4, "level": l, "rho": r, "path": path} for l, r in zip(LEVELS, rho, strict=True)]
    table = pandas.DataFrame(rows).assign(**columns)
    return table.assign(rho_low=table["rho"] - width, rho_high=table["rho"] + width)


@given(st.lists(st.booleans(), min_size=1))
def test_from_the_least_level_on_it_always_holds(holds):
    least = least_from(range(len(holds)), holds)
    assert (least is None) == (not holds[-1])
    if least is not None:
        assert all(holds[int(least) :])
        assert least == 0 or not holds[int(least) - 1]


def test_found_and_enough():
    (row,) = needed(curve([0.0, 0.3, 0.75, 0.8]), ["l"]).to_dict("records")
    assert (row["first"], row["enough"], row["least"], row["most"]) == (40, 80, 20, 150)
    assert (row["rho"], row["rho_low"]) == pytest.approx((0.8, 0.78))


def test_a_level_that_fails_between_does_not_count():
    (row,) = needed(curve([0.3, 0.0, 0.3, 0.3]), ["l"]).to_dict("records")
    assert row["first"] == 80


def test_a_bound_of_many_tests_takes_the_interval_s_place():
    (row,) = needed(curve([0.3, 0.3, 0.3, 0.3], lower=[0.0, 0.0, 0.1, 0.1]), ["l"]).to_dict("records")
    assert row["first"] == 80


def test_without_a_path_nothing_is_needed():
    assert needed(curve([0.0] * 4, path=False), ["l"]).empty


def test_claim_and_cell_of_a_curve():
    low, never = (needed(curve(rho), ["l"]).iloc[0] for rho in ([0.3] * 4, [0.0] * 4))
    assert level("first")(low) == "≤ 20"
    assert level("enough")(low) == "20"
    assert level("first")(never) == ""
    assert found(low, "l = 4", "structures").words() == "l = 4: found from the least tried, 20 structures on."
    assert found(never, "l = 4", "structures").holds is False


def test_rank_correlation_is_spearman_s():
    rng = np.random.default_rng(0)
    x = rng.integers(5, size=40)
    y = x + rng.normal(size=40)
    values = rank_correlation(x, y)
    assert values["r"] == pytest.approx(spearmanr(x, y).statistic, abs=1e-12)
    assert values["r_low"] < values["r"] < values["r_high"]
    assert rank_correlation(y, 2 * y) == {
        "r": pytest.approx(1),
        "r_low": pytest.approx(1),
        "r_high": pytest.approx(1),
    }
    assert np.isnan(rank_correlation(x, np.ones(40))["r"])


def test_intervals_of_rank_correlations_cover():
    rng = np.random.default_rng(1)
    truth = 6 / np.pi * np.arcsin(0.7 / 2)  # of normal pairs with correlation 0.7
    pairs = rng.multivariate_normal([0, 0], [[1, 0.7], [0.7, 1]], size=(400, 42))
    inside = [
        values["r_low"] <= truth <= values["r_high"] for values in (rank_correlation(*one.T) for one in pairs)
    ]
    assert 0.92 < np.mean(inside) < 0.98


def test_a_column_that_a_group_lacks_is_left_out():
    table = pandas.DataFrame(
        {"g": list("aabb") * 3, "x": range(12), "y": range(12), "z": [1.0, 2.0, None, None] * 3}
    )
    rows = rank_correlations(table, "x", ["y", "z"], ["g"])
    assert list(zip(rows["g"], rows["with"], rows["n"], strict=True)) == [
        ("a", "y", 6),
        ("a", "z", 6),
        ("b", "y", 6),
    ]
