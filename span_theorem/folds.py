"""From which degree on the orientation of an n-fold structure is seen: the density of n-gons, for many n.

**Law.** The density features A_lm, l <= L, of a regular n-gon tell its in-plane orientation if and only if L >= n,
whatever the degree of the polynomial. Below n they are constants in alpha: there no function of them, polynomial or
not, sees the orientation. This is what Joshi et al., "On the Expressive Power of Geometric Graph Neural Networks"
(2023), observe for trained layers: with tensors of degree L they do not identify the orientation of structures
whose rotation symmetry is higher than L-fold.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from span_theorem.budget import Estimate
from span_theorem.errors import InputError
from span_theorem.polygon import PolygonSpan, polygon_estimate, polygon_spans


@dataclass(frozen=True)
class Fold:
    """One n and L with the density spans of degrees d = 1, 2, ..., their target the frequency k = n."""

    n: int
    L: int
    spans: tuple[PolygonSpan, ...]

    @property
    def identified(self) -> bool:
        """Is the orientation recovered at every degree looked at?"""
        return all(span.recovered for span in self.spans)

    @property
    def expected(self) -> bool:
        """Is it, by the law?"""
        return self.n <= self.L

    @property
    def constant(self) -> bool:
        """Are the features the same in every orientation? Then no function of them tells any two apart."""
        return all(span.proved and span.rank == 1 for span in self.spans)

    @property
    def verified(self) -> bool:
        """Every span is proved; the orientation is seen at every degree, or hidden from every function."""
        seen = self.identified if self.expected else self.constant
        return seen and all(span.verified for span in self.spans)

    def to_dict(self) -> dict[str, Any]:
        return {
            "n": self.n,
            "L": self.L,
            "identified": self.identified,
            "expected": self.expected,
            "constant": self.constant,
            "verified": self.verified,
            "ranks": [span.rank for span in self.spans],
            "prime": self.spans[0].prime,
        }


def folds(
    max_n: int,
    max_L: int,
    max_d: int = 2,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> tuple[Fold, ...]:
    """Every n = 2..max_n and L = 1..max_L, each at all degrees d = 1..max_d.

    Args:
        progress: called with (steps done, steps in all).

    Raises:
        InputError: max_n below 2, max_L or max_d below 1, or any of them fractional.

    >>> [fold.L for fold in folds(3, 4) if fold.n == 3 and fold.identified]
    [3, 4]
    """
    for name, value, least in (("max_n", max_n, 2), ("max_L", max_L, 1), ("max_d", max_d, 1)):
        if not hasattr(value, "__index__") or value < least:
            raise InputError(f"{name} = {value!r}: expected an integer >= {least}")
    found = []
    for n in range(2, max_n + 1):
        progress(n - 2, max_n - 1)
        found += [Fold(n, L, polygon_spans(n, L, max_d, "density")[1:]) for L in range(1, max_L + 1)]
    return tuple(found)


def folds_estimate(max_n: int, max_L: int, max_d: int) -> Estimate:
    """For :func:`folds`: at most one grid for every n."""
    largest = polygon_estimate(max_n, max_L, max_d)
    return Estimate(largest.memory, largest.seconds * min(max_n, 10**20))
