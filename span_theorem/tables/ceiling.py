"""Cells of one ceiling: predicted boundary, what was measured by which probe, ρ at the boundary and above it."""

from __future__ import annotations

from span_theorem.latex import Column, escape
from span_theorem.results import Record
from span_theorem.tables.estimate import estimate

CEILING_COLUMNS = (
    Column("$dL$"),
    Column("measured"),
    Column(r"$\rho(dL)$", "l"),
    Column(r"$\rho(dL{+}1)$", "l"),
)

_SOLVERS = {"free": "f", "mlp": "m", "equivariant": "e"}


def ceiling_cells(row: Record) -> tuple[str, str, str, str]:
    """The cells below :data:`CEILING_COLUMNS`; a probe without a path to a frequency has a dash there.

    Raises:
        InputError: a field is missing or not what it should be.
    """
    solver = row.text("solver")
    return (
        str(row.integer("predicted_boundary")),
        f"{row.integer('measured_boundary')} {_SOLVERS.get(solver, escape(solver))}",
        share(row.number("rho_at"), row.interval("rho_at_ci")),
        share(row.number("rho_above"), row.interval("rho_above_ci")),
    )


def share(value: float | None, interval: tuple[float, float] | None) -> str:
    """A recovered share with its interval; a dash where there is none.

    >>> share(0.9127, (0.9, 0.92)), share(None, None)
    ('0.91 [0.90, 0.92]', '--')
    """
    return "--" if value is None or interval is None else estimate(value, interval)
