"""Hand-made densities: features as declared, what they are by another route, and what is refused."""

import numpy as np
import pytest

from experiments.backbones import open_backbone
from experiments.backbones.batch import Batch
from experiments.backbones.density import CUTOFF, ELEMENTS, RADIAL
from experiments.backbones.verification import verify
from experiments.data import read_structures
from numerics.harmonics import spherical_harmonics
from span_theorem.errors import InputError
from tests.experiments.water import water


@pytest.mark.parametrize("l_max", [0, 2, 4])
def test_it_turns_as_declared(l_max):
    structures = read_structures("embedded:test").subset(range(2))
    verified = verify(open_backbone(f"density:{l_max}"), structures, seed=0)
    assert verified.rotation < 1e-10
    assert verified.parity == "o3"


def test_a_channel_is_the_sum_over_neighbours_of_its_element():
    """The ratio of its components tells the directions; oxygen sees two hydrogens and nothing else."""
    molecule = water(1)
    features = open_backbone("density:2").features(Batch.of(molecule))
    oxygen = int(np.flatnonzero(molecule.numbers == 8)[0])
    blocks = [
        features[oxygen, start : start + size * (2 * l + 1)].reshape(len(ELEMENTS), RADIAL, 2 * l + 1).numpy()
        for l, start, size in ((0, 0, 32), (1, 32, 32), (2, 128, 32))
    ]
    arms = np.delete(molecule.positions, oxygen, axis=0) - molecule.positions[oxygen]
    lengths = np.linalg.norm(arms, axis=1)
    assert lengths.max() < CUTOFF
    for l, block in enumerate(blocks):
        assert np.abs(block[1:]).max() == 0
        angular = spherical_harmonics(2, arms / lengths[:, None])[:, l * l : (l + 1) ** 2]
        weights, *_ = np.linalg.lstsq(angular.T, block[0].T, rcond=None)
        assert np.abs(angular.T @ weights - block[0].T).max() < 1e-10


@pytest.mark.parametrize("name", ["density:x", "density:13", "density:-1"])
def test_other_names_are_refused(name):
    with pytest.raises(InputError, match="expected the highest degree"):
        open_backbone(name)
