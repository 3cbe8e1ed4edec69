"""Rattled crystals of several compositions, made with ASE: periodic structures that need no download.

Every structure is one of :data:`CRYSTALS` in a strained cell with displaced atoms. They differ in what surrounds a
site: six neighbours alike in rock salt, four in diamond and zinc blende, twelve in a close packing; in pyrite a
sulphur has one other sulphur beside it, in brucite an oxygen one hydrogen.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from experiments.structures import Structures
from span_theorem.errors import InputError

if TYPE_CHECKING:
    from ase import Atoms

DISPLACEMENT, STRAIN = 0.06, 0.02
"""Standard deviations of a coordinate, Å, and of an element of the strain."""

EACH = {"train": 50, "test": 25}
"""Structures of every crystal in the sets of a name, `crystals:train` and `crystals:test`."""


def _pyrite() -> "Atoms":
    from ase.spacegroup import crystal

    return crystal(("Fe", "S"), [(0, 0, 0), (0.3851,) * 3], spacegroup=205, cellpar=[5.42] * 3 + [90] * 3)


def _brucite() -> "Atoms":
    from ase.spacegroup import crystal

    basis = [(0, 0, 0), (1 / 3, 2 / 3, 0.2203), (1 / 3, 2 / 3, 0.4303)]
    cell = crystal(("Mg", "O", "H"), basis, spacegroup=164, cellpar=[3.142, 3.142, 4.766, 90, 90, 120])
    return cell * (2, 2, 1)


def _cubic(formula: str, structure: str, a: float) -> "Callable[[], Atoms]":
    def make() -> "Atoms":
        from ase.build import bulk

        return bulk(formula, structure, a, cubic=True)

    return make


CRYSTALS: "dict[str, Callable[[], Atoms]]" = {
    "NaCl": _cubic("NaCl", "rocksalt", 5.64),
    "Si": _cubic("Si", "diamond", 5.43),
    "ZnS": _cubic("ZnS", "zincblende", 5.41),
    "Cu": _cubic("Cu", "fcc", 3.61),
    "FeS2": _pyrite,
    "Mg(OH)2": _brucite,
}
"""Experimental structures: lattice constants in Å."""


def read_crystals(name: str) -> Structures:
    """The set `train` or `test`, in eV and Å, without labels.

    Raises:
        InputError: no such set.
    """
    if name not in EACH:
        raise InputError(f"there is no set crystals:{name}: expected crystals:{' or crystals:'.join(EACH)}")
    return rattled(EACH[name], seed=list(EACH).index(name), source=f"crystals:{name}")


def rattled(each: int, seed: int, source: str = "crystals") -> Structures:
    """``each`` structures of every crystal, one crystal after the other."""
    rng = np.random.default_rng(seed)
    images = []
    for make in CRYSTALS.values():
        perfect = make()
        for _ in range(each):
            atoms = perfect.copy()
            atoms.set_cell(
                atoms.cell.array @ (np.eye(3) + rng.normal(scale=STRAIN, size=(3, 3))), scale_atoms=True
            )
            atoms.positions += rng.normal(scale=DISPLACEMENT, size=atoms.positions.shape)
            images.append(atoms)
    return Structures.from_ase(images, source)
