"""From which level of a factor on a frequency is found: an amplitude, a number of structures, a share of signal."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from experiments.crosscheck import THRESHOLD
from experiments.lab.claims import Found
from experiments.lab.tables import Cell

if TYPE_CHECKING:
    from pandas import DataFrame, Series

SETTLED = 0.1
"""How far ρ may be from its value at the highest level, as a share of it, at a level that is enough."""


def needed(curve: "DataFrame", by: Sequence[str]) -> "DataFrame":
    """What every learning curve needs; one without a path needs nothing and is left out.

    Args:
        curve: one row a level, with ``level``, ``rho`` and the ends of its interval, ``path`` and ``by``; a frequency
            is found where ``lower``, if there is such a bound, or else the interval lies above the threshold.
        by: columns whose values tell curves apart.

    Returns:
        ``by``; ``first``, the least level at which the frequency is found, and at every higher one; ``enough``, the
        least from which on ρ is also within :data:`SETTLED` of what the highest level gives; ``least`` and ``most`` of
        the levels; ρ at the highest one with its interval.
    """
    import pandas

    rows = []
    lower = "lower" if "lower" in curve else "rho_low"
    for key, group in curve[curve["path"]].groupby(list(by), sort=False):
        rising = group.sort_values("level")
        last = rising.iloc[-1]
        finds = rising[lower] > THRESHOLD
        near = (rising["rho"] - last["rho"]).abs() <= SETTLED * abs(last["rho"])
        rows.append(
            dict(zip(by, key, strict=True))
            | {
                "first": least_from(rising["level"], finds),
                "enough": least_from(rising["level"], finds & near),
            }
            | {"least": float(rising["level"].min()), "most": float(last["level"])}
            | {name: float(last[name]) for name in ("rho", "rho_low", "rho_high")}
        )
    return pandas.DataFrame(rows)


def least_from(levels: Iterable[float], holds: Iterable[bool]) -> float | None:
    """The least of rising levels at which something holds, and at every higher one; ``None`` if not at the highest.

    >>> least_from([1, 2, 3], [True, False, True]), least_from([1, 2], [True, False])
    (3.0, None)
    """
    least = None
    for level, here in zip(reversed(list(levels)), reversed(list(holds)), strict=True):
        if not here:
            break
        least = float(level)
    return least


def found(row: "Series", what: str, unit: str) -> Found:
    """A row of :func:`needed` as a claim."""
    missing = row["first"] is None or row["first"] != row["first"]
    return Found(
        what, None if missing else float(row["first"]), float(row["least"]), float(row["most"]), unit
    )


def level(name: str) -> Cell:
    """Makes the cell of a level; the least one tried may be more than is needed."""

    def cell(row: "Series") -> str:
        least = name == "first" and bool(row["first"] == row["least"])
        return "" if row[name] is None or row[name] != row[name] else f"{'≤ ' * least}{row[name]:.3g}"

    return cell
