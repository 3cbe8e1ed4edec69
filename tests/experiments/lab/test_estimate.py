"""Intervals that hold the truth, backbones crossed with clusters, and differences of what is measured on the same."""

from dataclasses import replace

import numpy as np
import pytest

from experiments.lab.cell import Cell
from experiments.lab.estimate import RESAMPLES, Results
from experiments.lab.measurement import Measurement
from experiments.spn import Probe


def measurement(gains, powers=None, structures="the same", paths=None, forces=False, places=None):
    """Sums of structures of which ``gains`` (n, n_frequencies) of ``powers`` is recovered, and no null gain."""
    gains = np.asarray(gains, dtype=float)
    gains = gains[:, None] if gains.ndim == 1 else gains
    powers = np.ones_like(gains) if powers is None else np.asarray(powers, dtype=float).reshape(gains.shape)
    sums = {"energy": np.stack([powers, powers - gains, gains, np.zeros_like(gains)], axis=-1)}
    if forces:
        sums["force"] = np.stack([powers, powers - gains, gains, np.zeros_like(gains)], axis=-1)
    frequencies = tuple(range(1, gains.shape[1] + 1))
    return Measurement(frequencies, sums, structures, {} if paths is None else {"paths": paths}, places)


def results(*measured, seed=0, **fields):
    """Measurements of backbones a, b, c…"""
    cells = [Cell(name, **fields) for name in "abcdefgh"[: len(measured)]]
    return Results(dict(zip(cells, measured, strict=True)), seed=seed)


def noisy(seed, n=80, mean=0.5, spread=0.3):
    return np.random.default_rng(seed).normal(mean, spread, n)


def width(table, name="rho"):
    (row,) = table.to_dict("records")
    return row[f"{name}_high"] - row[f"{name}_low"]


def test_the_estimate_is_the_ratio_of_sums_and_the_mean_over_backbones():
    powers, gains = [1.0, 2.0, 3.0], [[0.5, 0.0], [0.5, 1.0], [3.0, -1.0]]
    powers = np.stack([powers, powers], axis=1)
    first, second = (
        measurement(gains, powers, forces=True),
        measurement(np.zeros((3, 2)), powers, forces=True),
    )
    table = results(first).estimate()
    assert list(table["l"]) == [1, 2]
    assert list(table["rho"]) == pytest.approx([4 / 6, 0.0])
    assert list(table["r2_injected"]) == pytest.approx([4 / 6, 0.0])
    assert list(table["raw_gain"]) == pytest.approx([4 / 6, 0.0])
    assert list(table["n_structures"]) == list(table["n_clusters"]) == [3, 3]
    together = results(first, second).estimate()
    assert list(together["rho"]) == pytest.approx([2 / 6, 0.0])
    assert list(together["n_backbone"]) == [2, 2]
    apart = results(first, second).estimate(["backbone"])
    assert list(apart["backbone"]) == ["a", "a", "b", "b"]
    assert list(apart["rho"]) == pytest.approx([4 / 6, 0, 0, 0])


def test_the_interval_of_a_mean_is_the_normal_one():
    values = noisy(0, n=400)
    (row,) = results(measurement(values)).estimate().to_dict("records")
    assert row["rho"] == pytest.approx(values.mean())
    assert row["rho_high"] - row["rho_low"] == pytest.approx(2 * 1.96 * values.std() / 20, rel=0.07)
    assert (row["rho_low"] + row["rho_high"]) / 2 == pytest.approx(values.mean(), abs=0.005)


def test_intervals_of_a_ratio_hold_the_truth_nineteen_times_of_twenty():
    """Gains in proportion to powers that vary: the truth is the factor."""
    hits = 0
    for trial in range(150):
        rng = np.random.default_rng(trial)
        powers = rng.exponential(size=60)
        found = measurement(0.6 * powers + 0.2 * rng.normal(size=60), powers)
        ((_, resampled),) = results(found, seed=trial).groups(resamples=400)
        low, high = resampled.at("rho", 1).bounds()
        hits += low <= 0.6 <= high
    assert 0.9 <= hits / 150 <= 0.99


def test_few_backbones_that_differ_widen_the_interval_by_t():
    shifts = [0.0, 1.0, 2.0, 3.0]
    table = results(*(measurement(noisy(i, 200, shift, 0.01)) for i, shift in enumerate(shifts))).estimate()
    # the mean of four has standard error √(5/3/4) = 0.645; t with three degrees of freedom is 3.18
    assert width(table) == pytest.approx(2 * 3.182 * 0.6455, rel=0.01)


def test_many_backbones_are_resampled():
    shifts = np.linspace(0, 3, 12)
    found = {Cell(f"{i:02d}"): measurement(noisy(i, 200, shift, 0.01)) for i, shift in enumerate(shifts)}
    assert width(Results(found).estimate()) == pytest.approx(2 * 1.96 * shifts.std() / np.sqrt(12), rel=0.07)


def test_clusters_are_crossed_with_backbones():
    """A structure that all backbones find easy is counted for all at once: their mean varies as each does."""
    values = noisy(0)
    alone = width(results(measurement(values)).estimate())
    crossed = results(*(measurement(values) for _ in range(4))).estimate()
    # by t and by percentiles; four independent sets would give half of it
    assert width(crossed) == pytest.approx(alone, rel=0.03)


def test_other_structures_are_other_clusters():
    """Four sets of structures say twice as much as one, even where they are equally many."""
    values = noisy(0)
    alone = width(results(measurement(values)).estimate())
    others = results(*(measurement(values, structures=f"set {i}") for i in range(4)))
    assert width(others.estimate(together=())) == pytest.approx(alone / 2, rel=0.1)
    same = results(*(measurement(values) for i in range(4)))
    assert width(same.estimate(together=())) == pytest.approx(alone)


def of_two_solvers(first, second):
    """Cells of two solvers on four backbones each."""
    measured = {}
    for solver, made in (("free", first), ("equivariant", second)):
        for name, found in zip("abcd", made, strict=True):
            measured[Cell(name, probe=Probe(solver))] = found
    return Results(measured)


def test_a_difference_is_paired():
    """What varies from backbone to backbone and from structure to structure alike drops out."""
    shared = [noisy(i, mean=0.3 * i) for i in range(4)]
    gained = [values + 0.1 + 0.01 * noisy(9 + i, mean=0, spread=1) for i, values in enumerate(shared)]
    found = of_two_solvers(map(measurement, gained), map(measurement, shared))
    kinds = {"of": {"solver": "free"}, "minus": {"solver": "equivariant"}}
    table = found.difference(**kinds, match=["backbone"])
    expected = np.mean(gained) - np.mean(shared)
    assert table["rho"].to_numpy() == pytest.approx([expected])
    assert expected == pytest.approx(0.1, abs=0.01)
    assert 0 < width(table) < 0.1 * width(found.where(solver="free").estimate())
    ((_, first),) = found.where(solver="free").groups()
    ((_, second),) = found.where(solver="equivariant").groups()
    rng = np.random.default_rng(0)
    unpaired = first.at("rho", 1).resampled[1:] - rng.permutation(second.at("rho", 1).resampled[1:])
    low, high = np.percentile(unpaired, [2.5, 97.5])
    assert width(table) < 0.1 * (high - low)


def test_a_difference_leaves_out_what_has_no_partner():
    found = of_two_solvers(
        (measurement(noisy(i)) for i in range(4)), (measurement(noisy(i)) for i in range(4))
    )
    found = found.where(lambda table: (table["solver"] == "free") | (table["backbone"] != "d"))
    table = found.difference({"solver": "free"}, {"solver": "equivariant"}, ["backbone"])
    assert list(table["n_backbone"]) == [3]
    assert list(table["rho"]) == [0.0]
    assert width(table) == 0


def test_every_table_of_one_seed_draws_the_same_clusters():
    """So a figure stands with one interval, whatever else the table holds; another seed resampled others."""
    values = noisy(0)

    def resampled(seed, *measured):
        return next(results(*measured, seed=seed).groups(["backbone"]))[1].at("rho", 1).resampled

    one, more, other = (
        resampled(0, measurement(values)),
        resampled(0, measurement(values), measurement(noisy(1), structures="others")),
        resampled(1, measurement(values)),
    )
    np.testing.assert_array_equal(one, more)
    assert len(one) == 1 + RESAMPLES
    assert one[0] == other[0]
    assert not np.array_equal(one, other)


def test_bounds_that_hold_together_are_wider_the_more_there_are():
    values = results(measurement(noisy(0)))
    uppers = [float(values.estimate(tests=number)["upper"].iloc[0]) for number in (1, 10, 100)]
    assert uppers == sorted(uppers)
    # one-sided, normal: 1.64, 2.58 and 3.29 standard errors
    scale = noisy(0).std() / np.sqrt(80)
    assert [(upper - noisy(0).mean()) / scale for upper in uppers] == pytest.approx(
        [1.645, 2.576, 3.291], rel=0.1
    )


def test_a_path_of_any_backbone_is_a_path_and_figures_are_those_that_all_have():
    found = results(
        measurement(np.ones((5, 2)), paths=[True, False], forces=True),
        measurement(np.ones((5, 2)), paths=[False, False]),
    )
    table = found.estimate()
    assert list(table["path"]) == [True, False]
    assert "r2_injected" not in table
    assert "r2_injected" in found.where(backbone="a").estimate()


def test_columns_are_assigned_and_chosen():
    found = results(measurement(noisy(0)), measurement(noisy(1))).assign(
        kind=lambda cell, one: "first" if cell.backbone == "a" else "second", n=lambda cell, one: len(one)
    )
    assert list(found.table["n"]) == [80, 80]
    chosen = found.where(kind="second")
    assert [cell.backbone for cell in chosen.cells] == ["b"]
    assert len(found.where(kind="third")) == 0


def test_structures_of_one_cluster_are_counted_together():
    """Every structure five times over says no more than once, if it is known that they belong together."""
    gains = noisy(5)
    once, copies = measurement(gains), measurement(np.repeat(gains, 5))
    clustered = replace(copies, facts={"clusters": np.repeat(range(80), 5).tolist()})
    assert width(results(clustered).estimate()) == pytest.approx(width(results(once).estimate()), rel=1e-9)
    assert width(results(copies).estimate()) < 0.6 * width(results(once).estimate())
    (row,) = results(clustered).estimate().to_dict("records")
    assert (row["n_structures"], row["n_clusters"]) == (400, 80)
    assert row["rho"] == pytest.approx(gains.mean())


def held(truth, found):
    ((_, resampled),) = found.groups(resamples=300)
    low, high = resampled.at("rho", 1).bounds()
    return bool(low <= truth <= high)


def test_intervals_over_four_networks_hold_the_truth():
    """Networks that differ and structures that differ; percentiles over four networks would hold it 81 times of 100."""
    hits, by_percentiles = 0, 0
    for trial in range(200):
        rng = np.random.default_rng(trial)
        easy = rng.normal(0, 0.2, size=60)
        gains = [rng.normal(0.5, 0.1) + easy + rng.normal(0, 0.1, 60) for _ in range(4)]
        hits += held(0.5, results(*map(measurement, gains), seed=trial))
        means = np.mean(gains, axis=1)
        low, high = np.percentile(rng.choice(means, (400, 4)).mean(axis=1), [2.5, 97.5])
        by_percentiles += low <= 0.5 <= high
    assert hits / 200 >= 0.93
    assert by_percentiles / 200 < 0.85


def trajectories(rng, number, length, memory):
    """Autoregressive series (number length,) of variance 1, and the places of their structures."""
    values = np.zeros((number, length))
    values[:, 0] = rng.normal(size=number)
    for step in range(1, length):
        noise = rng.normal(size=number) * np.sqrt(1 - memory**2)
        values[:, step] = memory * values[:, step - 1] + noise
    names, steps = np.divmod(np.arange(number * length), length)
    return values.ravel(), np.stack([names, steps], axis=1)


@pytest.mark.parametrize(("number", "length", "memory"), [(4, 150, 0.8), (1, 400, 0.9), (2, 60, 0.7)])
def test_intervals_of_correlated_structures_hold_the_truth(number, length, memory):
    """Structures taken as independent give intervals that miss it far more often."""
    hits, naive = 0, 0
    for trial in range(200):
        values, places = trajectories(np.random.default_rng(trial), number, length, memory)
        order = np.random.default_rng(trial).permutation(len(values))
        values, places = values[order], places[order]
        hits += held(0, results(measurement(values, places=places), seed=trial))
        naive += held(0, results(measurement(values), seed=trial))
    assert hits / 200 >= 0.9
    assert naive / 200 <= 0.7


@pytest.mark.parametrize("number", [5, 10, 15])
def test_intervals_of_few_clusters_hold_the_truth(number):
    hits = sum(held(0.5, results(measurement(noisy(trial, number)), seed=trial)) for trial in range(200))
    assert hits / 200 >= 0.92


def test_clusters_are_blocks_of_one_trajectory():
    values, places = trajectories(np.random.default_rng(0), 4, 100, 0.9)
    (row,) = results(measurement(values, places=places)).estimate().to_dict("records")
    assert row["n_structures"] == 400
    # the autocorrelation time is 1.9/0.1 = 19 structures, a block longer than four times that
    assert 4 <= row["n_clusters"] <= 8
    independent = np.random.default_rng(1).normal(size=400)
    (row,) = results(measurement(independent, places=places)).estimate().to_dict("records")
    assert 40 <= row["n_clusters"] <= 80


def test_all_that_was_measured_on_the_same_structures_has_the_same_clusters():
    slow, places = trajectories(np.random.default_rng(0), 4, 100, 0.9)
    fast = np.random.default_rng(1).normal(size=400)
    table = results(measurement(slow, places=places), measurement(fast, places=places)).estimate(["backbone"])
    assert table["n_clusters"].nunique() == 1
