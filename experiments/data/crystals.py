"""Rattled crystals of several compositions, made with ASE: periodic structures that need no download.

Every structure is one of :data:`CRYSTALS` or :data:`METALS` in a strained cell with displaced atoms. They differ in
what surrounds a site: six neighbours alike in rock salt, four in diamond and zinc blende, twelve in a close packing; in
pyrite a sulphur has one other sulphur beside it, in brucite an oxygen one hydrogen, and a palladium atom on a surface
of silver has all its neighbours on one side. Metals can be labelled, by ASE's effective-medium theory.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from experiments.elements import symbol
from experiments.structures import Structures
from span_theorem.errors import InputError

if TYPE_CHECKING:
    from ase import Atoms

METALLIC = frozenset({"Al", "Cu", "Ag", "Au", "Ni", "Pd", "Pt"})
"""Elements that the published effective-medium theory was made for; ASE's code has toy values of H, C, N and O too."""

DISPLACEMENT, STRAIN = 0.06, 0.02
"""Standard deviations of a coordinate, Å, and of an element of the strain."""


def _pyrite() -> "Atoms":
    from ase.spacegroup import crystal

    return crystal(("Fe", "S"), [(0, 0, 0), (0.3851,) * 3], spacegroup=205, cellpar=[5.42] * 3 + [90] * 3)


def _brucite() -> "Atoms":
    from ase.spacegroup import crystal

    basis = [(0, 0, 0), (1 / 3, 2 / 3, 0.2203), (1 / 3, 2 / 3, 0.4303)]
    cell = crystal(("Mg", "O", "H"), basis, spacegroup=164, cellpar=[3.142, 3.142, 4.766, 90, 90, 120])
    return cell * (2, 2, 1)


def _ordered_alloy() -> "Atoms":
    from ase.spacegroup import crystal

    # Cu3Au's structure: aluminium on the corners of the cube, nickel on its faces
    return crystal(("Al", "Ni"), [(0, 0, 0), (0, 0.5, 0.5)], spacegroup=221, cellpar=[3.57] * 3 + [90] * 3)


def _adatom() -> "Atoms":
    from ase.build import add_adsorbate, fcc100

    slab = fcc100("Ag", (2, 2, 2), a=4.09, vacuum=6.0)
    add_adsorbate(slab, "Pd", 1.8, "hollow")
    return slab


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


METALS: "dict[str, Callable[[], Atoms]]" = {
    "Cu": CRYSTALS["Cu"],
    "Ni3Al": _ordered_alloy,
    "Pd on Ag": _adatom,
}
"""Of elements that effective-medium theory has parameters for: a metal, an ordered alloy, an atom on a surface."""


@dataclass(frozen=True)
class Kind:
    """Crystals of a kind.

    Attributes:
        crystals: what makes each, by name.
        each: structures of every crystal in the sets of a name, such as `crystals:train` and `crystals:test`.
        labelled: whether those sets have energies and forces, by :func:`with_emt`.
    """

    crystals: "dict[str, Callable[[], Atoms]]"
    each: dict[str, int]
    labelled: bool = False


KINDS = {
    "crystals": Kind(CRYSTALS, {"train": 50, "test": 25}),
    "metals": Kind(METALS, {"train": 100, "test": 50}, labelled=True),
}


def read_crystals(kind: str, name: str, labels: bool = True) -> Structures:
    """The set `train` or `test` of a kind, in eV and Å, with its labels or without any.

    Raises:
        InputError: no such set.
    """
    known = KINDS[kind]
    if name not in known.each:
        raise InputError(f"there is no set {kind}:{name}: expected {kind}:{f' or {kind}:'.join(known.each)}")
    structures = rattled(kind, known.each[name], seed=list(known.each).index(name), source=f"{kind}:{name}")
    return with_emt(structures) if known.labelled and labels else structures


def rattled(kind: str, each: int, seed: int, source: str | None = None) -> Structures:
    """``each`` structures of every crystal of a kind, one crystal after the other, without labels."""
    rng = np.random.default_rng(seed)
    images = []
    for make in KINDS[kind].crystals.values():
        perfect = make()
        for _ in range(each):
            atoms = perfect.copy()
            atoms.set_cell(
                atoms.cell.array @ (np.eye(3) + rng.normal(scale=STRAIN, size=(3, 3))), scale_atoms=True
            )
            atoms.positions += rng.normal(scale=DISPLACEMENT, size=atoms.positions.shape)
            images.append(atoms)
    return Structures.from_ase(images, source or kind)


def with_emt(structures: Structures) -> Structures:
    """With the energies (eV) and forces (eV/Å) of ASE's effective-medium theory.

    Raises:
        InputError: an element that the theory was not made for.
    """
    from ase.calculators.emt import EMT

    if unknown := sorted({symbol(int(z)) for z in np.unique(structures.numbers)} - METALLIC):
        raise InputError(
            f"effective-medium theory has no {', '.join(unknown)}: expected {', '.join(sorted(METALLIC))}",
            "labels",
        )
    images = structures.to_ase()
    energies, forces = [], []
    for atoms in images:
        atoms.calc = EMT()
        energies.append(atoms.get_potential_energy())
        forces.append(atoms.get_forces())
    return replace(structures, energies=np.array(energies), forces=np.concatenate(forces))
