import numpy as np

from experiments.data.bonds import bond_matrix, first_changed_bond
from experiments.data.generate import start_geometry

# The connectivity of aspirin in MD17's order of atoms, written down by hand.
BONDS = "0-2 1-3 2-3 0-5 1-6 5-6 5-10 7-10 9-10 4-11 8-11 6-12 11-12 9-13 0-14 1-15 2-16 3-17 4-18 4-19 4-20"


def test_start_geometry_is_aspirin_in_the_order_of_md17() -> None:
    atoms = start_geometry()
    assert atoms.numbers.tolist() == [6] * 7 + [8] * 3 + [6] * 2 + [8] + [1] * 8
    found = {f"{a}-{b}" for a, b in np.argwhere(np.triu(bond_matrix(atoms.numbers, atoms.positions)))}
    assert found == set(BONDS.split())


def test_finds_the_frame_and_bond_that_broke() -> None:
    atoms = start_geometry()
    frames = np.array([atoms.positions] * 4)
    assert first_changed_bond(atoms.numbers, atoms.positions, frames) is None
    frames[2, 13] += [0.0, 4.0, 0.0]  # the acid proton leaves
    assert first_changed_bond(atoms.numbers, atoms.positions, frames) == (2, 9, 13)
