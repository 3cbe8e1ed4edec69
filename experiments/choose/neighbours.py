"""Neighbours of every atom as arrays of numpy."""

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

    def around(self, centre: NDArray[np.int64]) -> "Pairs":
        """Those of some centres alone."""
        kept = np.isin(self.centre, centre)
        return Pairs(self.centre[kept], self.neighbour[kept], self.vectors[kept])


def neighbour_pairs(structures: Structures, cutoff: float) -> Pairs:
    """All pairs closer than ``cutoff`` (Å), periodic images included."""
    from experiments.backbones.batch import Batch
    from experiments.neighbours import edges

    batch = Batch.of(structures)
    found = edges(batch, cutoff)
    return Pairs(found.centre.numpy(), found.neighbour.numpy(), found.vectors(batch.positions).numpy())
