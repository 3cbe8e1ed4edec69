"""A constant in a rigid frame: exact where the molecule is rigid, nothing where the marked atom moves freely."""

import numpy as np
import pytest

from experiments.body_frame import predicted
from experiments.injection import harmonics
from experiments.samples import random_rotations

RIGID = np.array([[0.0, 0, 0], [1.1, 0.2, 0], [-0.3, 1.2, 0.4], [0.2, -0.6, 1.3], [0.9, 0.8, -1.0]])


def directions(positions):
    arm = positions[:, 1] - positions[:, 0]
    return arm / np.linalg.norm(arm, axis=1, keepdims=True)


def turned(number, seed):
    turns = random_rotations(number, 1, np.random.default_rng(seed))[:, 0]
    return np.einsum("nij,aj->nai", turns, RIGID)


@pytest.mark.parametrize("l", [1, 2, 5])
def test_a_rigid_molecule_is_known_exactly(l):
    training, test = turned(30, 0), turned(20, 1)
    known = predicted(l, (training, directions(training)), test, 0, 1)
    np.testing.assert_allclose(known, harmonics(directions(test), l), atol=1e-8)


def test_a_direction_that_goes_anywhere_is_not_known():
    rng = np.random.default_rng(2)
    training, test = turned(400, 0), turned(400, 1)
    for positions in (training, test):
        free = rng.normal(size=(len(positions), 3))
        positions[:, 1] = positions[:, 0] + free / np.linalg.norm(free, axis=1, keepdims=True)
    field = harmonics(directions(test), 2)
    known = predicted(2, (training, directions(training)), test, 0, 1)
    recovered = 1 - np.sum((field - known) ** 2) / np.sum(field**2)
    assert -0.05 < recovered < 0.05


def test_frames_need_two_atoms_beside_the_marked_ones():
    training = turned(5, 0)[:, :3]
    assert predicted(1, (training, directions(training)), training, 0, 1) is None
