"""One structure written in other ways is the same; another structure is another."""

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, fcc111, molecule
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from experiments.same import TOLERANCE, fingerprints, shared
from experiments.structures import Structures

CHAIN = Atoms("CO", [[0, 0, 0], [1.2, 0.5, 0.1]], cell=[3.0, 0, 0], pbc=(True, False, False))
KINDS = [
    molecule("CH3CH2OH"),
    bulk("NaCl", "rocksalt", 5.6) * (2, 1, 1),
    fcc111("Cu", (2, 2, 2), vacuum=5.0),
    bulk("SiC", "zincblende", 4.35, cubic=True),
    CHAIN,
    Atoms("H2O", [[0, 0, 0], [0, 0, 1], [0, 1, 0]]),
]


def rattled(kind: Atoms, seed: int) -> Atoms:
    atoms = kind.copy()
    atoms.positions += np.random.default_rng(seed).normal(scale=0.05, size=(len(atoms), 3))
    return atoms


def turned(atoms: Atoms, rotation: np.ndarray) -> Atoms:
    other = atoms.copy()
    other.set_cell(atoms.cell.array @ rotation.T)
    other.positions = atoms.positions @ rotation.T
    return other


def rewritten(atoms: Atoms, seed: int, ways: set[str]) -> Atoms:
    """The same structure in other words."""
    rng = np.random.default_rng(seed)
    other = atoms.copy()
    if "shift" in ways:
        # along a period the cell stays where it is; across, everything moves
        other.positions += rng.normal(scale=3.0, size=3)
    if "wrap" in ways and other.pbc.any():
        other.positions += rng.integers(-2, 3, size=(len(other), 3)) * other.pbc @ other.cell.array
    if "turn" in ways:
        other = turned(other, Rotation.random(rng=rng).as_matrix())
    if "order" in ways:
        other = other[rng.permutation(len(other))]
    if "round" in ways:
        other.positions = np.round(other.positions, 6)
        other.set_cell(np.round(other.cell.array, 6))
    return other


WAYS = ("shift", "wrap", "turn", "order", "round")


@settings(deadline=None, max_examples=40)
@given(
    st.sampled_from(range(len(KINDS))),
    st.integers(0, 10**6),
    st.sets(st.sampled_from(WAYS)),
)
def test_other_words_for_one_structure(kind: int, seed: int, ways: set[str]) -> None:
    atoms = [rattled(KINDS[kind], seed + index) for index in range(3)]
    ours, theirs = Structures.from_ase(atoms), Structures.from_ase([rewritten(atoms[1], seed, ways)])
    np.testing.assert_allclose(fingerprints(theirs)[0], fingerprints(ours)[1], rtol=1e-4)
    assert shared(ours, theirs).tolist() == [[0, 1]]


@settings(deadline=None, max_examples=25)
@given(st.sampled_from(range(len(KINDS))), st.integers(0, 10**6), st.floats(30 * TOLERANCE, 0.1))
def test_an_atom_elsewhere_is_another_structure(kind: int, seed: int, far: float) -> None:
    atoms = rattled(KINDS[kind], seed)
    other = rewritten(atoms, seed, {"turn", "shift"})
    direction = np.random.default_rng(seed).normal(size=(1, 3))
    other.positions[:1] += far * direction / np.linalg.norm(direction)
    ours, theirs = Structures.from_ase([atoms]), Structures.from_ase([other])
    # one bond alone tells the distances of two atoms: along it, or they are the same
    apart = np.abs(
        np.sort(atoms.get_all_distances(mic=True), axis=None)
        - np.sort(other.get_all_distances(mic=True), axis=None)
    )
    assert bool(len(shared(ours, theirs))) == bool((apart <= TOLERANCE).all())


@pytest.mark.parametrize("kind", range(len(KINDS) - 2))
def test_a_mirror_image_is_another_structure(kind: int) -> None:
    atoms = rattled(KINDS[kind], 1)
    mirror = turned(atoms, np.diag([1.0, 1.0, -1.0]))
    assert not len(shared(Structures.from_ase([atoms]), Structures.from_ase([mirror])))


def test_a_planar_molecule_is_its_mirror_image() -> None:
    water = Structures.from_ase([molecule("H2O")])
    mirror = Structures.from_ase([turned(molecule("H2O"), np.diag([-1.0, 1.0, 1.0]))])
    assert len(shared(water, mirror)) == 1


def test_elements_and_periods_count() -> None:
    one = Atoms("CO", [[0, 0, 0], [0, 0, 1.1]])
    others = [
        Atoms("CN", one.positions),
        Atoms("CO", one.positions, cell=[9, 9, 9], pbc=True),
        Atoms("COO", [*one.positions, [5, 5, 5]]),
    ]
    assert not len(shared(Structures.from_ase([one]), Structures.from_ase(others)))
    assert shared(Structures.from_ase(others), Structures.from_ase([others[1], one])).tolist() == [[0, 1]]


def test_every_test_structure_is_named_once() -> None:
    atoms = [rattled(KINDS[0], seed) for seed in (1, 2, 1)]
    ours = Structures.from_ase(atoms)
    assert shared(ours, ours).tolist() == [[0, 0], [1, 1], [2, 0]]
