"""Frames of shaken aspirin with labels that a test knows."""

from pathlib import Path

import numpy as np
import pytest

from experiments.backbones import shipped
from experiments.data import write_npz
from experiments.structures import Structures

ASPIRIN = Path(shipped.FOLDER).parents[1] / "data" / "aspirin.xyz"


@pytest.fixture(scope="session")
def labelled():
    """24 frames; energies and forces are noise of known size."""
    from ase.io import read

    atoms = read(ASPIRIN)
    rng = np.random.default_rng(11)
    shape = (24, len(atoms), 3)
    positions = atoms.positions + rng.normal(scale=0.05, size=shape)
    return Structures.of_molecule(
        atoms.numbers, positions, rng.normal(size=24), rng.normal(size=shape), "shaken aspirin"
    )


@pytest.fixture
def labelled_file(labelled, tmp_path):
    path = tmp_path / "frames of 'one' molecule.npz"  # a name that needs quoting on its way through Hydra
    write_npz(labelled, path)
    return path
