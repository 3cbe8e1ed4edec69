"""Figures from known predictions, and the comparison with the theorem."""

import numpy as np
import pytest

from experiments.crosscheck import cross_check
from experiments.environments import Pair
from experiments.lab.estimate import Resampled
from experiments.lab.interval import Varying
from experiments.lab.recovering import figures
from experiments.recovery import sums
from experiments.samples import Inputs, inject, random_rotations
from experiments.spn import Prediction
from experiments.spn.equivariant import _seen_from_molecule
from tests.experiments.synthetic import Spectrum, random_frames

PAIR = Pair(0, 1)
FRAMES = random_frames(50, 0)
ROTATIONS = random_rotations(50, 4, np.random.default_rng(0))
INPUTS = Inputs(np.zeros((50, 9)), Spectrum([0, 1, 2]).irreps, ROTATIONS)


def targets(base):
    return inject(PAIR(FRAMES), range(1, 4), 0.5, PAIR(FRAMES).lengths, base, 0)


def scaled(wanted, factors, null):
    """A prediction that finds a share of the amplitude at every frequency in ``factors``."""
    injected = {l: factor * wanted.oriented(l, ROTATIONS) for l, factor in factors.items()}
    return Prediction(dict.fromkeys(wanted.frequencies, null), injected)


def figures_of(energy, force=None):
    """Figures by name, one value a frequency, all structures together."""
    totals = {"energy": energy.sum(axis=0)} | ({} if force is None else {"force": force.sum(axis=0)})
    return figures(totals, np.array([len(energy)]))


def test_perfect_half_and_absent_energy_predictions():
    wanted = targets(np.zeros(50))
    prediction = scaled(wanted, {1: 1.0, 2: 0.5}, np.zeros((50, 4)))
    found = figures_of(sums(INPUTS, wanted, prediction))
    assert found["rho"] == pytest.approx([1, 0.75, 0])
    assert found["r2_energy"] == pytest.approx([1, 0.75, 0])
    assert set(found) == {"rho", "r2_energy", "null_gain"}


def test_forces_are_measured_in_their_own_units():
    base = np.zeros((50, 9))
    wanted = targets(base)
    prediction = scaled(wanted, {1: 1.0, 2: 0.5}, np.zeros((50, 4, 9)))
    force = sums(INPUTS, wanted, prediction)
    energy = sums(INPUTS, targets(np.zeros(50)), scaled(targets(np.zeros(50)), {}, np.zeros((50, 4))))
    found = figures_of(energy, force)
    assert found["r2_injected"] == pytest.approx([1, 0.75, 0])
    assert found["raw_gain"] == pytest.approx([1, 0.75, 0])
    power = np.mean(wanted.oriented(1, ROTATIONS) ** 2)
    # two of three atoms are marked: the mean over all components is two thirds of 0.5²
    assert power == pytest.approx(0.25 * 2 / 3, rel=0.15)


def test_what_is_gained_with_nothing_injected_does_not_count():
    base = np.random.default_rng(1).normal(size=50)
    wanted = targets(base)
    prediction = scaled(wanted, {}, np.repeat(base[:, None], 4, axis=1))
    found = figures_of(sums(INPUTS, wanted, prediction))
    assert found["null_gain"][0] == pytest.approx(np.mean(base**2))
    size = 2 * np.abs(np.mean(base[:, None] * wanted.oriented(1, ROTATIONS)))
    assert abs(found["rho"][0]) <= size / np.mean(wanted.oriented(1, ROTATIONS) ** 2) + 1e-12


def draws_of(lows, paths=None, values=None):
    """Resampled of ρ whose intervals begin at ``lows``."""
    if values is None:
        values = np.tile(np.array(lows), (101, 1))
        values[0] += 0.1
    paths = (True,) * len(lows) if paths is None else paths
    return Resampled(tuple(range(1, len(lows) + 1)), {"rho": Varying(values, {}, 50)}, paths, 1, {}, 50, 50)


@pytest.mark.parametrize(
    ("lows", "L", "measured", "verdict"),
    [
        ((0.9, 0.9, 0.9, 0.5, 0.0, 0.0), 2, 4, "reached"),
        ((0.9, 0.9, 0.9, 0.04, 0.0, 0.0), 2, 3, "below"),
        ((0.9, 0.9, 0.9, 0.5, 0.3, 0.0), 2, 5, "crossed"),
        ((0.9, 0.9, 0.9, 0.5, 0.0, 0.0), 3, 4, "below"),
        ((0.0, 0.0, 0.0, 0.0, 0.0, 0.0), 0, 0, "reached"),
        ((0.9, 0.9), 2, 2, "undecided"),
        ((0.9, 0.9, 0.0, 0.0), 2, 2, "below"),
    ],
)
def test_cross_check(lows, L, measured, verdict):
    result = cross_check(draws_of(lows), L, 2)
    assert result.measured_boundary == measured
    assert result.verdict == verdict


def test_a_probe_that_is_no_polynomial_is_compared_with_nothing():
    result = cross_check(draws_of((0.9, 0.9, 0.9, 0.5, 0.5, 0.0)), 2, 2, polynomial=False)
    assert result.verdict == "undecided"
    assert result.measured_boundary == 5


def test_a_solver_without_any_path_decides_nothing():
    silent = draws_of((0.0,) * 6, paths=(False,) * 6)
    assert cross_check(silent, 0, 2).verdict == "undecided"
    assert "no path to any frequency" in cross_check(silent, 0, 2).sentence()


def test_the_cliff_is_a_ratio_and_its_lower_bound_made_of_both_intervals():
    rng = np.random.default_rng(0)
    values = np.tile([1.0, 1.0, 1.0, 0.9, 0.0, 0.0], (2001, 1))
    values[1:, 4] = rng.normal(0.0, 0.01, size=2000)
    result = cross_check(draws_of((1.0,) * 6, values=values), 2, 2)
    assert result.cliff is None  # ρ(5) = 0: no ratio
    # ρ(5) stays within 1.96 standard deviations in 95% of the resampled
    assert result.cliff_lower == pytest.approx(0.9 / 0.0196, rel=0.07)
    assert result.drop == pytest.approx(0.9)
    assert result.drop_ci == pytest.approx((0.9 - 0.0196, 0.9 + 0.0196), abs=0.002)


def test_components_are_averaged_over_all_orientations():
    """The exact mean is what very many orientations and vectors c come to."""
    frames = random_frames(4, 1)
    lengths = PAIR(frames).lengths
    rotations = random_rotations(4, 20_000, np.random.default_rng(2))
    inputs = Inputs(np.zeros((4, 9)), Spectrum([0, 1, 2]).irreps, rotations)
    base = np.random.default_rng(3).normal(size=4)
    wanted = inject(PAIR(frames), range(2, 3), 0.5, lengths, base, 0)
    predicted = wanted.components(2) + 0.1 * np.random.default_rng(4).normal(size=(4, 5))
    null = np.broadcast_to(0.3 * base[:, None], (4, 20_000))
    turned = np.einsum("nkm,nm->nk", _seen_from_molecule(wanted.directions[2], rotations), predicted)
    exact = sums(inputs, wanted, Prediction({2: null}, {}, {2: predicted}))
    sampled = sums(inputs, wanted, Prediction({2: null}, {2: turned}))
    np.testing.assert_allclose(exact, sampled, atol=0.02 * np.abs(sampled).max())
    assert np.abs(exact - sampled).max() > 0


def test_there_is_no_cliff_where_algebra_made_the_zero():
    result = cross_check(draws_of((0.9, 0.9, 0.9, 0.8, 0.0, 0.0), paths=(True,) * 4 + (False,) * 2), 2, 2)
    assert result.cliff_lower is None
    assert result.above_by_algebra
