"""What invariants see of one neighbour: features of known content, and everything that must make the figures say no."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from e3nn.o3 import Irreps, spherical_harmonics
from scipy.linalg import block_diag

from experiments.backbones.batch import Batch
from experiments.backbones.density import Density
from experiments.invariant_polynomials import by_irrep, leading_polynomials, not_rounding, random_polynomials
from experiments.lab.angles import REFERENCE, figures, reference_energies
from experiments.lab.cell import Cell, grid
from experiments.lab.runner import run
from experiments.lab.sources import Sources
from experiments.samples import random_rotations
from experiments.spn import Probe
from experiments.structures import Structures
from experiments.swept import choose_sphere, choose_torsion
from numerics.harmonics import wigner_d
from span_theorem import law
from tests.experiments.synthetic import random_frames
from tests.experiments.water import water

L_MAX = 6


def bent(number, seed):
    """H - C bonded, and an oxygen 2.6 Å from the hydrogen: the carbon can be moved around it."""
    rng = np.random.default_rng(seed)
    rest = np.array([[0.0, 0.0, 0.0], [0.0, 0.0, 1.1], [2.4, 0.0, 1.0]])
    return Structures.of_molecule(
        np.array([1, 6, 8]), rest + rng.normal(scale=0.03, size=(number, 3, 3)), None, None, f"bent {seed}"
    )


class Planted:
    """The density of order 1, and one channel of order 3 of both neighbours."""

    name = "synthetic:planted"
    irreps = Density(1).irreps + Irreps("1x3o")

    def features(self, numbers, positions):
        own = Density(1).features(Batch.of_molecule(numbers, positions))
        own = own.reshape(*positions.shape[:2], -1)
        steps = positions[:, [1, 2]] - positions[:, [0]]
        extra = 0.1 * spherical_harmonics(3, steps, normalize=True, normalization="component").sum(dim=1)
        return torch.cat([own, extra[:, None].expand(*own.shape[:2], 7)], dim=-1)


class Constant:
    """Features that know nothing of the moved atom: the direction to the third, and noise of its distance."""

    name = "synthetic:constant"
    irreps = Irreps("1x0e+1x1o+1x2e")

    def features(self, numbers, positions):
        step = positions[:, 2] - positions[:, 0]
        values = spherical_harmonics([0, 1, 2], step, normalize=True, normalization="component")
        noise = torch.sin(1e4 * step.norm(dim=-1, keepdim=True))
        return (values * noise)[:, None].expand(-1, 3, -1)


def measured(backbone, *probes, **changes):
    """Figures by probe of one backbone on the bent molecule."""
    sources = Sources(backbones={"it": backbone}, structures={"train": bent(60, 0), "test": bent(3, 1)})
    base = Cell("it", "train", "test", "sphere", n_train=60, n_test=3, l_max=L_MAX, measure="angles")
    outcome = run(grid(replace(base, read="molecule", **changes), probe=probes), sources=sources)
    assert not outcome.failures, outcome.failures[0].reason
    return [
        {
            name: values[0]
            for name, values in figures(
                {name: sums.sum(axis=0, keepdims=True) for name, sums in found.sums.items()},
                np.array([[float(len(found))]]),
            ).items()
        }
        for found in outcome.measured.values()
    ]


def polynomials(*degrees):
    return [Probe("equivariant", d) for d in degrees]


@pytest.mark.parametrize(("L", "d"), [(1, 2), (1, 3), (1, 4), (2, 2), (2, 3), (3, 2)])
def test_the_density_ends_where_the_law_says(L, d):
    (found,) = measured(Density(L), *polynomials(d))
    boundary = law.swept_boundary(L, d)
    assert found["share"][boundary:].sum() < 1e-20
    assert (found["share"][:boundary] > 1e-6).all()
    assert (found["r2"][:boundary] > 0.95).all()
    assert (found["r2"][boundary:L_MAX] < 0.05).all()


def test_a_planted_degree_is_found_above_the_law():
    plain, planted = (measured(backbone, *polynomials(2))[0] for backbone in (Density(1), Planted()))
    assert planted["share"][2] > 1e-3 > 1e-20 > plain["share"][2]
    assert planted["r2"][2] > 0.9
    assert plain["r2"][2] < 0.05
    # and the degree between, which no channel holds, is not
    assert planted["r2"][1] < 0.05


def test_a_probe_that_is_no_polynomial_goes_on():
    polynomial, network = measured(Density(1), Probe("equivariant", 3), Probe("mlp", 2, "silu"))
    assert polynomial["r2"][1] < 0.05
    assert network["r2"][1] > 0.5


def test_nothing_is_found_of_what_is_not_there():
    (constant,) = measured(Constant(), *polynomials(2))
    assert np.isnan(constant["share"]).all()
    assert (constant["r2"][:L_MAX] < 0.05).all()
    (shuffled,) = measured(Density(2), *polynomials(2), shuffled=True)
    assert (shuffled["r2"][:L_MAX] < 0.05).all()


def test_all_probes_at_once_or_one_by_one():
    together = measured(Density(1), *polynomials(1, 2))
    alone = [measured(Density(1), probe)[0] for probe in polynomials(1, 2)]
    for first, second in zip(together, alone, strict=True):
        np.testing.assert_array_equal(first["r2"], second["r2"])


def chain():
    """H - O - C - O in a row, the last oxygen far from the hydrogen's circle."""
    rest = np.array([[-0.3, 0.9, 0.0], [0.0, 0.0, 0.0], [1.4, 0.0, 0.0], [1.9, 1.2, 0.0]])
    return Structures.of_molecule(
        np.array([1, 8, 6, 8]), rest[None] + np.zeros((2, 1, 1)), None, None, "chain"
    )


def test_a_torsion_ends_where_the_law_says():
    frames = chain()
    sweep = choose_torsion(frames)
    assert (sweep.moved, sweep.near, sweep.far, sweep.fourth) in ((0, 1, 2, 3), (3, 2, 1, 0))
    numbers, every = frames.stacked()
    batch = Batch.of_molecule(torch.tensor(numbers), torch.from_numpy(sweep.whole(every[0], 0)))
    for L, d in [(1, 2), (1, 4), (2, 2), (2, 3)]:
        blocks = [
            by_irrep(
                Density(L).features(batch)[batch.first[:-1] + site].numpy(),
                Density(L).irreps,
            )
            for site in sweep.sites
        ]
        both = {irrep: np.concatenate([block[irrep] for block in blocks], axis=1) for irrep in blocks[0]}
        columns = random_polynomials(both, d, 100, np.random.default_rng(0)).evaluate(both)
        power = sweep.power(columns[:, not_rounding(columns)], 8).sum(axis=1)
        boundary = law.swept_boundary(L, d)
        assert power[1 : boundary + 1].min() > 1e-9 * power.sum()
        assert power[boundary + 1 :].sum() < 1e-22 * power.sum()


def test_waves_are_orthonormal_over_their_sweep():
    frames = chain()
    torsion, sphere = choose_torsion(frames), choose_sphere(bent(3, 0))
    for sweep, positions in ((torsion, frames.stacked()[1][0]), (sphere, bent(3, 0).stacked()[1][0])):
        waves = sweep.waves(sweep.whole(positions, 0), 6)
        np.testing.assert_allclose(waves.T @ (sweep.weights[:, None] * waves), np.eye(6), atol=1e-10)
        power = sweep.power(waves, 6)
        np.testing.assert_allclose(power[1:7], np.eye(6), atol=1e-10)


def test_polynomials_are_invariant():
    rng = np.random.default_rng(0)
    irreps = Irreps("3x0e+2x1o+2x2e")
    values = rng.normal(size=(40, irreps.dim))
    rotation = random_rotations(1, 1, rng)[0]
    turn = block_diag(
        *(wigner_d(irrep.l, rotation)[0] for channels, irrep in irreps for _ in range(channels))
    )
    before, after = (by_irrep(v, irreps) for v in (values, values @ turn.T))
    for chosen in (
        random_polynomials(before, 3, 20, rng),
        leading_polynomials(before, np.repeat(np.arange(10), 4), 3, 20),
    ):
        assert not chosen.complete[3]
        np.testing.assert_allclose(chosen.evaluate(before), chosen.evaluate(after), atol=1e-8)


def test_energies_of_the_reference_have_a_spectrum(monkeypatch):
    """An energy 1 + cos θ + 3 cos²θ of the angle at the site has degrees 1 and 2 alone."""

    def energies(numbers, structures):
        first, second = (structures[:, atom] - structures[:, site] for atom in (moved, third))
        cosine = np.sum(first * second, axis=1)
        cosine /= np.linalg.norm(first, axis=1) * np.linalg.norm(second, axis=1)
        return 1 + cosine + 3 * cosine**2

    move = choose_sphere(bent(5, 0)).move
    site, moved, third = move.site, move.moved, move.third
    monkeypatch.setattr("experiments.lab.angles.reference_energies", energies)
    sources = Sources(structures={"train": bent(5, 0), "test": bent(1, 1)})
    cell = Cell(
        REFERENCE, "train", "test", "sphere", n_train=5, n_test=1, l_max=L_MAX, measure="angle energy"
    )
    (found,) = run([cell], sources=sources).measured.values()
    # mean squares: of cos θ 1/3, of 3 cos²θ - 1 4/5
    np.testing.assert_allclose(found.sums["power"][0], [1 / 3, 4 / 5, *[0] * (L_MAX - 1)], atol=1e-10)


def test_reference_energies_are_those_of_tblite():
    pytest.importorskip("tblite")
    from tblite.ase import TBLite

    molecules = water(2)
    numbers, positions = molecules.stacked()
    expected = []
    for one in molecules:
        atoms = one.to_ase()
        atoms.calc = TBLite(method="GFN2-xTB", verbosity=0)
        expected.append(atoms.get_potential_energy())
    np.testing.assert_allclose(reference_energies(numbers, positions), expected, atol=1e-5)


@pytest.mark.parametrize(
    ("structures", "rule", "words"),
    [
        (random_frames(3, 0, 2), "sphere", "at least 3 atoms"),
        (bent(3, 0), "torsion", "four bonded atoms"),
        (bent(3, 0), "pair(0, 1)", "expected sphere or torsion"),
        (Structures.of_molecule([1, 6, 8], [[[0, 0, 0], [0, 0, 1.0], [1.0, 0, 0.0]]], source="close"),
         "sphere", "without a clash"),
    ],
)  # fmt: skip
def test_what_cannot_be_moved_is_refused(structures, rule, words):
    sources = Sources(backbones={"it": Density(1)}, structures={"x": structures})
    cell = Cell("it", "x", "x", rule, n_train=3, n_test=1, measure="angles", read="molecule")
    (failure,) = run([cell], sources=sources).failures
    assert words in failure.reason
    assert "\n" not in failure.reason
