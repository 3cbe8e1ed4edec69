"""Neighbours of every atom within a cutoff, periodic images included."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from experiments.structures import Structures

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Pairs:
    """Ordered pairs of a centre and a neighbour, by centre.

    Attributes:
        centre, neighbour: (n_pairs,) indices into the flat atoms; the same atom twice for an image of itself.
        vectors: (n_pairs, 3) from centre to neighbour, Å.
    """

    centre: NDArray[np.int64]
    neighbour: NDArray[np.int64]
    vectors: Array


def neighbour_pairs(structures: Structures, cutoff: float) -> Pairs:
    """All pairs closer than ``cutoff`` (Å)."""
    from ase.geometry import complete_cell
    from matscipy.neighbours import neighbour_list

    centres, neighbours, vectors = [], [], []
    for first, structure in zip(structures.first, structures, strict=False):
        # completed vectors are no periods: their length is of no account
        i, j, vector = neighbour_list(
            "ijD",
            positions=structure.positions,
            cell=complete_cell(structure.cell),
            pbc=structure.pbc,
            cutoff=cutoff,
        )
        order = np.argsort(i, kind="stable")
        centres.append(first + i[order])
        neighbours.append(first + j[order])
        vectors.append(vector[order])
    return Pairs(
        np.concatenate(centres).astype(np.int64),
        np.concatenate(neighbours).astype(np.int64),
        np.concatenate(vectors).reshape(-1, 3),
    )
