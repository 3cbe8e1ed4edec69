import hashlib
from dataclasses import replace

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, fcc111, molecule
from hypothesis import given, settings
from hypothesis import strategies as st

from experiments.structures import Structures
from span_theorem.errors import InputError
from tests.experiments.data.conftest import made_up


def mixed(n: int = 4, seed: int = 0, labels: bool = True) -> Structures:
    """Structures of several compositions, free and periodic in three and in two directions."""
    kinds = [
        molecule("H2O"),
        bulk("NaCl", "rocksalt", 5.6),
        fcc111("Cu", (1, 1, 2), vacuum=5),
        molecule("CH4"),
    ]
    images = [kinds[index % 4] for index in range(n)]
    rng = np.random.default_rng(seed)
    total = sum(map(len, images))
    return Structures(
        np.concatenate([atoms.numbers for atoms in images]),
        np.concatenate([atoms.positions for atoms in images]) + rng.normal(scale=0.05, size=(total, 3)),
        np.cumsum([0, *map(len, images)]),
        np.array([atoms.cell.array for atoms in images]),
        np.array([atoms.pbc for atoms in images]),
        rng.normal(size=n) if labels else None,
        rng.normal(size=(total, 3)) if labels else None,
        np.arange(n) // 2,
        "made up",
    )


@given(st.lists(st.integers(-6, 5), min_size=1, max_size=9))
@settings(deadline=None)
def test_a_subset_is_what_its_structures_are(indices: list[int]) -> None:
    structures = mixed(6)
    chosen = structures.subset(indices)
    assert chosen.cluster is not None
    for new, old in zip(chosen, indices, strict=True):
        one = structures[old]
        for name in ("numbers", "positions", "cell", "pbc", "forces", "energy"):
            np.testing.assert_array_equal(getattr(new, name), getattr(one, name))
    assert chosen.clusters.tolist() == [structures.clusters[index] for index in indices]
    assert (
        chosen.structure_of.tolist() == np.repeat(range(len(chosen)), [len(one) for one in chosen]).tolist()
    )


@given(st.integers(1, 9), st.booleans())
@settings(deadline=None, max_examples=10)
def test_ase_and_back(n: int, labels: bool) -> None:
    structures = mixed(n, labels=labels)
    back = Structures.from_ase(structures.to_ase())
    assert back.checksum == structures.checksum


def test_the_checksum_of_a_molecule_is_that_of_stacked_arrays() -> None:
    """Results and pinned files of before structures could differ keep theirs."""
    one = made_up()
    digest = hashlib.sha256()
    for name, values in zip(
        ("numbers", "positions", "energies", "forces"),
        (*one.stacked(), one.energies, one.padded(one.forces)),
        strict=True,
    ):
        digest.update(f"{name}:{values.shape}\n".encode() + values.tobytes())
    assert one.checksum == digest.hexdigest()


@pytest.mark.parametrize(
    ("images", "message"),
    [
        ([molecule("H2O"), molecule("CH4")], "structure 1 has 5 atoms and structure 0 has 3"),
        ([Atoms("OHH", np.eye(3)), Atoms("HOH", np.eye(3))], "structure 1 has atomic number 1 at atom 0"),
        ([Atoms("H"), Atoms("H", cell=[2, 0, 0], pbc=(1, 0, 0))], "structure 1 is periodic"),
    ],
)
def test_what_is_not_one_molecule(images: list[Atoms], message: str) -> None:
    structures = Structures.from_ase(images, "file")
    assert not structures.one_molecule
    with pytest.raises(InputError, match=f"^file: {message}"):
        structures.require_one_molecule()


def test_checksum_sees_content_and_only_content() -> None:
    one = mixed()
    assert replace(one, source="elsewhere", cluster=None).checksum == one.checksum
    moved, turned = one.positions.copy(), one.pbc.copy()
    moved[3, 1] += 1e-12
    turned[1, 2] = False
    others = [
        replace(one, positions=moved),
        replace(one, pbc=turned),
        replace(one, cell=one.cell * 1.0001),
        replace(one, numbers=one.numbers[::-1]),
        replace(one, first=one.first + [0, 1, 0, 0, 0]),
        replace(one, energies=None),
        replace(one, forces=-one.forces),
        one.subset([1, 0, 2, 3]),
    ]
    assert len({each.checksum for each in (one, *others)}) == 9


def test_arrays_are_read_only_copies() -> None:
    positions = np.zeros((1, 1, 3))
    structures = Structures.of_molecule([1], positions)
    positions[:] = 1.0
    assert (structures.positions == 0.0).all()
    for values in (structures.positions, structures.cell, structures.first):
        with pytest.raises(ValueError, match="read-only"):
            values[0] = 1


def test_a_box_without_periods_means_nothing() -> None:
    assert not Structures.from_ase([Atoms("H", cell=[9, 9, 9])]).cell.any()


def changed(values, place, value):
    copy = np.array(values)
    copy[place] = value
    return copy


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda s: {"first": [0]}, "there are no structures"),
        (lambda s: {"first": [0, 3, 3, 5, 12]}, "structure 1 has no atoms"),
        (lambda s: {"first": s.first[:-1]}, "first goes from 0 to 7, expected 0 to 12 atoms"),
        (lambda s: {"first": s.first * 1.0}, "expected integers"),
        (lambda s: {"numbers": changed(s.numbers, 4, 0)}, "structure 1, atom 1 has atomic number 0"),
        (lambda s: {"numbers": s.numbers[:, None]}, r"expected integers \(n,\)"),
        (lambda s: {"positions": s.positions[:-1]}, r"positions have shape \(11, 3\), expected \(12, 3\)"),
        (lambda s: {"positions": None}, "positions have type object"),
        (lambda s: {"positions": s.positions * 1j}, "positions have type complex128"),
        (lambda s: {"positions": [[0.0], [0.0, 1.0]]}, "not a rectangular array"),
        (
            lambda s: {"positions": changed(s.positions, (6, 2), np.nan)},
            "position of structure 2, atom 1 is nan",
        ),
        (lambda s: {"energies": changed(s.energies, 3, np.inf)}, "energy of structure 3 is inf"),
        (lambda s: {"energies": s.energies[:, None]}, r"energies have shape \(4, 1\), expected \(4,\)"),
        (lambda s: {"forces": changed(s.forces, (0, 1), 1e7)}, "force of structure 0, atom 0 is 10000000.0"),
        (lambda s: {"cell": changed(s.cell, (1, 0, 0), np.nan)}, "cell of structure 1 is nan"),
        (
            lambda s: {"cell": changed(s.cell, (1, 2), 0)},
            "structure 1 is periodic along cell vector 2, which is",
        ),
        (
            lambda s: {"cell": changed(s.cell, (2, 1), 3 * s.cell[2, 0])},
            "structure 2 has a cell without volume",
        ),
        (
            lambda s: {"cell": changed(s.cell, (1, 0), 0.01 * s.cell[1, 0])},
            "repeats every 0.032 Å along cell",
        ),
        (lambda s: {"pbc": s.pbc.astype(int)}, "expected truth values"),
        (lambda s: {"cluster": [0, 1]}, r"clusters have shape \(2,\), type int64, expected integers \(4,\)"),
    ],
)
def test_refuses(change, message: str) -> None:
    structures = mixed()
    with pytest.raises(InputError, match=message) as caught:
        replace(structures, **change(structures))
    assert str(caught.value).startswith("made up: ")
    assert "\n" not in str(caught.value)


def test_a_slab_needs_two_cell_vectors() -> None:
    assert Structures.from_ase([Atoms("Cu", cell=[2, 2, 0], pbc=(True, True, False))]).periodic.all()


@pytest.mark.parametrize(
    ("indices", "message"), [([], "at least one"), ([4], "no structure 4"), ([0.5], "integers")]
)
def test_subset_refuses(indices: list, message: str) -> None:
    with pytest.raises(InputError, match=message):
        mixed().subset(indices)


def test_labels_of_some_structures_alone() -> None:
    images = mixed().to_ase()
    images[2].calc = None
    with pytest.raises(InputError, match="structure 2 has no energy though others have"):
        Structures.from_ase(images)


def test_nothing_at_all() -> None:
    with pytest.raises(InputError, match="there are no structures"):
        Structures.from_ase([])
