from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from ase import Atoms
from ase.calculators.singlepoint import SinglePointCalculator
from ase.io import read, write
from hypothesis import given, settings
from hypothesis import strategies as st

from experiments.data import Reading, read_structures, write_extxyz
from experiments.structures import Structures
from span_theorem.errors import InputError
from tests.experiments.data.conftest import made_up


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 4), st.booleans())
def test_what_is_written_is_read_back(seed: int, n_frames: int, labels: bool) -> None:
    frames = made_up(n_frames, seed, labels)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "frames.extxyz"
        write_extxyz(frames, path)
        back = read_structures(path)
    np.testing.assert_array_equal(back.numbers, frames.numbers)
    np.testing.assert_allclose(back.positions, frames.positions, atol=5.1e-9)
    if not labels:
        assert back.energies is None
        assert back.forces is None
        return
    np.testing.assert_array_equal(back.energies, frames.energies)
    np.testing.assert_allclose(back.forces, frames.forces, atol=5.1e-9)


def test_ase_reads_standard_keys(tmp_path: Path, frames: Structures) -> None:
    path = tmp_path / "frames.extxyz"
    write_extxyz(frames, path)
    atoms = read(path, index=2)
    assert atoms.get_potential_energy() == frames.energies[2]
    np.testing.assert_allclose(atoms.get_forces(), frames[2].forces, atol=5.1e-9)
    assert not atoms.pbc.any()


def test_units_can_be_stated(tmp_path: Path, frames: Structures) -> None:
    path = tmp_path / "frames.xyz"
    write_extxyz(frames, path)
    np.testing.assert_allclose(read_structures(path, Reading("meV")).energies, frames.energies * 1e-3)


def test_plain_xyz_has_no_labels(tmp_path: Path) -> None:
    path = tmp_path / "plain.xyz"
    path.write_text("2\nwater without a hydrogen, energies in kcal/mol\nO 0 0 0\nH 0 0 0.96\n")
    frames = read_structures(path)
    assert frames.numbers.tolist() == [8, 1]
    assert frames.energies is None
    assert frames.forces is None


def images(n: int = 4) -> list[Atoms]:
    result = []
    for index in range(n):
        atoms = Atoms("OHH", np.arange(9.0).reshape(3, 3) + index)
        atoms.calc = SinglePointCalculator(atoms, energy=float(index), forces=np.ones((3, 3)))
        result.append(atoms)
    return result


def another_element(frames: list[Atoms]) -> None:
    frames[2].numbers[1] = 6


def another_order(frames: list[Atoms]) -> None:
    frames[1].numbers[:] = [1, 8, 1]


def another_count(frames: list[Atoms]) -> None:
    frames[3] = Atoms("OH", np.zeros((2, 3)))
    frames[3].calc = SinglePointCalculator(frames[3], energy=0.0, forces=np.ones((2, 3)))


def periodic(frames: list[Atoms]) -> None:
    frames[1].cell = np.eye(3) * 9
    frames[1].pbc = (True, False, False)


def unlabelled(frames: list[Atoms]) -> None:
    frames[2].calc = None


def not_a_number(frames: list[Atoms]) -> None:
    frames[1].positions[2, 0] = np.nan


def infinite(frames: list[Atoms]) -> None:
    frames[3].calc.results["forces"][1, 1] = np.inf


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (another_element, "structure 2 has atomic number 6 at atom 1 and structure 0 has 1"),
        (another_order, "structure 1 has atomic number 1 at atom 0 and structure 0 has 8"),
        (another_count, "structure 3 has 2 atoms and structure 0 has 3"),
        (periodic, "structure 1 is periodic"),
        (unlabelled, "structure 2 has no energy though others have"),
        (not_a_number, "the position of structure 1, atom 2 is nan"),
        (infinite, "the force of structure 3, atom 1 is inf"),
    ],
)
def test_refuses_frames(tmp_path: Path, spoil, message: str) -> None:
    frames = images()
    spoil(frames)
    path = tmp_path / "frames.extxyz"
    write(path, frames, format="extxyz")
    with pytest.raises(InputError, match=message) as caught:
        read_structures(path).require_one_molecule()
    assert str(path) in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("3\ncut off\nO 0 0 0\nH 0 0 1\n", "structure 0 is cut off .line 1 says 3 atoms, 2 are there"),
        ("2\nends in the header", "structure 0 is cut off"),
        ("not xyz at all\n", "line 1 is 'not xyz at all', expected the number of atoms of structure 0"),
        ("1\n\nO 0 0 0\nO 0 0 0\n", "line 4 is 'O 0 0 0', expected the number of atoms of structure 1"),
        ("0\n\n", "line 1 is '0'"),
        ("1\n\nXx7 0 0 0\n", "structure 0 has species 'Xx7' at atom 0, expected a symbol"),
        ("1\n\nCA1 0 0 0\n", "structure 0 has species 'CA1' at atom 0"),
        ("1\n\n119 0 0 0\n", "structure 0 has species '119'"),
        ("1\n\nO 0 0\n", "structure 0 has 3 columns at atom 0, expected 4"),
        ("2\n\nO 0 0 0 1\nO 0 0 0\n", "structure 0 has 4 columns at atom 1, expected 5"),
        ("1\n\nO a b c\n", "structure 0 has pos 'a' at atom 0, expected a number"),
        ("1\n\nO 1 2 ****\n", "structure 0 has pos '[*]{4}' at atom 0, expected a number"),
        ("1\nProperties=pos:R:3\n1 2 3\n", "structure 0 has the columns pos:R:3, expected species"),
        ("1\nProperties=species:S:1:pos:Q:3\nH 1 2 3\n", "expected name:R, I, S or L:columns"),
        ('1\nLattice="1 0 0 0 1"\nH 0 0 0\n', "structure 0 has Lattice='1 0 0 0 1', expected 9 numbers"),
        ('1\npbc="T maybe F"\nH 0 0 0\n', "structure 0 has pbc='T maybe F', expected three of T and F"),
        ('1\npbc="T T T"\nH 0 0 0\n', "structure 0 is periodic along cell vector 0, which is zero"),
        ("", "there are no structures"),
        ("\n\n", "there are no structures"),
        ("\x00\x01\xff", "line 1 is"),
    ],
)
def test_refuses_text(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "frames.xyz"
    path.write_text(text)
    with pytest.raises(InputError, match=message) as caught:
        read_structures(path)
    assert "\n" not in str(caught.value)


def test_missing(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not exist, expected an xyz or extxyz file"):
        read_structures(tmp_path / "absent.xyz")
