"""Where measurement meets theorem: the boundary read off the recoveries against dL from `span_theorem`.

Nothing that fits or recovers knows dL; the controls, like this module, compare with it what was recovered. `free` and
`mlp` could find any frequency. `equivariant` cannot: the triangle rule of its Clebsch-Gordan paths ends at d times the
highest order of the features, so what it says above is algebra.
"""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from experiments.recovery import Interval, Recovery, Summary
from span_theorem import law

THRESHOLD = 0.05

TESTED = (
    "Tested: a probe of degree d on one site's features of order at most L, under random orientations of the whole "
    "molecule."
)
TESTED_NON_POLYNOMIAL = (
    "Tested: a probe that is no polynomial on one site's features, under random orientations of the whole molecule; "
    "the theorem bounds none such."
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
        measured_boundary: largest l whose ρ interval lies above ``threshold``; 0 if there is none.
        agrees: whether they are the same; ``None`` if nothing above the prediction was asked for, the solver has no
            path to any frequency, or the probe is no polynomial.
        direction: ``below`` or ``above`` if they differ, else ``None``.
        above_by_algebra: the solver had no path to any frequency above the prediction.
        threshold: share of power that counts as recovered.
        l_max: highest frequency asked for.
        polynomial: whether the probe is a polynomial of degree d.
        cliff: ρ(dL) / ρ(dL+1); ``None`` where the latter is not positive or was not asked for.
        cliff_lower: 95% lower bound of ρ(dL) / |ρ(dL+1)|; ``None`` where ρ(dL+1) is zero by algebra or not asked for.
        contrast: Δ = G(dL) - G(dL+1) of the raw gains, (eV/Å)²; ``None`` without force figures.
        contrast_ci: its 95% percentile interval.
    """

    predicted_boundary: int
    measured_boundary: int
    agrees: bool | None
    direction: str | None
    above_by_algebra: bool
    threshold: float
    l_max: int
    polynomial: bool
    cliff: float | None
    cliff_lower: float | None
    contrast: float | None
    contrast_ci: Interval | None

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    def verdict(self) -> str:
        """One or two sentences."""
        found = f"measured boundary l = {self.measured_boundary}, predicted dL = {self.predicted_boundary}"
        if not self.polynomial:
            return f"{found}: nothing to compare, the theorem bounds polynomial probes and this is none"
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


def cross_check(
    summary: Summary, L: int, d: int, polynomial: bool = True, threshold: float = THRESHOLD
) -> CrossCheck:
    """Compare the measured boundary with the theorem's for features of order at most L and a probe of degree d."""
    degrees = summary.degrees
    predicted = law.boundary(L, d)
    measured = measured_boundary(degrees, threshold)
    above = [found for found in degrees if found.l > predicted]
    direction = "above" if measured > predicted else "below" if measured < predicted else None
    # a prediction beyond l_max cannot be missed from below by what was not asked for
    l_max = max(found.l for found in degrees)
    undecided = (
        not polynomial
        or not any(found.path for found in degrees)
        or (not above and measured == min(predicted, l_max))
    )
    return CrossCheck(
        predicted_boundary=predicted,
        measured_boundary=measured,
        agrees=None if undecided else direction is None,
        direction=None if undecided else direction,
        above_by_algebra=bool(above) and not any(found.path for found in above),
        threshold=threshold,
        l_max=l_max,
        polynomial=polynomial,
        **_step(summary, predicted),
    )


def measured_boundary(degrees: tuple[Recovery, ...], threshold: float = THRESHOLD) -> int:
    """The largest l whose ρ interval lies above ``threshold``; 0 if there is none."""
    return max((found.l for found in degrees if found.rho_ci[0] > threshold), default=0)


def _step(summary: Summary, boundary: int) -> dict[str, Any]:
    """Cliff and contrast between the boundary and the frequency above it."""
    none = dict.fromkeys(("cliff", "cliff_lower", "contrast", "contrast_ci"))
    at, above = summary.column(boundary), summary.column(boundary + 1)
    if at is None or above is None:
        return none
    kept, lost = summary.degrees[at], summary.degrees[above]
    step: dict[str, Any] = dict(none)
    if lost.path:
        step["cliff"] = kept.rho / lost.rho if lost.rho > 0 else None
        # |ρ| of a frequency that is lost says how far from zero noise alone takes it
        size = np.maximum(np.abs(summary.rho_draws[:, above]), 1e-12)
        step["cliff_lower"] = float(np.quantile(summary.rho_draws[:, at] / size, 0.05))
    if summary.gain_draws is not None and kept.raw_gain is not None and lost.raw_gain is not None:
        step["contrast"] = kept.raw_gain - lost.raw_gain
        draws = summary.gain_draws[:, at] - summary.gain_draws[:, above]
        low, high = np.percentile(draws, [2.5, 97.5])
        step["contrast_ci"] = (float(low), float(high))
    return step
