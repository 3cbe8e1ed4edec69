"""Invariant polynomials of a centre's densities, degree by degree, in one order for every atom.

The first radial functions enter every degree; higher degrees use fewer of them, as their number of products grows.
A polynomial belongs to the size (L, d) if its degree is at most d and its densities have degree at most L, so the
polynomials of a size are among those of every larger one.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from experiments.choose.density import Basis, Densities
from numerics.coupling import Irrep, coupled, path_factors

Array = NDArray[np.float64]

INVARIANT: Irrep = (0, 1)


@dataclass(frozen=True)
class Expansion:
    """Which polynomials describe a centre.

    Attributes:
        elements: atomic numbers, of centres and of neighbours.
        cutoff: Å.
        max_L: highest degree of the densities.
        radial: number of radial functions in products of 1, 2, … densities; not ascending.
    """

    elements: tuple[int, ...]
    cutoff: float
    max_L: int
    radial: tuple[int, ...]

    @property
    def max_d(self) -> int:
        """Highest degree of the polynomials."""
        return len(self.radial)

    @property
    def basis(self) -> Basis:
        """What their densities are expanded in."""
        l_max = self.max_L if self.max_d > 1 else 0
        return Basis(self.elements, self.cutoff, self.radial[0], l_max)

    @cached_property
    def size_of(self) -> NDArray[np.int64]:
        """(p, 2) the smallest (L, d) that every polynomial belongs to."""
        found = []
        for degree in range(1, self.max_d + 1):
            factors = path_factors(self._channels(degree), degree, INVARIANT)
            found.append(np.stack([factors.max(axis=1), np.full(len(factors), degree)], axis=1))
        return np.concatenate(found)

    def __len__(self) -> int:
        """Number of polynomials of one centre."""
        return len(self.size_of)

    def belongs(self, L: int, d: int) -> NDArray[np.bool_]:
        """(p,) which polynomials belong to a size."""
        return np.asarray((self.size_of <= (L, d)).all(axis=1))

    def evaluate(self, densities: Densities) -> tuple[Array, Array | None]:
        """Polynomials (n, p), and their derivatives (n, p, 3 k) by the neighbours' places where densities have them."""
        jets = []
        for degree in range(1, self.max_d + 1):
            features = densities.jets(self.radial[degree - 1], self._l_max(degree))
            jet = coupled(features, degree, INVARIANT)
            assert jet is not None  # l = 0 alone has invariants of every degree
            jets.append(jet)
        values = np.concatenate([jet.values[:, :, 0] for jet in jets], axis=1)
        tangents = [jet.tangents[..., 0] for jet in jets if jet.tangents is not None]
        return values, np.concatenate(tangents, axis=1) if tangents else None

    def _l_max(self, degree: int) -> int:
        return self.max_L if degree > 1 else 0

    def _channels(self, degree: int) -> dict[Irrep, int]:
        number = len(self.elements) * self.radial[degree - 1]
        return {(l, (-1) ** l): number for l in range(self._l_max(degree) + 1)}
