"""The SO3LR adapter against the package's own calculator, and its components against e3nn's."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from experiments.backbones import Options, open_backbone
from experiments.backbones.batch import Batch
from experiments.backbones.so3lr import ELEMENTS, polar_axis_matrix
from experiments.backbones.verification import verify
from numerics.harmonics import spherical_harmonics
from tests.experiments.backbones.test_sevennet import ETHANOLS, NUMBERS, POSITIONS
from tests.experiments.molecules import (
    features_of,
    predictions_of,
    site_jacobian_of,
)

pytest.importorskip("so3krates_torch")


@pytest.fixture(scope="module")
def backbone():
    return open_backbone("so3lr:so3lr")


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(1, 4), min_size=1, unique=True), st.tuples(*[st.floats(-1, 1)] * 3))
def test_components_are_mapped_onto_e3nns(degrees, direction):
    from so3krates_torch.modules.spherical_harmonics import RealSphericalHarmonics

    vector = np.array(direction)
    if np.linalg.norm(vector) < 0.1:
        return
    degrees = sorted(degrees)
    theirs = RealSphericalHarmonics(degrees)(torch.from_numpy(vector)[None])[0].numpy()
    mapped = theirs @ polar_axis_matrix(degrees).numpy()
    every = spherical_harmonics(4, vector)
    expected = np.concatenate([every[l * l : (l + 1) ** 2] for l in degrees])
    # orthonormal there, e3nn's component normalisation here
    assert np.allclose(mapped * np.sqrt(4 * np.pi), expected, atol=1e-12)


@pytest.mark.parametrize("layer", ["0", "1", "2"])
def test_every_layer_is_equivariant_with_true_parities(layer):
    backbone = open_backbone("so3lr:so3lr", Options(layer=layer))
    assert str(backbone.irreps) == "128x0e+1x1o+1x2e+1x3o+1x4e"
    found = verify(backbone, ETHANOLS)
    assert found.parity == "o3"
    assert max(found.rotation, found.inversion) < 1e-5


def test_energies_and_forces_are_the_calculators(backbone, capsys):
    ase = pytest.importorskip("ase")
    from so3krates_torch.calculator.so3 import SO3LRCalculator

    calculator = SO3LRCalculator()
    energies, forces = predictions_of(backbone, torch.from_numpy(NUMBERS), torch.from_numpy(POSITIONS))
    for positions, energy, force in zip(POSITIONS, energies, forces, strict=True):
        atoms = ase.Atoms(NUMBERS, positions, calculator=calculator)
        # float32: one unit in the last place of about 1,400 eV is 1e-4 eV
        assert energy.item() == pytest.approx(atoms.get_potential_energy(), abs=5e-4)
        assert np.allclose(force.numpy(), atoms.get_forces(), atol=2e-4)


def test_features_do_not_depend_on_the_layers_behind(backbone):
    batch = Batch.of(ETHANOLS)
    kept = {}
    hook = backbone._model.euclidean_transformers[1].register_forward_hook(
        lambda module, inputs, output: kept.update(invariant=output[0])
    )
    backbone._model(backbone._of(batch), compute_force=False)
    hook.remove()
    middle = open_backbone("so3lr:so3lr", Options(layer="1")).features(batch)
    assert torch.equal(middle[:, :128], kept["invariant"])


def test_jacobian_against_finite_differences(backbone):
    numbers, positions = torch.from_numpy(NUMBERS), torch.from_numpy(POSITIONS[:1])
    _, jacobian = site_jacobian_of(backbone, numbers, positions, 2)
    step = torch.zeros_like(positions)
    step[:, 0, 1] = 1e-2
    with torch.no_grad():
        ahead, behind = (features_of(backbone, numbers, positions + sign * step)[:, 2] for sign in (1, -1))
    torch.testing.assert_close(jacobian[:, :, 0, 1], (ahead - behind) / 2e-2, rtol=2e-2, atol=2e-2)


def test_the_known_elements_are_those_that_training_moved(backbone):
    scales = backbone._model.atomic_energy_output_block.energy_scales.weight.reshape(-1)
    assert {int(z) + 1 for z in (scales != 1).nonzero()} == ELEMENTS
