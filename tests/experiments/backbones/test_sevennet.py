"""The SevenNet adapter against SevenNet's own calculator."""

import numpy as np
import pytest
import torch

from experiments.backbones import open_backbone
from experiments.backbones.verification import verify
from experiments.structures import Structures
from span_theorem.errors import InputError
from tests.experiments.molecules import (
    features_of,
    predictions_of,
)

pytest.importorskip("sevenn")

ETHANOL = np.array(
    [
        [0.007, -0.569, 0.0],
        [-1.286, 0.248, 0.0],
        [1.130, 0.313, 0.0],
        [0.039, -1.197, 0.890],
        [0.039, -1.197, -0.890],
        [-1.316, 0.879, 0.890],
        [-1.316, 0.879, -0.890],
        [-2.160, -0.398, 0.0],
        [1.986, -0.135, 0.0],
    ]
)
NUMBERS = np.array([6, 6, 8, 1, 1, 1, 1, 1, 1])
POSITIONS = ETHANOL + np.random.default_rng(0).normal(scale=0.05, size=(7, 9, 3))
ETHANOLS = Structures.of_molecule(NUMBERS, POSITIONS)


@pytest.fixture(scope="module")
def backbone():
    return open_backbone("sevennet:7net-0")


@pytest.mark.filterwarnings("ignore:No tensor product accelerator")
def test_energies_and_forces_are_the_calculators(backbone):
    ase = pytest.importorskip("ase")
    from sevenn.calculator import SevenNetCalculator

    calculator = SevenNetCalculator("7net-0", device="cpu")
    energies, forces = predictions_of(backbone, torch.from_numpy(NUMBERS), torch.from_numpy(POSITIONS))
    for positions, energy, force in zip(POSITIONS, energies, forces, strict=True):
        atoms = ase.Atoms(NUMBERS, positions, calculator=calculator)
        # float32 sums of about 50 eV in another order
        assert energy.item() == pytest.approx(atoms.get_potential_energy(), abs=2e-5)
        assert np.allclose(force.numpy(), atoms.get_forces(), atol=2e-5)


def test_labels_name_the_order_only(backbone):
    found = verify(backbone, ETHANOLS)
    assert found.parity == "so3"
    assert found.rotation < 1e-5
    assert "degree only" in backbone.card.labels


def test_chunks_do_not_show(backbone, monkeypatch):
    numbers, positions = torch.from_numpy(NUMBERS), torch.from_numpy(POSITIONS)
    expected = features_of(backbone, numbers, positions)
    for chunk in (1, 20, 1000):
        monkeypatch.setattr(backbone, "at_once", chunk)
        found = features_of(backbone, numbers, positions)
        assert float((found - expected).norm() / expected.norm()) < 1e-6


def test_features_are_differentiable(backbone):
    numbers = torch.from_numpy(NUMBERS)
    x = torch.from_numpy(POSITIONS[:2]).requires_grad_()
    weights = torch.randn(backbone.irreps.dim, generator=torch.Generator().manual_seed(0))

    def scalar(positions):
        return features_of(backbone, numbers, positions)[:, 2] @ weights

    (gradient,) = torch.autograd.grad(scalar(x).sum(), x)
    step = torch.zeros_like(x)
    step[:, 1, 2] = 1e-2
    with torch.no_grad():
        numeric = (scalar(x + step) - scalar(x - step)) / 2e-2
    torch.testing.assert_close(gradient[:, 1, 2].float(), numeric, rtol=2e-2, atol=2e-2)


def test_an_unknown_element_is_named(backbone):
    with pytest.raises(InputError, match=r"sevennet:7net-0 does not know the element Og"):
        verify(backbone, Structures.of_molecule(np.array([118] * 9), POSITIONS))
