"""Invariant polynomials of a centre's densities, degree by degree, in one order for every atom.

The first radial functions enter every degree; higher degrees use fewer of them, as their number of products grows.
A polynomial belongs to the size (L, d) if its degree is at most d and its densities have degree at most L, so the
polynomials of a size are among those of every larger one.
"""

from dataclasses import dataclass, replace
from functools import cached_property
from itertools import product

import numpy as np
from numpy.typing import NDArray

from experiments.choose.density import Basis, Densities
from numerics.coupling import Irrep, coupled_groups, path_count, path_factors

Array = NDArray[np.float64]

INVARIANT: Irrep = (0, 1)


@dataclass(frozen=True)
class Term:
    """Products of one degree: how many radial functions their densities have, and up to which L."""

    radial: int
    max_L: int


@dataclass(frozen=True)
class Expansion:
    """Which polynomials describe a centre.

    Attributes:
        elements: atomic numbers, of centres and of neighbours, ascending.
        cutoff: Å.
        terms: of degree 1, 2, …; the first has L = 0, no later one more radial functions than the one before.
    """

    elements: tuple[int, ...]
    cutoff: float
    terms: tuple[Term, ...] = ()

    @property
    def max_d(self) -> int:
        """Highest degree of the polynomials."""
        return len(self.terms)

    @property
    def basis(self) -> Basis:
        """What their densities are expanded in."""
        l_max = max(term.max_L for term in self.terms)
        return Basis(self.elements, self.cutoff, self.terms[0].radial, l_max)

    @property
    def columns(self) -> int:
        """Number of polynomials of all centre elements."""
        return len(self.elements) * len(self)

    def __len__(self) -> int:
        """Number of polynomials of one centre."""
        return sum(path_count(self._channels(degree), degree, INVARIANT) for degree in self._degrees)

    def raised(self, radial: int, max_L: int) -> "Expansion":
        """The same with products of one density more."""
        return replace(self, terms=(*self.terms, Term(radial, max_L)))

    @cached_property
    def size_of(self) -> NDArray[np.int64]:
        """(p, 2) the smallest (L, d) that every polynomial belongs to."""
        found = []
        for degree in self._degrees:
            factors = path_factors(self._channels(degree), degree, INVARIANT)
            found.append(np.stack([factors.max(axis=1), np.full(len(factors), degree)], axis=1))
        return np.concatenate(found)

    def belongs(self, L: int, d: int) -> NDArray[np.bool_]:
        """(p,) which polynomials belong to a size."""
        return np.asarray((self.size_of <= (L, d)).all(axis=1))

    def evaluate(self, densities: Densities) -> tuple[Array, Array | None]:
        """Polynomials (n, p), and their derivatives (n, p, 3 k) by the neighbours' places where densities have them."""
        jets = [
            jet
            for degree, term in zip(self._degrees, self.terms, strict=True)
            for jet in coupled_groups(densities.jets(term.radial, term.max_L), degree, INVARIANT)
        ]
        values = np.concatenate([jet.values[:, :, 0] for jet in jets], axis=1)
        tangents = [jet.tangents[..., 0] for jet in jets if jet.tangents is not None]
        return values, np.concatenate(tangents, axis=1) if tangents else None

    @property
    def doubles(self) -> int:
        """What one coordinate of one neighbour takes while derivatives are computed: densities, couplings, results."""
        number = len(self.elements)
        intermediate = sum(
            (number * self.terms[2].radial) ** 2 * (2 * l3 + 1)
            for l1, l2, l3 in product(range(self.terms[2].max_L + 1), repeat=3)
            if l1 <= l2 <= l3 <= l1 + l2 and (l1 + l2 + l3) % 2 == 0
        ) if self.max_d > 2 else 0  # fmt: skip
        densities = number * self.basis.radial * (self.basis.l_max + 1) ** 2
        return 2 * densities + intermediate + 3 * len(self)

    @property
    def _degrees(self) -> range:
        return range(1, self.max_d + 1)

    def _channels(self, degree: int) -> dict[Irrep, int]:
        term = self.terms[degree - 1]
        return {(l, (-1) ** l): len(self.elements) * term.radial for l in range(term.max_L + 1)}
