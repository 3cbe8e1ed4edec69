"""What a molecule's bonds are like: kinds of atoms by their bonds, rings, a flat drawing, how much a direction sways.

Background: a table over all bonds of a molecule has to group those that are alike, without a chemistry package.
Provides: names of atoms by element, number of bonds and ring, which is enough for small organic molecules.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from experiments.data.bonds import bond_matrix
from experiments.elements import symbol
from experiments.environments import Pair
from experiments.structures import Structures
from span_theorem.errors import InputError

Array = NDArray[np.float64]


@dataclass(frozen=True)
class BondGraph:
    """Atoms and bonds.

    Attributes:
        symbols: of the atoms.
        bonds: pairs (a, b) with a < b, in increasing order.
    """

    symbols: tuple[str, ...]
    bonds: tuple[tuple[int, int], ...]

    @property
    def n_atoms(self) -> int:
        return len(self.symbols)

    @property
    def directions(self) -> list[tuple[int, int]]:
        """Every bond both ways, those that start at one atom one after another."""
        return [(a, b) for a in range(self.n_atoms) for b in self.neighbours(a)]

    def neighbours(self, atom: int) -> tuple[int, ...]:
        """Atoms bonded to one, in increasing order."""
        return tuple(sorted(sum(bond) - atom for bond in self.bonds if atom in bond))

    def in_ring(self, atom: int) -> bool:
        """Whether the atom lies on a ring: two of its neighbours are connected without it."""
        near = self.neighbours(atom)
        return any(bool(self._reached(one, without=atom) & (set(near) - {one})) for one in near)

    def name(self, atom: int) -> str:
        """Element, and in brackets the number of bonds, with ``r`` in a ring: no name that an atom could have.

        >>> BondGraph(("O", "H", "H"), ((0, 1), (0, 2))).name(0)
        'O(2)'
        """
        return f"{self.symbols[atom]}({len(self.neighbours(atom))}{'r' if self.in_ring(atom) else ''})"

    def kind(self, pair: Pair, ordered: bool = True) -> str:
        """A bond by the names of its atoms, from site to end, or in alphabetical order."""
        names = [self.name(pair.site), self.name(pair.toward)]
        return " to ".join(names) if ordered else "-".join(sorted(names))

    def others(self, pair: Pair) -> tuple[int, ...]:
        """Neighbours of the site but for the end."""
        return tuple(atom for atom in self.neighbours(pair.site) if atom != pair.toward)

    def like_neighbours(self, pair: Pair) -> int:
        """Other neighbours of the site with the element of the end."""
        return sum(self.symbols[atom] == self.symbols[pair.toward] for atom in self.others(pair))

    def _reached(self, start: int, without: int) -> set[int]:
        reached, frontier = {start}, [start]
        while frontier:
            new = set(self.neighbours(frontier.pop())) - reached - {without}
            reached |= new
            frontier += new
        return reached


def bond_graph(structures: Structures) -> BondGraph:
    """The bonds of one molecule that are there in every structure.

    Raises:
        InputError: there are none, or it is not one free molecule.
    """
    numbers, positions = structures.stacked()
    bonded = bond_matrix(numbers, positions).all(axis=0)
    bonds = tuple((int(a), int(b)) for a, b in np.argwhere(bonded) if a < b)
    if not bonds:
        raise InputError(f"{structures.source}: expected a molecule with a bond in every structure")
    return BondGraph(tuple(symbol(int(z)) for z in numbers), bonds)


def flat_drawing(positions: Array) -> Array:
    """Coordinates (n_atoms, 2) in the plane that fits the atoms (n_atoms, 3) best, Å, longest axis first."""
    centred = positions - positions.mean(axis=0)
    _, _, axes = np.linalg.svd(centred, full_matrices=False)
    flat = centred @ axes[:2].T
    # a singular vector has no sign of its own: let the farthest atom lie on the positive side
    return flat * np.sign(flat[np.abs(flat).argmax(axis=0), [0, 1]])


def sway(structures: Structures, pair: Pair) -> float:
    """Root mean square angle in degrees between a marked direction and its mean, in axes fixed to the molecule.

    Structures are superposed on the first one by the rotation of least squares (Kabsch 1976), all atoms of equal
    weight.
    """
    _, positions = structures.stacked()
    centred = positions - positions.mean(axis=1, keepdims=True)
    left, _, right = np.linalg.svd(np.swapaxes(centred, 1, 2) @ centred[0])
    left[:, :, 2] *= np.sign(np.linalg.det(left @ right))[:, None]
    units = np.einsum("ni,nij->nj", pair(structures).directions, left @ right)
    mean = units.mean(axis=0)
    cosine = units @ (mean / np.linalg.norm(mean))
    return float(np.degrees(np.sqrt(np.mean(np.arccos(np.clip(cosine, -1, 1)) ** 2))))


def likeness(graph: BondGraph, structures: Structures, pair: Pair) -> dict[str, float]:
    """What might make a direction easy to read, by what it is called in a table."""
    return {
        "sway of the direction": sway(structures, pair),
        "like neighbours of the site": graph.like_neighbours(pair),
        "bonds of the site": len(graph.neighbours(pair.site)),
        "bond length": float(pair(structures).lengths.mean()),
    }
