"""Bounds that hold for many figures at once, for claims such as «the best of these stays below».

Background: of forty figures that are all zero, one or two leave their 95% intervals by chance. A claim about the
largest of them needs bounds that all hold together. Provides: one-sided bootstrap bounds after Bonferroni, each at the
level's complement divided by the number of tests, and what follows from them. A frequency is there if its lower bound
is above the threshold, and absent if its upper bound is below; in between it is open.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from experiments.crosscheck import THRESHOLD
from experiments.recovery import Summary

LEVEL = 0.95
RESAMPLES = 20_000
"""Of figures that are bounded together."""
IN_TAIL = 5
"""Fewest resamples from which the end of a tail is told."""


def is_there(lower: float, upper: float) -> bool | None:
    """Whether a figure is above the threshold; ``None`` where its bounds leave that open.

    >>> is_there(0.1, 0.2), is_there(-0.01, 0.01), is_there(-0.3, 0.2)
    (True, False, None)
    """
    return True if lower > THRESHOLD else False if upper < THRESHOLD else None


def none_there(answers: Iterable[bool | None]) -> bool | None:
    """Whether all answers are no: no longer where one is yes, and open where one is open or nothing was asked.

    >>> none_there([False, False]), none_there([False, None]), none_there([None, True]), none_there([])
    (True, None, False, None)
    """
    given = set(answers)
    return False if True in given else True if given == {False} else None


@dataclass(frozen=True)
class Comparisons:
    """How many figures are compared with a threshold.

    Attributes:
        number: of comparisons that have to hold together.
        level: probability with which they do.

    Raises:
        ValueError: no comparison, or so many that fewer than :data:`IN_TAIL` resamples are in a tail.
    """

    number: int
    level: float = LEVEL

    def __post_init__(self) -> None:
        most = round((1 - self.level) * RESAMPLES / IN_TAIL)
        if not 1 <= self.number <= most:
            raise ValueError(
                f"{self.number} tests at level {self.level} cannot be bounded by {RESAMPLES} resamples: "
                f"expected 1 to {most}"
            )

    def to_dict(self) -> dict[str, Any]:
        return {
            "number": self.number,
            "level": self.level,
            "correction": "Bonferroni",
            "resamples": RESAMPLES,
        }

    def sentence(self, source: str) -> str:
        """What the bounds rest on, in words.

        Args:
            source: of the test frames.
        """
        dependent = ", which embedded frames, correlated in time, are not quite" * source.startswith(
            "embedded"
        )
        return (
            f"Bounds hold together with probability {self.level:.0%} ({self.number} comparisons, Bonferroni) over test "
            f"frames counted as independent{dependent}."
        )

    def bounds(self, summary: Summary, l: int) -> tuple[float, float]:
        """Lower and upper bound of ρ(l), each one-sided.

        Raises:
            ValueError: ``l`` was not asked for.
        """
        column = summary.column(l)
        if column is None:
            raise ValueError(f"the summary has no frequency {l}")
        tail = (1 - self.level) / self.number
        low, high = np.quantile(summary.rho_draws[:, column], [tail, 1 - tail])
        return float(low), float(high)

    def figures(self, summary: Summary, l: int) -> dict[str, Any]:
        """ρ(l) with its own 95% interval and with both bounds, for a result file."""
        low, high = self.bounds(summary, l)
        found = next(found for found in summary.degrees if found.l == l)
        return {
            "l": l,
            "rho": found.rho,
            "rho_ci": list(found.rho_ci),
            "lower": low,
            "upper": high,
            "path": found.path,
        }
