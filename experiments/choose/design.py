"""The linear model's rows: one an energy, one a force component; columns by centre element."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from experiments.choose.density import densities
from experiments.choose.invariants import Expansion
from experiments.choose.neighbours import neighbour_pairs
from experiments.structures import Structures

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Rows:
    """Design matrices of some structures.

    Attributes:
        energies: (n, columns) sums of polynomials over the atoms of each structure; the first columns count its atoms
            by element, the others hold the polynomials of one centre element after another.
        forces: (3 N, columns) minus the derivatives, or None.
    """

    energies: Array
    forces: Array | None


def design(structures: Structures, expansion: Expansion, forces: bool) -> Rows:
    """Rows of some structures; atoms without neighbours have their counts alone.

    Args:
        structures: some.
        expansion: of every centre.
        forces: whether rows of forces are wanted.
    """
    pairs = neighbour_pairs(structures, expansion.cutoff)
    n_elements, p, n_atoms = len(expansion.elements), len(expansion), len(structures.numbers)
    columns = n_elements * (1 + p)
    energies = np.zeros((len(structures), columns))
    derivatives = np.zeros((3 * n_atoms, columns)) if forces else None
    for index, element in enumerate(expansion.elements):
        centre = np.flatnonzero(structures.numbers == element)
        if not len(centre):
            continue
        around = densities(structures.numbers, centre, pairs.around(centre), expansion.basis, forces)
        values, tangents = expansion.evaluate(around)
        place = slice(n_elements + index * p, n_elements + (index + 1) * p)
        summing = _incidence(structures.structure_of[centre], len(structures))
        energies[:, index] = summing.sum(axis=1)
        energies[:, place] = summing @ values
        if derivatives is not None and tangents is not None and tangents.size:
            derivatives[:, place] = force_columns(tangents, centre, around.neighbours, n_atoms)
    return Rows(energies, derivatives)


def _incidence(target: NDArray[np.int64], number: int) -> csr_array:
    """Matrix that adds row i to row ``target[i]``."""
    return csr_array((np.ones(len(target)), (target, np.arange(len(target)))), shape=(number, len(target)))


def force_columns(
    tangents: Array, centre: NDArray[np.int64], neighbours: NDArray[np.int64], n_atoms: int
) -> Array:
    """Force components (3 n_atoms, p) of an energy that is each invariant alone, summed over centres.

    Args:
        tangents: (n, p, 3 k) derivatives of the invariants of n centres by the places of their k neighbours.
        centre: (n,) indices of the centres.
        neighbours: (n, k) indices of their neighbours.
        n_atoms: of all structures.
    """
    by_place = np.ascontiguousarray(tangents.swapaxes(1, 2)).reshape(-1, tangents.shape[1])
    return _recoil(centre, neighbours, n_atoms) @ by_place


def _recoil(centre: NDArray[np.int64], neighbours: NDArray[np.int64], n_atoms: int) -> csr_array:
    """Matrix that turns derivatives by neighbours' places, (n k 3), into force components (3 N): F = −∂E/∂r.

    A displacement of the centre is the opposite displacement of all its neighbours; an image of the centre itself moves
    with it and feels nothing.
    """
    n, k = neighbours.shape
    axis = np.arange(3)
    column = np.arange(3 * n * k)
    moved = (3 * neighbours[:, :, None] + axis).ravel()
    still = (3 * np.repeat(centre[:, None], k, axis=1)[:, :, None] + axis).ravel()
    signs = np.concatenate([-np.ones(len(column)), np.ones(len(column))])
    rows = np.concatenate([moved, still])
    return csr_array((signs, (rows, np.tile(column, 2))), shape=(3 * n_atoms, len(column)))
