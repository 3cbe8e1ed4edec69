"""One neighbour on a sphere: which bond is chosen, where the atoms go, what is read."""

import numpy as np
import torch
from e3nn.o3 import spherical_harmonics
from hypothesis import given, settings
from hypothesis import strategies as st

from experiments import sphere
from experiments.backbones.free_molecule import of_batches
from experiments.sphere import Move, choose_move
from numerics.quadrature import sphere_quadrature
from tests.experiments.synthetic import Spectrum
from tests.experiments.water import water


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=20)
def test_the_pair_chosen_keeps_the_distance_it_states(seed):
    frames = water(2, seed)
    move = choose_move(frames)
    rule = sphere_quadrature(80)
    others = [atom for atom in range(3) if atom not in (move.site, move.moved)]
    least = min(
        np.linalg.norm(
            sphere.moved_positions(x, move, rule.directions)[:, [move.moved]] - x[others], axis=2
        ).min()
        for x in frames.stacked()[1]
    )
    assert move.closest <= least < move.closest + 0.05
    assert {move.site, move.moved, move.third} == {0, 1, 2}


def test_the_moved_atom_keeps_its_distance_and_the_others_their_place():
    positions = water(1).positions
    directions = sphere_quadrature(4).directions
    moved = sphere.moved_positions(positions, Move(0, 1, 2, 1.0, 1.0), directions)
    radius = np.linalg.norm(positions[1] - positions[0])
    np.testing.assert_allclose((moved[:, 1] - positions[0]) / radius, directions, atol=1e-12)
    np.testing.assert_array_equal(moved[:, [0, 2]], np.repeat(positions[None, [0, 2]], len(moved), axis=0))


def test_features_are_read_with_the_site_first_whatever_its_index():
    frames = water(1)
    move = Move(2, 0, 1, 1.0, 1.0)
    directions = sphere_quadrature(4).directions
    values = sphere.features_over_sphere(
        of_batches(Spectrum([1])), *(frames[0].numbers, frames[0].positions), move, "molecule", directions
    )
    expected = spherical_harmonics(1, torch.tensor(directions), True, normalization="component")
    np.testing.assert_allclose(values, expected.numpy(), atol=1e-12)
