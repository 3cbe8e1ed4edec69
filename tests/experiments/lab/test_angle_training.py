"""Training on P_l of one angle: labels by another route, where the linear model ends, and what a star keeps apart."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.special import eval_legendre

from experiments.lab.angle_training import ALL, STAR, figures
from experiments.lab.cell import Cell
from experiments.lab.runner import run
from experiments.samples import random_rotations
from experiments.spn import Probe
from experiments.triples import labels, triples
from span_theorem import law

L_MAX = 5


def energy(positions, l):
    arms = positions[:, 1:] - positions[:, :1]
    distances = arms.norm(dim=-1)
    cosine = (arms[:, 0] * arms[:, 1]).sum(dim=-1) / distances.prod(dim=-1)
    return torch.special.legendre_polynomial_p(cosine, l) * torch.exp(-distances.sum(dim=-1))


@pytest.mark.parametrize("l", [1, 2, 5])
def test_forces_are_minus_the_gradient(l):
    positions = triples(20, np.random.default_rng(0))
    energies, forces = labels(positions, l)
    cosine = np.sum(positions[:, 1] * positions[:, 2], axis=1) / np.prod(
        np.linalg.norm(positions[:, 1:], axis=2), axis=1
    )
    expected = eval_legendre(l, cosine) * np.exp(-np.linalg.norm(positions[:, 1:], axis=2).sum(axis=1))
    places = torch.tensor(positions)
    step = 1e-5
    for atom, axis in np.ndindex(3, 3):
        moved = torch.zeros(3, 3, dtype=torch.float64)
        moved[atom, axis] = step
        slope = (energy(places + moved, l) - energy(places - moved, l)) / (2 * step)
        ratio = energies[0] / expected[0]
        np.testing.assert_allclose(forces[:, atom, axis], -ratio * slope.numpy(), atol=1e-7)
    np.testing.assert_allclose(energies, energies[0] / expected[0] * expected, atol=1e-12)
    assert np.mean(forces**2) == pytest.approx(1)


def test_the_cosine_is_uniform():
    positions = triples(20_000, np.random.default_rng(0))
    units = positions[:, 1:] / np.linalg.norm(positions[:, 1:], axis=2, keepdims=True)
    cosine = np.sum(units[:, 0] * units[:, 1], axis=1)
    for l in (1, 2, 3, 4):
        assert abs(eval_legendre(l, cosine).mean()) < 4 / np.sqrt((2 * l + 1) * len(cosine))


def measured(**changes):
    base = Cell("ace(1)", n_train=200, n_test=100, l_max=L_MAX, rule=STAR, measure="angle training")
    return run([replace(base, **changes)])


def of(outcome):
    (found,) = outcome.measured.values()
    totals = {name: sums.sum(axis=0, keepdims=True) for name, sums in found.sums.items()}
    return {name: values[0] for name, values in figures(totals, np.array([[1.0]])).items()}


@pytest.mark.parametrize(("L", "d"), [(1, 2), (1, 3), (1, 4), (2, 2), (2, 3), (2, 4)])
def test_the_linear_model_ends_where_the_law_says(L, d):
    found = of(measured(backbone=f"ace({L})", probe=Probe("equivariant", d)))
    boundary = law.swept_boundary(L, d)
    assert (found["outer"][:boundary] > 0.9).all()
    assert (found["outer"][boundary:] < 0.05).all()
    assert (found["energy"][boundary:] < 0.1).all()


def test_a_part_of_the_carbons_force_of_the_next_degree_is_explained():
    """Why the claims are about the hydrogens' forces."""
    found = of(measured(backbone="ace(2)", n_train=1000, n_test=1000, probe=Probe("equivariant", 2)))
    assert found["force"][2] > 0.03 > -0.02 > found["outer"][2]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"backbone": "ace"}, "no model"),
        ({"rule": ALL, "probe": Probe("equivariant", 2)}, "expected the rule star"),
        ({"probe": Probe("free", 5)}, "d from 1 to 4"),
        ({"backbone": "nequip:scratch(1, 1)", "rule": "sphere"}, "expected star or all"),
        ({"backbone": "mace:scratch(1)", "rule": ALL}, "expected star"),
    ],
)
def test_what_cannot_be_trained_is_refused(changes, words):
    (failure,) = measured(**changes).failures
    assert words in failure.reason


@pytest.mark.parametrize("everyone", [False, True])
def test_hydrogens_of_a_star_do_not_see_one_another(everyone):
    """With one layer a star's energy depends on two distances alone, so turning one hydrogen changes nothing."""
    pytest.importorskip("nequip")
    from experiments.training.scratch import Descent, NequIP

    rng = np.random.default_rng(0)
    positions = triples(30, rng)
    energies, forces = labels(positions, 1)
    validation = np.arange(30) < 6
    model = NequIP(1, 2, everyone, 3.0, 0)
    predict = model.train((positions, energies, forces), validation, Descent(4, 10, 0.01, 2), rng)
    turned = positions.copy()
    turned[:, 1] = np.einsum("nij,nj->ni", random_rotations(1, 30, rng)[0], positions[:, 1])
    before, after = predict(positions)[0], predict(turned)[0]
    assert (np.abs(after - before).max() > 1e-3 * np.abs(before).max()) == everyone
    # and the whole may always be turned
    whole = np.einsum("nij,naj->nai", random_rotations(1, 30, rng)[0], positions)
    np.testing.assert_allclose(predict(whole)[0], before, atol=1e-5 * np.abs(before).max())


def test_a_network_learns_what_its_layers_can_say():
    pytest.importorskip("nequip")
    from experiments.training.scratch import Descent, NequIP

    rng = np.random.default_rng(0)
    positions, shown = triples(60, rng), triples(60, rng)
    energies, forces = labels(positions, 1)
    model = NequIP(2, 1, False, 3.0, 0)
    predict = model.train((positions, energies, forces), np.arange(60) < 12, Descent(60, 24, 0.02, 10), rng)
    reference = labels(shown, 1)[1]
    assert np.sum((predict(shown)[1] - reference) ** 2) < 0.75 * np.sum(reference**2)
