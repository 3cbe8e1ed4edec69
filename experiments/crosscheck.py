"""Where measurement meets theorem: the boundary read off the recoveries against dL from `span_theorem`.

No other module compares with dL, and `free` could find any frequency. `equivariant` cannot: the triangle rule of its
Clebsch-Gordan paths ends at d times the highest order of the features, so what it says above is algebra.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from experiments.recovery import Recovery
from span_theorem import law

THRESHOLD = 0.05

TESTED = (
    "Tested: a probe of degree d on one site's features of order at most L, under random orientations of the whole "
    "molecule."
)
NOT_TESTED = (
    "Not tested: what a deeper or non-polynomial readout could do with many atoms; the theorem bounds "
    "degree-bounded probes of one direction, not the function class of a message-passing network."
)


@dataclass(frozen=True)
class CrossCheck:
    """Predicted against measured boundary.

    Attributes:
        predicted_boundary: dL by the theorem.
        measured_boundary: largest l whose interval lies above ``threshold``; 0 if there is none.
        agrees: whether they are the same; ``None`` if nothing above the prediction was asked for, or the solver has
            no path to any frequency.
        direction: ``below`` or ``above`` if they differ, else ``None``.
        above_by_algebra: the solver had no path to any frequency above the prediction.
        threshold: share of power that counts as recovered.
        l_max: highest frequency asked for.
    """

    predicted_boundary: int
    measured_boundary: int
    agrees: bool | None
    direction: str | None
    above_by_algebra: bool
    threshold: float
    l_max: int

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    def verdict(self) -> str:
        """One or two sentences."""
        found = f"measured boundary l = {self.measured_boundary}, predicted dL = {self.predicted_boundary}"
        if self.direction == "above":
            return f"{found}: THEY DISAGREE. The features carry more than the prediction allows."
        if self.direction == "below":
            return (
                f"{found}: THEY DISAGREE. This probe on these frames recovers less than predicted; "
                "that is no evidence against the theorem."
            )
        if self.agrees is None:
            if self.l_max > self.predicted_boundary:
                return f"{found}: undecided, this solver has no path to any frequency; see solver free"
            return (
                f"{found}: undecided, nothing above the prediction was asked for "
                f"(raise --l-max above {self.predicted_boundary})"
            )
        algebra = " (above it this solver has no path: algebra, not a measurement; see solver free)"
        return f"{found}: they agree{algebra if self.above_by_algebra else ''}"


def cross_check(recoveries: Sequence[Recovery], L: int, d: int, threshold: float = THRESHOLD) -> CrossCheck:
    """Compare the measured boundary with the theorem's for features of order at most L and a probe of degree d."""
    predicted = law.boundary(L, d)
    measured = max((found.l for found in recoveries if found.r2_ci[0] > threshold), default=0)
    above = [found for found in recoveries if found.l > predicted]
    direction = "above" if measured > predicted else "below" if measured < predicted else None
    # a prediction beyond l_max cannot be missed from below by what was not asked for
    l_max = max(found.l for found in recoveries)
    undecided = not any(found.path for found in recoveries) or (
        not above and measured == min(predicted, l_max)
    )
    return CrossCheck(
        predicted_boundary=predicted,
        measured_boundary=measured,
        agrees=None if undecided else direction is None,
        direction=None if undecided else direction,
        above_by_algebra=bool(above) and not any(found.path for found in above),
        threshold=threshold,
        l_max=l_max,
    )
