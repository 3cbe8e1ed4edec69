"""Which size is enough, by the intervals of paired differences between the errors of nested fits.

A size is *enough* if no larger one lowers the error by the tolerance: the upper ends of all those falls lie below it.
It is *too small* if some larger one does: a lower end lies above. In between it is open.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from experiments.choose.fits import Size
from numerics.jackknife import Interval, jackknife

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Curve:
    """Root-mean-square errors of all sizes on structures that were not fitted.

    Attributes:
        sizes: (L, d).
        sums: (clusters, 1 + sizes) squared errors, first those of the constants alone.
        counts: (clusters,) how many errors are summed.
    """

    sizes: tuple[Size, ...]
    sums: Array
    counts: Array

    def errors(self) -> dict[Size | None, Interval]:
        """Of each size, and of the constants alone (``None``)."""
        found = jackknife(self._joined, _roots)
        return dict(zip((None, *self.sizes), found, strict=True))

    def fall(self, before: Size | None, after: Sequence[Size]) -> list[Interval]:
        """By how much the error falls from one size to each of others, paired."""
        first, others = self._column(before), [self._column(size) for size in after]

        def falls(totals: Array) -> Array:
            roots = _roots(totals)
            return roots[:, [first]] - roots[:, others]

        return jackknife(self._joined, falls)

    def at(self, d: int) -> list[Size]:
        """Sizes of one polynomial degree, L ascending."""
        return sorted(size for size in self.sizes if size[1] == d)

    def best(self, d: int) -> Size:
        """The size of least error at one degree."""
        errors = self.errors()
        return min(self.at(d), key=lambda size: errors[size].value)

    def total(self, size: Size) -> float:
        """Sum of squared errors of one size."""
        return float(self.sums[:, self._column(size)].sum())

    @property
    def _joined(self) -> Array:
        return np.concatenate([self.counts[:, None], self.sums], axis=1)

    def _column(self, size: Size | None) -> int:
        return 0 if size is None else 1 + self.sizes.index(size)


def _roots(totals: Array) -> Array:
    return np.sqrt(totals[:, 1:] / np.maximum(totals[:, :1], 1))


@dataclass(frozen=True)
class Enough:
    """From L on the error falls by less than the tolerance.

    Attributes:
        L, d: the size.
        open: smaller L that may do as well.
    """

    L: int
    d: int
    open: tuple[int, ...] = ()

    @property
    def holds(self) -> bool:
        return True

    def words(self) -> str:
        may = f" (L = {', '.join(map(str, self.open))} may do)" if self.open else ""
        return f"enough: L = {self.L} at d = {self.d}{may}"


@dataclass(frozen=True)
class NotSettled:
    """The last step of L still lowers the error by more than the tolerance.

    Attributes:
        L, d: the largest size.
    """

    L: int
    d: int

    @property
    def holds(self) -> None:
        return None

    def words(self) -> str:
        return f"not settled: the error still falls at L = {self.L}, d = {self.d}"


@dataclass(frozen=True)
class NoPower:
    """No L can be named.

    Attributes:
        d: of the fits.
        reason: why.
    """

    d: int
    reason: str

    @property
    def holds(self) -> None:
        return None

    def words(self) -> str:
        return f"no power at d = {self.d}: {self.reason}"


Verdict = Enough | NotSettled | NoPower


def is_enough(falls: Sequence[Interval], tolerance: float) -> bool | None:
    """Whether none of the falls that remain reaches the tolerance; ``None`` where intervals leave it open.

    >>> is_enough([Interval(0.01, 0.0, 0.015)], 0.02), is_enough([Interval(0.03, 0.025, 0.035)], 0.02)
    (True, False)
    """
    if all(fall.high < tolerance for fall in falls):
        return True
    return False if any(fall.low > tolerance for fall in falls) else None


def verdict(curve: Curve, d: int, tolerance: float) -> Verdict:
    """What the errors of one polynomial degree say of L.

    Args:
        curve: errors.
        d: degree.
        tolerance: in the unit of the errors.
    """
    sizes = curve.at(d)
    (gain,) = curve.fall(None, [curve.best(d)])
    if gain.high < tolerance:
        return NoPower(d, "the fits explain less of the labels than the tolerance")
    if gain.low < tolerance:
        return NoPower(d, "too few structures to see that the fits explain anything")
    if len(sizes) == 1 and d > 1:
        return NoPower(d, f"L = {sizes[0][0]} alone was fitted")
    answers = [is_enough(curve.fall(size, sizes[i + 1 :]), tolerance) for i, size in enumerate(sizes)]
    first = answers.index(True)
    L = sizes[first][0]
    if first < len(sizes) - 1 or len(sizes) == 1:
        return Enough(L, d, tuple(sizes[i][0] for i in range(first) if answers[i] is None))
    if answers[first - 1] is False:
        return NotSettled(L, d)
    return NoPower(d, "too few structures to see a difference of the tolerance")


def degree_enough(curve: Curve, tolerance: float) -> dict[int, bool | None]:
    """By degree, whether no higher one lowers the least error by the tolerance."""
    degrees = sorted({d for _, d in curve.sizes})
    best = {d: curve.best(d) for d in degrees}
    return {
        d: is_enough(curve.fall(best[d], [best[other] for other in degrees if other > d]), tolerance)
        for d in degrees
    }
