"""What is taken out of energies: the mean of one composition, a constant for every element of several."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from experiments.features import FeatureReader
from experiments.residuals import residuals
from experiments.structures import Structures
from span_theorem.errors import InputError
from tests.experiments.crystals import crystals
from tests.experiments.synthetic import random_frames


class Zero:
    """Predicts nothing but zeros."""

    name, irreps = "zero", None

    def features(self, batch):
        raise NotImplementedError

    def energy_forces(self, batch):
        return torch.zeros(len(batch)), torch.zeros_like(batch.positions)


def left(training, test, forces=False):
    return residuals(Zero(), training, test, FeatureReader(), forces)


def test_the_mean_of_one_composition():
    training, test = random_frames(7, 0), random_frames(5, 1)
    found = left(training, test).energies
    np.testing.assert_allclose(found[0], training.energies - training.energies.mean())
    np.testing.assert_allclose(found[1], test.energies - training.energies.mean())


def test_a_constant_for_every_element():
    """Energies that are sums of constants leave nothing; what is added to them is left but for what constants take."""
    constants = np.random.default_rng(0).normal(scale=100, size=119)
    sets = [Structures.joined([crystals(2 * i), crystals(2 * i + 1)]) for i in (0, 1)]
    sums = [np.add.reduceat(constants[one.numbers], one.first[:-1]) for one in sets]
    training, test = (replace(one, energies=energies) for one, energies in zip(sets, sums, strict=True))
    for energies in left(training, test).energies:
        np.testing.assert_allclose(energies, 0, atol=1e-9)
    shift = np.array([1.0, 0, 0, 0, 0, 0, 0, 0])  # the first of two NaCl: the constant takes the half of it
    (moved, unseen) = left(replace(training, energies=sums[0] + shift), test).energies
    np.testing.assert_allclose(moved, [0.5, 0, 0, 0, -0.5, 0, 0, 0], atol=1e-9)
    np.testing.assert_allclose(unseen, [-0.5, 0, 0, 0, -0.5, 0, 0, 0], atol=1e-9)


def test_forces_of_smaller_structures_are_padded():
    both = [replace(crystals(i), energies=np.zeros(4), forces=crystals(i).positions) for i in (0, 1)]
    (forces, _) = left(*both, forces=True).forces
    assert forces.shape == (4, 3 * 8)
    np.testing.assert_array_equal(forces[1, :6], both[0][1].forces.ravel())
    assert not forces[1, 6:].any()


def test_an_element_that_training_lacks():
    training = replace(crystals().subset([0, 1]), energies=np.zeros(2))
    test = replace(crystals(1).subset([0, 2]), energies=np.zeros(2))
    with pytest.raises(InputError, match="holds Cu, which training structures lack"):
        left(training, test)
