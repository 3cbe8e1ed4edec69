"""A ceiling in one line: predicted and measured boundary, and the figures at the boundary and above it."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from experiments.crosscheck import Interval, cross_check
from experiments.lab.claims import Absent, Place, require_tests
from experiments.lab.estimate import MANY, RESAMPLES, Resampled, Results
from experiments.lab.tables import Cell, estimate, number
from experiments.spn.registry import is_polynomial
from span_theorem.errors import InputError

if TYPE_CHECKING:
    from pandas import DataFrame, Series


ABOVE = 2
"""Frequencies injected above the predicted boundary: one of either parity."""


def ceilings(
    results: Results, by: Sequence[str], together: Sequence[str] = ("backbone",), tests: int = 0
) -> "DataFrame":
    """One row a group of cells.

    Args:
        results: with a column ``L``.
        by: columns whose values tell groups apart, ``L``, ``d`` and ``activation`` among them or constant in a group.
        together: what is averaged.
        tests: of how many bounds above dL are to hold together; 0 for none.

    Returns:
        ``by``; ``boundary`` (dL), ``measured``, ``verdict``, ``cliff_lower``, ``drop`` and ``contrast`` with their
        ends; every figure at the boundary (``rho_at``, …) and one above (``rho_above``, …) with the ends of its
        interval, ``path_at`` and ``path_above``; and with ``tests`` the largest bounds on ρ above dL, ``lower`` and
        ``upper``.
    """
    import pandas

    rows = []
    for key, resampled in results.groups(by, together, MANY if tests else RESAMPLES):
        first = _first(results, key)
        check = cross_check(resampled, int(first["L"]), int(first["d"]), _is_polynomial(first))
        row = {
            **key,
            "boundary": check.predicted_boundary,
            "measured": check.measured_boundary,
            "verdict": str(check.verdict),
            "cliff_lower": check.cliff_lower,
            **_with_ends("drop", check.drop, check.drop_ci),
            **_with_ends("contrast", check.contrast, check.contrast_ci),
            **{f"n_{name}": count for name, count in resampled.counts.items()},
            "n_structures": resampled.structures,
            "n_clusters": resampled.clusters,
        }
        tidy = {one["l"]: one for one in resampled.rows(tests)}
        for where, l in (("at", check.predicted_boundary), ("above", check.predicted_boundary + 1)):
            # nothing is injected at a boundary of zero, which is not the same as having no path
            row[f"path_{where}"] = l not in tidy or tidy[l]["path"]
            for name in resampled.values:
                for end in ("", "_low", "_high"):
                    row[f"{name}_{where}{end}"] = tidy[l][f"{name}{end}"] if l in tidy else None
        if tests:
            above = [one for l, one in tidy.items() if l > check.predicted_boundary and one["path"]]
            for end in ("lower", "upper"):
                row[end] = max((one[end] for one in above), default=None)
        rows.append(row)
    return pandas.DataFrame(rows)


def tests_above(results: Results, by: Sequence[str]) -> int:
    """How many frequencies above dL are asked for in all groups, of SPNs that have a path to them."""
    return sum(_above(results, key, resampled) for key, resampled in results.groups(by, (), 1))


def nothing_above(
    results: Results,
    by: Sequence[str],
    what: str,
    place: Place,
    together: Sequence[str] = ("backbone",),
    tests: int | None = None,
) -> Absent:
    """The claim that nothing is recovered above dL, each frequency a test of its own.

    Args:
        results, by, together: as in :func:`ceilings`, ``L`` and ``d`` in ``by``.
        what, place: see :class:`experiments.lab.claims.Absent`.
        tests: of how many bounds are to hold together; by default those of this claim.

    Raises:
        InputError: more of them than the resamples can tell apart.
    """
    try:
        number = require_tests(tests_above(results, by) if tests is None else tests)
    except ValueError as error:
        raise InputError(f"{what}: {error}") from error
    table = results.estimate(by, together, number)
    return Absent.of(what, table[table["path"] & (table["l"] > table["L"] * table["d"])], place)


def _above(results: Results, key: dict[str, Any], resampled: Resampled) -> int:
    first = _first(results, key)
    pairs = zip(resampled.frequencies, resampled.paths, strict=True)
    return sum(l > int(first["L"]) * int(first["d"]) and path for l, path in pairs)


def _is_polynomial(row: "Series") -> bool:
    # a column of which some cells have no value holds NaN there
    activation = row["activation"]
    return is_polynomial(activation if isinstance(activation, str) else None)


def _first(results: Results, key: dict[str, Any]) -> "Series":
    table = results.table
    for name, value in key.items():
        table = table[table[name].isna() if value is None else table[name] == value]
    return table.iloc[0]


def at_boundary(figure: str) -> Cell:
    """Makes the cell of a figure at the boundary."""
    return estimate(f"{figure}_at", path="path_at")


def above_boundary(figure: str) -> Cell:
    """Makes the cell of a figure one above the boundary."""
    return estimate(f"{figure}_above", path="path_above")


BOUNDED: dict[str, str | Cell] = {
    "dL": "boundary",
    "measured": "measured",
    "ρ(dL)": at_boundary("rho"),
    "ρ(dL+1)": above_boundary("rho"),
    "ρ(l > dL) ≤": lambda row: number(row["upper"]),
}
"""Columns of a table of ceilings with simultaneous bounds."""


def _with_ends(name: str, value: float | None, ends: Interval | None) -> dict[str, float | None]:
    low, high = ends or (None, None)
    return {name: value, f"{name}_low": low, f"{name}_high": high}
