"""Where measurement meets theorem: the boundary read off the recoveries against dL from `span_theorem`.

Nothing that fits or recovers knows dL; the controls, like this module, compare with it what was recovered. Over all
orientations no polynomial of degree d in equivariant features recovers anything above dL (docs/theory.md), so `crossed`
means that software, equivariance or the number of samples failed. `equivariant` has no path there to begin with.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

import numpy as np

from experiments.lab.estimate import Resampled
from experiments.lab.interval import Varying
from span_theorem import law

Interval = tuple[float, float]

THRESHOLD = 0.05

TESTED = (
    "Tested: a probe of degree d on one site's features of degree at most L, under random orientations of the whole "
    "structure."
)
TESTED_NON_POLYNOMIAL = (
    "Tested: a probe that is no polynomial on one site's features, under random orientations of the whole structure; "
    "the theorem bounds none such."
)
NOT_TESTED = (
    "Not tested: what a deeper or non-polynomial readout could do with many atoms; the theorem bounds "
    "degree-bounded probes of one direction, not the function class of a message-passing network."
)


class Verdict(StrEnum):
    """How the measured boundary stands to dL; dL is an upper bound, so only one of the four contradicts it."""

    REACHED = "reached"
    BELOW = "below"
    CROSSED = "crossed"
    UNDECIDED = "undecided"

    @property
    def agrees(self) -> bool | None:
        """Whether the boundaries are the same, ``None`` where that is open."""
        return None if self is Verdict.UNDECIDED else self is Verdict.REACHED


SENTENCES = {
    Verdict.REACHED: "The boundary is where the theorem has it",
    Verdict.BELOW: "This probe on these frames recovers less: no contradiction, the theorem is an upper bound",
    Verdict.CROSSED: "A frequency above dL was recovered, which CONTRADICTS the prediction",
    Verdict.UNDECIDED: "Nothing was measured that could contradict the prediction",
}


@dataclass(frozen=True)
class CrossCheck:
    """Predicted against measured boundary.

    Attributes:
        predicted_boundary: dL by the theorem.
        measured_boundary: largest l whose ρ interval lies above ``threshold``; 0 if there is none.
        verdict: how they compare; undecided if nothing above the prediction was asked for, the solver has no path to
            any frequency, or the probe is no polynomial.
        above_by_algebra: the solver had no path to any frequency above the prediction.
        threshold: share of power that counts as recovered.
        l_max: highest frequency asked for.
        polynomial: whether the probe is a polynomial of degree d.
        cliff: ρ(dL) / ρ(dL+1); ``None`` where the latter is not positive or was not asked for.
        cliff_lower: least ρ(dL) / |ρ(dL+1)| that both intervals allow; ``None`` where ρ(dL+1) is zero by algebra or not
            asked for. It depends on how strongly zeros are penalised: a property of the fit rather than of the network.
        drop: ρ(dL) - ρ(dL+1), and ``drop_ci`` its 95% interval; ``None`` where one of both was not asked for.
        contrast: Δ = G(dL) - G(dL+1) of the raw gains; ``None`` without force figures.
        contrast_ci: its 95% interval.
    """

    predicted_boundary: int
    measured_boundary: int
    verdict: Verdict
    above_by_algebra: bool
    threshold: float
    l_max: int
    polynomial: bool
    cliff: float | None
    cliff_lower: float | None
    drop: float | None
    drop_ci: Interval | None
    contrast: float | None
    contrast_ci: Interval | None

    def to_dict(self) -> dict[str, Any]:
        """For a JSON file; ``agrees`` is for readers that do not know the four words."""
        return {**asdict(self), "verdict": str(self.verdict), "agrees": self.verdict.agrees}

    @classmethod
    def from_dict(cls, value: Mapping[str, Any]) -> "CrossCheck":
        """The inverse of :meth:`to_dict`; other fields are passed over, and earlier results lack the drop."""
        fields: dict[str, Any] = {name: value.get(name) for name in cls.__dataclass_fields__}
        return cls(**{**fields, "verdict": Verdict(value["verdict"])})

    def sentence(self) -> str:
        """Both boundaries, the verdict, and what it means."""
        boundaries = (
            f"measured boundary l = {self.measured_boundary}, predicted dL = {self.predicted_boundary}"
        )
        reason = self._reason()
        return f"{boundaries}: {self.verdict}. {SENTENCES[self.verdict]}{f' ({reason})' if reason else ''}."

    def _reason(self) -> str | None:
        if self.verdict is Verdict.REACHED and self.above_by_algebra:
            return "above it this solver has no path: algebra, not a measurement; see solver free"
        if self.verdict is not Verdict.UNDECIDED:
            return None
        if not self.polynomial:
            return "the theorem bounds polynomial probes and this is none"
        if self.l_max > self.predicted_boundary:
            return "this solver has no path to any frequency; see solver free"
        return f"nothing above it was injected: ask for l = {self.predicted_boundary + 1} too (l_max)"


def cross_check(
    resampled: Resampled, L: int, d: int, polynomial: bool = True, threshold: float = THRESHOLD
) -> CrossCheck:
    """Compare the measured boundary with the theorem's for features of degree at most L and a probe of degree d.

    Args:
        resampled: of ρ, and of the raw gain where there are force figures.
        L, d: of features and probe.
        polynomial: whether the probe is a polynomial of degree d.
        threshold: share of power that counts as recovered.
    """
    predicted = law.boundary(L, d)
    measured = measured_boundary(resampled, threshold)
    above = [l for l in resampled.frequencies if l > predicted]
    paths = dict(zip(resampled.frequencies, resampled.paths, strict=True))
    # a prediction beyond l_max cannot be missed from below by what was not asked for
    l_max = max(resampled.frequencies)
    if not polynomial or not any(resampled.paths) or (not above and measured == min(predicted, l_max)):
        verdict = Verdict.UNDECIDED
    elif measured > predicted:
        verdict = Verdict.CROSSED
    else:
        verdict = Verdict.BELOW if measured < predicted else Verdict.REACHED
    return CrossCheck(
        predicted_boundary=predicted,
        measured_boundary=measured,
        verdict=verdict,
        above_by_algebra=bool(above) and not any(paths[l] for l in above),
        threshold=threshold,
        l_max=l_max,
        polynomial=polynomial,
        **_step(resampled, predicted),
    )


def measured_boundary(resampled: Resampled, threshold: float = THRESHOLD) -> int:
    """The largest l whose ρ interval lies above ``threshold``; 0 if there is none."""
    lower, _ = resampled.values["rho"].bounds()
    return max((l for l, low in zip(resampled.frequencies, lower, strict=True) if low > threshold), default=0)


def _step(resampled: Resampled, boundary: int) -> dict[str, Any]:
    """Cliff, drop and contrast between the boundary and the frequency above it."""
    step: dict[str, Any] = dict.fromkeys(
        ("cliff", "cliff_lower", "drop", "drop_ci", "contrast", "contrast_ci")
    )
    if not {boundary, boundary + 1} <= set(resampled.frequencies):
        return step
    at, above = (resampled.at("rho", l) for l in (boundary, boundary + 1))
    if resampled.paths[resampled.frequencies.index(boundary + 1)]:
        step["cliff"] = float(at.value / above.value) if above.value > 0 else None
        # |ρ| of a frequency that is absent says how far from zero noise alone takes it
        least, most = at.bounds()[0], np.abs(above.bounds()).max()
        step["cliff_lower"] = float(max(least, 0) / max(most, 1e-12))
    step["drop"], step["drop_ci"] = _with_interval(at - above)
    if "raw_gain" in resampled.values:
        gains = [resampled.at("raw_gain", l) for l in (boundary, boundary + 1)]
        step["contrast"], step["contrast_ci"] = _with_interval(gains[0] - gains[1])
    return step


def _with_interval(figure: Varying) -> tuple[float, Interval]:
    low, high = figure.bounds()
    return float(figure.value), (float(low), float(high))
