"""The ceiling of one probe in one line: predicted and measured boundary, ρ at and above it, bounds on what lies above.

Background: a table of many ceilings tests many frequencies above dL, so some leave their own intervals by chance.
Provides: the line of a diagnosis, and bounds above dL that hold for all the lines of a table together.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from experiments.controls.probing import pooled
from experiments.controls.simultaneous import Comparisons, is_there, none_there
from experiments.crosscheck import THRESHOLD
from experiments.recovery import Summary
from span_theorem.errors import InputError

ABOVE = 2
"""Frequencies asked for above the predicted boundary: one of either parity."""


@dataclass(frozen=True, eq=False)
class Ceiling:
    """One probe of one layer.

    Attributes:
        figures: what a result file says of it.
        summary: the resamples behind them.
    """

    figures: dict[str, Any]
    summary: Summary

    @property
    def tested(self) -> list[int]:
        """Frequencies above the predicted boundary that the probe could have found: none if its algebra ends there."""
        if self.figures["solver"] == "equivariant":
            return []
        return [found.l for found in self.summary.degrees if found.l > self.figures["predicted_boundary"]]


def ceiling(part: dict[str, Any], identity: Mapping[str, Any], seed: int) -> Ceiling:
    """The line of one diagnosis of one marked pair.

    Args:
        part: see :func:`experiments.controls.probing.probe_part`.
        identity: what tells the line from others.
        seed: of the resamples.
    """
    diagnosis = part["diagnosis"]
    by_degree = {found["l"]: found for found in diagnosis["degrees"]}
    predicted = diagnosis["predicted_boundary"]
    at, above = by_degree.get(predicted), by_degree.get(predicted + 1)
    (pair,) = diagnosis["pairs"]
    names = ("irreps", "L", "d", "solver", "predicted_boundary", "measured_boundary", "verdict")
    figures = {
        **identity,
        **{name: diagnosis[name] for name in names},
        "rho_at": at["rho"] if at else None,  # of dL = 0 there is nothing to inject
        "rho_at_ci": at["rho_ci"] if at else None,
        "rho_above": above["rho"] if above and above["path"] else None,
        "rho_above_ci": above["rho_ci"] if above and above["path"] else None,
        "degrees": [
            {key: found[key] for key in ("l", "rho", "rho_ci", "path")} for found in diagnosis["degrees"]
        ],
        "spn_parameters": pair["fits"]["energy"]["parameters"],
    }
    return Ceiling(figures, pooled([part], seed, "ceilings"))


def comparisons(rows: Sequence[Ceiling]) -> Comparisons:
    """All the tests above a boundary.

    Raises:
        InputError: more of them than the resamples can tell apart.
    """
    try:
        return Comparisons(max(sum(len(row.tested) for row in rows), 1))
    except ValueError as error:
        raise InputError(f"too many networks, layers or probes: {error}") from error


def with_bounds(rows: Sequence[Ceiling]) -> list[dict[str, Any]]:
    """The figures of every line with the largest bounds on ρ above its boundary.

    Returns:
        With ``above_lower`` and ``above_upper``; ``None`` where there is nothing above by algebra.
    """
    tests = comparisons(rows)
    result = []
    for row in rows:
        bounds = [tests.bounds(row.summary, l) for l in row.tested]
        lower, upper = (max(ends) for ends in zip(*bounds, strict=True)) if bounds else (None, None)
        result.append(row.figures | {"above_lower": lower, "above_upper": upper})
    return result


def crossed(row: dict[str, Any]) -> bool | None:
    """Whether a line that was tested has something above its boundary, by bounds that hold for all; ``None``: open."""
    return is_there(row["above_lower"], row["above_upper"])


def nothing_above(figures: Sequence[dict[str, Any]]) -> bool | None:
    """Whether nothing lies above the boundaries of all lines that were tested; ``None``: open, or none was tested."""
    return none_there(crossed(row) for row in figures if row["above_lower"] is not None)


def place(row: dict[str, Any]) -> str:
    """Which line it is, in words."""
    molecule = f" on {row['molecule']}" if "molecule" in row else ""
    return f"{row['network']}{molecule}, layer {row['layer']}, {row['solver']}, d = {row['d']}"


def what_is_above(result: dict[str, Any]) -> str:
    """A sentence on what was found above dL.

    Args:
        result: with ``rows`` as :func:`with_bounds` gives them and ``tests``.
    """
    tests = result["tests"]
    tested = [row for row in result["rows"] if row["above_lower"] is not None]
    if found := [row for row in tested if crossed(row)]:
        return f"A frequency above dL was found in {'; '.join(map(place, found))}."
    if not tested:
        return "No probe was asked for that could have found a frequency above dL."
    open_ones = [row for row in tested if crossed(row) is None]
    left = (
        f"; open, with an upper bound above that, are {'; '.join(map(place, open_ones))}" if open_ones else ""
    )
    worst = max(tested, key=lambda row: row["above_upper"])
    solvers = " and ".join(dict.fromkeys(row["solver"] for row in tested))
    return (
        f"In {tests['number']} tests at frequencies above dL, {solvers} found none above {THRESHOLD}; the largest "
        f"upper bound is {worst['above_upper']:.3f}, {place(worst)}{left}."
    )


def cells(row: dict[str, Any]) -> tuple[str, str, str, str]:
    """ρ at the boundary and above it, each with its interval, for a table on a terminal."""

    def pair(name: str, lacking: str) -> tuple[str, str]:
        if row[name] is None:
            return lacking, ""
        return f"{row[name]:.3f}", " … ".join(f"{end:.3f}" for end in row[f"{name}_ci"])

    return *pair("rho_at", ""), *pair("rho_above", "no path")
