"""A recovery from a cell: which structures its sums are of, and that cells measured together are what each alone is."""

from dataclasses import replace

import numpy as np
import pytest

from experiments.diagnosis import diagnose
from experiments.lab.cell import Cell, grid, pair
from experiments.lab.estimate import Results
from experiments.lab.runner import run
from experiments.lab.sources import Sources
from experiments.spn import Probe
from tests.experiments.synthetic import Spectrum, random_frames

BASE = Cell(
    "one", training="training", test="test", rule=pair(0, 1), l_max=3, orientations=4, test_orientations=2,
    forces=False,
)  # fmt: skip


def shifted(frames, by):
    return replace(frames, energies=frames.energies + by)


TEST = random_frames(20, 1)
SOURCES = {
    "backbones": {"one": Spectrum([0, 1]), "two": Spectrum([0, 1, 2])},
    "structures": {
        "training": random_frames(40, 0),
        "test": TEST,
        "other": random_frames(20, 2),
        "lifted": shifted(TEST, 1.0),
        "nudged": shifted(TEST, 1e-9),
    },
}


def measured(cells):
    outcome = run(cells, sources=Sources(**SOURCES))
    assert not outcome.failures
    return outcome.measured


def test_sums_are_of_the_test_structures_whatever_the_backbone():
    one, two, other = measured([BASE, *grid(BASE, backbone=["two"]), *grid(BASE, test=["other"])]).values()
    assert one.structures == two.structures == TEST.checksum
    assert other.structures not in ("", one.structures)
    assert len(one) == len(other) == 20


def test_two_test_sets_are_two_sets_of_clusters():
    """Even where they are as good as equal: what is drawn of one says nothing of what is drawn of the other."""
    found = Results(measured(grid(BASE, probe=[Probe("free", 1)], test=["test", "nudged"])))
    resampled = [one.at("rho", 2).resampled for _, one in found.groups(["test"])]
    assert resampled[0][0] == pytest.approx(resampled[1][0], abs=1e-6)
    assert abs(np.corrcoef(resampled[0][1:], resampled[1][1:])[0, 1]) < 0.1


def test_marked_directions_of_a_diagnosis_are_of_the_same_clusters():
    cells = grid(BASE, rule=[pair(0, 1), pair(1, 2)])
    result = diagnose(cells, Sources(**SOURCES))
    assert len({one.structures for one in result.measurements}) == 1
    for cell, resampled in zip(cells, result.pairs, strict=True):
        ((_, alone),) = Results(measured([cell])).groups(together=())
        np.testing.assert_allclose(
            resampled.values["rho"].resampled, alone.values["rho"].resampled, rtol=0, atol=1e-9
        )


@pytest.mark.parametrize("solver", ["equivariant", "free"])
def test_cells_fitted_together_are_what_each_alone_is(solver):
    cells = grid(
        BASE, probe=[Probe(solver)], rule=[pair(0, 1), pair(0, 2)], scale=[1.0, 2.0], shuffled=[False, True]
    )
    together = measured(cells)
    for cell in cells:
        (alone,) = measured([cell]).values()
        np.testing.assert_allclose(
            together[cell].sums["energy"],
            alone.sums["energy"],
            rtol=0,
            atol=1e-9 * alone.sums["energy"].max(),
        )
        facts = [
            {**one.facts, "fits": None} for one in (together[cell], alone)
        ]  # strengths may tie to rounding
        assert facts[0] == facts[1]


def test_a_constant_on_test_labels_is_left_in_their_residuals():
    # `equivariant` averages over orientations, where a constant and a field do not mix
    cells = grid(BASE, probe=[Probe("free", 1)], test=["test", "lifted"])
    plain, lifted = measured(cells).values()
    power, _, gain, null = np.moveaxis(plain.sums["energy"], -1, 0)
    other_power, _, other_gain, _ = np.moveaxis(lifted.sums["energy"], -1, 0)
    np.testing.assert_array_equal(power, other_power)
    assert np.abs(other_gain - gain).max() > 1e-3  # 2 p δ, with a prediction p and δ = 1 eV
    assert plain.facts["test"]["checksum"] != lifted.facts["test"]["checksum"]
    assert null.shape == gain.shape
