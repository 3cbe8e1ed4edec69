"""Density features of every atom, A_znlm = Σ_j R_n(r_j) Y_lm(u_j) over its neighbours j of element z, and derivatives.

Harmonics are e3nn's, as everywhere in this project, because the coupling of invariants is written in their convention.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from experiments.choose.neighbours import Pairs
from experiments.choose.radial import radial_functions
from numerics.coupling import Irrep, Jet
from numerics.harmonics import spherical_harmonics, surface_gradient

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Basis:
    """What a density is expanded in.

    Attributes:
        elements: atomic numbers of neighbours, each with functions of its own.
        cutoff: Å.
        radial: number of radial functions.
        l_max: highest degree of the harmonics.
    """

    elements: tuple[int, ...]
    cutoff: float
    radial: int
    l_max: int

    @property
    def channels(self) -> int:
        """Number of densities of one degree."""
        return len(self.elements) * self.radial


@dataclass(frozen=True, eq=False)
class Densities:
    """Densities around n centres, each with at most k neighbours.

    Attributes:
        centre: (n,) flat index of the centre.
        neighbours: (n, k) flat indices; that of the centre where it has fewer.
        values: (n, elements, radial, (l_max+1)²).
        tangents: (n, elements, radial, 3 k, (l_max+1)²) derivatives by the neighbours' places, 1/Å, or None.
    """

    centre: NDArray[np.int64]
    neighbours: NDArray[np.int64]
    values: Array
    tangents: Array | None

    def jets(self, radial: int, l_max: int) -> dict[Irrep, Jet]:
        """Channels (element, radial function) by irrep, the first ``radial`` functions and degrees ≤ ``l_max``."""
        n = len(self.centre)
        jets: dict[Irrep, Jet] = {}
        for l in range(l_max + 1):
            m = slice(l * l, (l + 1) ** 2)
            values = self.values[:, :, :radial, m].reshape(n, -1, 2 * l + 1)
            tangents = None
            if self.tangents is not None:
                tangents = self.tangents[:, :, :radial, :, m].reshape(n, values.shape[1], -1, 2 * l + 1)
            jets[l, (-1) ** l] = Jet(values, tangents)
        return jets


def densities(
    numbers: NDArray[np.int64], centre: NDArray[np.int64], pairs: Pairs, basis: Basis, derivatives: bool
) -> Densities:
    """Densities around some atoms.

    Args:
        numbers: (N,) atomic numbers of all atoms; a neighbour of an element that the basis lacks is not seen.
        centre: (n,) ascending indices of atoms.
        pairs: of these centres alone, by centre.
        basis: see :class:`Basis`.
        derivatives: whether tangents are wanted.
    """
    n, n_elements, components = len(centre), len(basis.elements), (basis.l_max + 1) ** 2
    seen = np.isin(numbers[pairs.neighbour], basis.elements)
    neighbour, vectors = pairs.neighbour[seen], pairs.vectors[seen]
    row = np.searchsorted(centre, pairs.centre[seen])
    element = np.searchsorted(basis.elements, numbers[neighbour])
    counts = np.bincount(row, minlength=n)
    slot = np.arange(len(row)) - np.repeat(np.cumsum(counts) - counts, counts)
    most = int(counts.max(initial=0))
    neighbours = np.repeat(centre[:, None], most, axis=1)
    neighbours[row, slot] = neighbour

    r = np.linalg.norm(vectors, axis=1)
    radial, slope = radial_functions(r, basis.cutoff, basis.radial)
    angular = spherical_harmonics(basis.l_max, vectors)
    sums = csr_array((np.ones(len(row)), (row * n_elements + element, np.arange(len(row)))),
                     shape=(n * n_elements, len(row)))  # fmt: skip
    flat = (radial[:, :, None] * angular[:, None]).reshape(len(row), -1)
    values = (sums @ flat).reshape(n, n_elements, basis.radial, components)
    if not derivatives:
        return Densities(centre, neighbours, values, None)
    turning = np.concatenate([surface_gradient(l, vectors) for l in range(basis.l_max + 1)], axis=1)
    turning = turning.swapaxes(1, 2) / r[:, None, None]  # (pairs, 3, components)
    outward = (vectors / r[:, None])[:, :, None] * angular[:, None]
    tangents = np.zeros((n, n_elements, basis.radial, most, 3, components))
    tangents[row, element, :, slot] = (
        slope[:, :, None, None] * outward[:, None] + radial[:, :, None, None] * turning[:, None]
    )
    return Densities(
        centre, neighbours, values, tangents.reshape(n, n_elements, basis.radial, 3 * most, components)
    )
