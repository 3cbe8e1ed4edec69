"""Where measurement meets theorem: the boundary read off the recoveries against dL from `span_theorem`.

Nothing that computes a recovery knows dL; this is the only module that does.
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
        agrees: whether they are the same; ``None`` if no frequency above the prediction was measured.
        threshold: share of power that counts as recovered.
        l_max: largest frequency measured.
    """

    predicted_boundary: int
    measured_boundary: int
    agrees: bool | None
    threshold: float
    l_max: int

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    def verdict(self) -> str:
        """One sentence."""
        measured = f"measured boundary l = {self.measured_boundary}"
        predicted = f"predicted dL = {self.predicted_boundary}"
        if self.agrees is None:
            return (
                f"{measured}, {predicted}: undecided, nothing above the prediction was measured "
                f"(raise --l-max above {self.predicted_boundary})"
            )
        return f"{measured}, {predicted}: {'they agree' if self.agrees else 'THEY DISAGREE'}"


def cross_check(recoveries: Sequence[Recovery], L: int, d: int, threshold: float = THRESHOLD) -> CrossCheck:
    """Compare the measured boundary with the theorem's for features of order at most L and a probe of degree d."""
    predicted = law.boundary(L, d)
    measured = max((found.l for found in recoveries if found.r2_ci[0] > threshold), default=0)
    l_max = max(found.l for found in recoveries)
    decided = l_max > predicted or measured > predicted
    return CrossCheck(predicted, measured, measured == predicted if decided else None, threshold, l_max)
