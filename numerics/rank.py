"""Numerical rank from singular values, with the gap that it rests on."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

CLEAR = 1000.0
"""A rank is clear if the singular values above the tolerance exceed it by this factor."""


@dataclass(frozen=True)
class NumericalRank:
    """How many singular values exceed a tolerance.

    Attributes:
        rank: number of singular values above ``tolerance``.
        tolerance: absolute threshold.
        smallest_kept: the smallest singular value above it; None if there is none.
        largest_dropped: the largest singular value at or below it; None if there is none.
    """

    rank: int
    tolerance: float
    smallest_kept: float | None
    largest_dropped: float | None

    @property
    def clear(self) -> bool:
        """Whether the gap is wide: every singular value is a thousand times the tolerance, or below it."""
        return self.smallest_kept is None or self.smallest_kept > CLEAR * self.tolerance

    def to_dict(self) -> dict[str, Any]:
        return {**asdict(self), "clear": self.clear}


def rounding_tolerance(shape: tuple[int, int], largest: float) -> float:
    """The rounding error to expect in singular values: max(shape) · ε · σ_max, ε = 2.2e-16 for float64.

    The convention of LAPACK users, numpy's ``matrix_rank`` and Matlab's ``rank`` (Golub & Van Loan, Matrix
    Computations, 5.4.1). ``largest`` is the largest singular value of the whole matrix, also where the rank
    of some of its columns is asked for: that is where the rounding comes from.

    >>> rounding_tolerance((1000, 10), 2.0)
    4.440892098500626e-13
    """
    return max(shape) * float(np.finfo(np.float64).eps) * largest


def numerical_rank(singular_values: ArrayLike, tolerance: float) -> NumericalRank:
    """Rank by counting singular values above ``tolerance``.

    Args:
        singular_values: (n,), in any order.
        tolerance: absolute, see :func:`rounding_tolerance`.

    Raises:
        ValueError: a singular value is negative or not finite.

    >>> numerical_rank([3.0, 1.0, 1e-17], 1e-14).rank
    2
    """
    values = np.asarray(singular_values, dtype=np.float64)
    if not np.isfinite(values).all() or (values < 0).any():
        raise ValueError("singular values must be finite and >= 0")
    kept, dropped = values[values > tolerance], values[values <= tolerance]
    return NumericalRank(
        rank=len(kept),
        tolerance=float(tolerance),
        smallest_kept=float(kept.min()) if len(kept) else None,
        largest_dropped=float(dropped.max()) if len(dropped) else None,
    )
