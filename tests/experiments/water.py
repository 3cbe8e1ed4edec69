"""A molecule of three atoms."""

import numpy as np

from experiments.structures import Structures

WATER = np.array([8, 1, 1])


def water(n_frames=3, seed=0):
    """Distorted water molecules at random places."""
    rng = np.random.default_rng(seed)
    reference = np.array([[0, 0, 0], [0.96, 0, 0], [-0.24, 0.93, 0]])
    shaken = reference + rng.normal(scale=0.03, size=(n_frames, 3, 3))
    return Structures.of_molecule(WATER, shaken + rng.normal(size=(n_frames, 1, 3)), source="water")
