"""What probes are shown: features and fields turn together, forces are gradients, orientations are uniform."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from e3nn.o3 import Irreps

from experiments.coverage import mean_length
from experiments.environments import Pair
from experiments.injection import Injection, harmonics
from experiments.samples import Inputs, inject, random_rotations
from tests.experiments.synthetic import Spectrum, random_frames

PAIR = Pair(0, 1)
FRAMES = random_frames(6, 0)


def rotations(n, k, seed=0):
    return random_rotations(n, k, np.random.default_rng(seed))


def targets(forces, frames=FRAMES, seed=0):
    base = np.zeros((len(frames), 9)) if forces else np.zeros(len(frames))
    return inject(PAIR(frames), range(1, 7), 0.5, PAIR(frames).lengths, base, seed)


def site_values(frames, irreps_l=(0, 1, 2)):
    backbone = Spectrum(irreps_l)
    numbers, positions = frames.stacked()
    x = torch.tensor(positions, requires_grad=True)
    features = backbone.features(torch.tensor(numbers), x)[:, 0]
    columns = [
        torch.autograd.grad(features[:, i].sum(), x, retain_graph=True)[0] for i in range(features.shape[1])
    ]
    jacobian = torch.stack(columns, dim=1).reshape(len(frames), -1, 9)
    return backbone, features.detach().numpy(), jacobian.numpy()


def test_oriented_features_are_those_of_the_turned_frames():
    backbone, values, jacobian = site_values(FRAMES)
    turns = rotations(6, 4)
    inputs = Inputs(values, backbone.irreps, turns, jacobian)
    _, expected, slopes = site_values(FRAMES.turned(turns))
    np.testing.assert_allclose(inputs.oriented.reshape(24, -1), expected, atol=1e-10)
    # ∂h(Rx)/∂x = ∂h/∂(Rx) R for every atom
    flat = turns.reshape(24, 3, 3)
    in_molecule = np.einsum("ncai,nij->ncaj", slopes.reshape(24, -1, 3, 3), flat).reshape(24, -1, 9)
    np.testing.assert_allclose(inputs.oriented_jacobian().reshape(24, -1, 9), in_molecule, atol=1e-10)


@pytest.mark.parametrize("l", [1, 2, 5, 6])
def test_oriented_fields_are_those_of_the_turned_frames(l):
    turns = rotations(6, 4)
    energies, forces = targets(False), targets(True)
    injection = Injection(l, energies.directions[l], energies.amplitudes[l])
    turned = PAIR(FRAMES.turned(turns))
    np.testing.assert_allclose(energies.oriented(l, turns).ravel(), injection.energies(turned), atol=1e-10)
    in_molecule = np.einsum(
        "nij,nai->naj", turns.reshape(24, 3, 3), injection.forces(turned).reshape(24, 3, 3)
    )
    np.testing.assert_allclose(
        forces.oriented(l, turns).reshape(24, 9), in_molecule.reshape(24, 9), atol=1e-10
    )


def test_components_are_the_field_for_every_direction_of_the_basis():
    still = np.broadcast_to(np.eye(3), (6, 1, 3, 3))
    for forces in (False, True):
        chosen = targets(forces)
        for l in (1, 4):
            mixed = np.einsum("m,nm...->n...", chosen.directions[l], chosen.components(l))
            np.testing.assert_allclose(chosen.oriented(l, still)[:, 0], mixed, atol=1e-10)


def test_every_frequency_has_its_own_seeded_unit_vector():
    first, same, other = targets(False), targets(False), targets(False, seed=1)
    for l in range(1, 7):
        assert np.linalg.norm(first.directions[l]) == pytest.approx(1)
        np.testing.assert_array_equal(first.directions[l], same.directions[l])
        assert not np.allclose(first.directions[l], other.directions[l])


def test_orientations_are_uniform():
    turned = np.einsum("nkij,j->nki", rotations(3, 4000), np.array([0.0, 0.0, 1.0])).reshape(-1, 3)
    for l in range(1, 5):  # every harmonic averages to zero over uniform orientations
        assert np.abs(harmonics(turned, l).mean(axis=0)).max() < 5 / np.sqrt(len(turned))


def test_shuffled_targets_are_the_fields_of_other_frames_turned_at_random():
    shuffled = targets(True).shuffled(np.random.default_rng(0))
    original = targets(True)
    order = [int(np.argmin(np.abs(original.lengths - length))) for length in shuffled.lengths]
    assert sorted(order) == list(range(6))
    assert order != list(range(6))
    np.testing.assert_allclose(np.linalg.norm(shuffled.units, axis=1), 1)
    assert np.abs(shuffled.units - original.units[order]).max() > 0.1


def test_frames_that_all_point_the_same_way_share_nothing_once_shuffled():
    """As molecular dynamics gives them: another frame's direction would be nearly the frame's own."""
    frames = random_frames(400, 0)
    alike = replace(targets(False, frames), units=np.tile([0.0, 0.6, 0.8], (400, 1)))
    assert mean_length(alike.shuffled(np.random.default_rng(0)).units) < 0.15


@pytest.mark.parametrize(
    ("spread", "angle"), [(0.0, 0.0), (0.2, 0.2 * np.sqrt(8 / np.pi)), (None, np.pi / 2 + 2 / np.pi)]
)
def test_orientations_spread_as_far_as_is_said(spread, angle):
    """Mean angle of turn: of a Maxwell distributed vector, or over all orientations."""
    turns = random_rotations(1, 20_000, np.random.default_rng(0), spread)[0]
    cosines = np.clip((np.trace(turns, axis1=1, axis2=2) - 1) / 2, -1, 1)
    assert np.mean(np.arccos(cosines)) == pytest.approx(angle, rel=0.02, abs=1e-6)


def test_selection_keeps_frames_together():
    backbone, values, jacobian = site_values(FRAMES)
    inputs = Inputs(values, backbone.irreps, rotations(6, 2), jacobian)
    mask = np.array([True, False, True, False, False, True])
    np.testing.assert_array_equal(inputs.select(mask).oriented, inputs.oriented[mask])
    assert inputs.first_orientations(1).oriented.shape == (6, 1, Irreps(str(backbone.irreps)).dim)
    chosen = targets(True)
    np.testing.assert_array_equal(chosen.select(mask).components(2), chosen.components(2)[mask])
