import pickle
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
import scipy.constants as constants
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from experiments.data import Reading, read_structures, write_npz
from experiments.structures import Structures
from span_theorem.errors import InputError
from tests.experiments.data.conftest import made_up, stacked

KCAL_PER_MOL = constants.kilo * constants.calorie / constants.N_A / constants.e  # eV
FINITE = st.floats(-1e6, 1e6, allow_subnormal=False)


@st.composite
def any_frames(draw: st.DrawFn) -> Structures:
    n_frames, n_atoms = draw(st.integers(1, 4)), draw(st.integers(1, 4))
    numbers = draw(arrays(np.int64, n_atoms, elements=st.integers(1, 118)))
    positions = draw(arrays(np.float64, (n_frames, n_atoms, 3), elements=FINITE))
    energies = draw(st.none() | arrays(np.float64, n_frames, elements=FINITE))
    forces = draw(st.none() | arrays(np.float64, (n_frames, n_atoms, 3), elements=FINITE))
    return Structures.of_molecule(numbers, positions, energies, forces, "drawn")


@settings(max_examples=40, deadline=None)
@given(any_frames())
def test_what_is_written_is_read_back(frames: Structures) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "frames.npz"
        write_npz(frames, path)
        assert read_structures(path).checksum == frames.checksum


def test_rmd17_keys_mean_kcal_per_mol(tmp_path: Path, frames: Structures) -> None:
    path = tmp_path / "frames.npz"
    numbers, positions, energies, forces = stacked(frames)
    np.savez(
        path,
        nuclear_charges=numbers.astype(np.uint8),
        coords=positions,
        energies=energies,
        forces=forces,
        old_indices=np.arange(5),
    )
    read = read_structures(path)
    np.testing.assert_array_equal(read.positions, frames.positions)
    np.testing.assert_allclose(read.energies, frames.energies * KCAL_PER_MOL, rtol=1e-7)
    np.testing.assert_allclose(read.forces, frames.forces * KCAL_PER_MOL, rtol=1e-7)
    np.testing.assert_array_equal(read_structures(path, Reading("eV")).energies, frames.energies)


def sgdml(path: Path, frames: Structures, **more: object) -> Path:
    numbers, positions, energies, forces = stacked(frames)
    np.savez(path, R=positions, z=numbers, E=energies[:, None], F=forces, **more)
    return path


def test_sgdml_keys_ask_for_units(tmp_path: Path, frames: Structures) -> None:
    path = sgdml(tmp_path / "frames.npz", frames)
    with pytest.raises(InputError, match=r"does not say its unit of energy, expected units .*kcal/mol"):
        read_structures(path)
    np.testing.assert_allclose(
        read_structures(path, Reading("kcal/mol")).energies, frames.energies * KCAL_PER_MOL, rtol=1e-7
    )
    np.testing.assert_array_equal(read_structures(path, Reading("eV")).forces, frames.forces)


def test_sgdml_may_state_its_units(tmp_path: Path, frames: Structures) -> None:
    stated = sgdml(tmp_path / "stated.npz", frames, e_unit="kcal/mol", r_unit="Ang")
    np.testing.assert_allclose(read_structures(stated).energies, frames.energies * KCAL_PER_MOL, rtol=1e-7)
    with pytest.raises(InputError, match="unknown unit of length 'furlong', expected one of Å, bohr, nm"):
        read_structures(sgdml(tmp_path / "length.npz", frames, e_unit="eV", r_unit="furlong"))
    with pytest.raises(InputError, match="unknown unit of energy 'furlong'"):
        read_structures(sgdml(tmp_path / "furlong.npz", frames, e_unit="furlong"))


def test_numbers_given_for_every_frame(tmp_path: Path, frames: Structures) -> None:
    one, positions = frames.stacked()
    numbers = np.tile(one, (5, 1))
    np.savez(tmp_path / "same.npz", numbers=numbers, positions=positions)
    assert read_structures(tmp_path / "same.npz").stacked()[0].tolist() == [8, 1, 1]
    numbers[3, 1] = 6
    np.savez(tmp_path / "other.npz", numbers=numbers, positions=positions)
    with pytest.raises(InputError, match="structure 3 has atomic number 6 at atom 1 and structure 0 has 1"):
        read_structures(tmp_path / "other.npz").require_one_molecule()


@pytest.mark.parametrize(
    ("arrays_", "message"),
    [
        ({"numbers": [1]}, "key 'positions' is missing, expected it beside 'numbers'"),
        ({"coords": [[[0.0, 0, 0]]]}, "key 'nuclear_charges' is missing, expected it beside 'coords'"),
        ({"E": [1.0]}, r"no known keys \(found E\), expected this project's numbers, positions; rMD17's"),
        ({}, "no known keys"),
        ({"numbers": [1], "positions": [[[0.0, np.nan, 0.0]]]}, "the position of structure 0, atom 0 is nan"),
        ({"numbers": [1.5], "positions": [[[0.0, 0.0, 0.0]]]}, "expected integers"),
    ],
)
def test_refuses_content(tmp_path: Path, arrays_: dict, message: str) -> None:
    path = tmp_path / "bad.npz"
    np.savez(path, **arrays_)
    with pytest.raises(InputError, match=message) as caught:
        read_structures(path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("share", [0.02, 0.3, 0.6, 0.9, 0.999])
def test_refuses_truncated(tmp_path: Path, share: float) -> None:
    path = tmp_path / "frames.npz"
    write_npz(made_up(200), path)
    path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
    with pytest.raises(InputError, match="truncated or damaged"):
        read_structures(path)


def test_refuses_flipped_bits(tmp_path: Path) -> None:
    path = tmp_path / "frames.npz"
    write_npz(made_up(200), path)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(content)
    with pytest.raises(InputError, match="truncated or damaged"):
        read_structures(path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"21\naspirin\nC 0 0 0\n", "is not an npz file"),
        (b"", "is empty"),
        (b"PK", "is not an npz file"),
        (b"PK\x03\x04", "truncated or damaged"),
        (b"\x93NUMPY\x01\x00", "a single npy array"),
        (pickle.dumps({"numbers": [1]}), "pickled objects, which are not loaded"),
    ],
)
def test_refuses_other_files(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "frames.npz"
    path.write_bytes(content)
    with pytest.raises(InputError, match=message):
        read_structures(path)


class Bomb:
    """Unpickling this makes a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple:
        return Path.touch, (self.path,)


def test_never_unpickles(tmp_path: Path) -> None:
    fuse = tmp_path / "exploded"
    np.savez(tmp_path / "bomb.npz", numbers=np.array([1]), positions=np.array([Bomb(fuse)], dtype=object))
    with pytest.raises(InputError, match="key 'positions' contains pickled objects, which are not loaded"):
        read_structures(tmp_path / "bomb.npz")
    assert not fuse.exists()


def test_a_failed_write_leaves_nothing(tmp_path: Path, frames: Structures) -> None:
    with pytest.raises(InputError, match="cannot write"):
        write_npz(frames, tmp_path / "absent" / "frames.npz")
    assert list(tmp_path.iterdir()) == []


def test_refuses_a_member_that_is_no_array(tmp_path: Path) -> None:
    import zipfile

    with zipfile.ZipFile(tmp_path / "frames.npz", "w") as archive:
        archive.writestr("numbers", "hello")
        archive.writestr("positions", "hello")
    with pytest.raises(InputError, match="'numbers' is not an array"):
        read_structures(tmp_path / "frames.npz")
