"""Ceilings of the same networks on several molecules, side by side."""

from __future__ import annotations

from span_theorem.errors import InputError
from span_theorem.latex import Column, Table, escape, heading, label
from span_theorem.results import Record
from span_theorem.tables.ceiling import CEILING_COLUMNS, ceiling_cells
from span_theorem.tables.estimate import in_words

_COLUMNS = (
    Column("molecule", "l"),
    Column("$d$"),
    *CEILING_COLUMNS,
)


def molecule_table(result: Record) -> Table:
    """The table of a file written by ``controls molecule``.

    Raises:
        InputError: a field is missing or not what it should be.
    """
    found = list(result.records("rows"))
    if not found:
        raise InputError(f"{result.path}: field rows is empty, expected at least one ceiling")
    rows: list[tuple[str, ...]] = []
    breaks = set()
    for network in result.records("networks"):
        own = [row for row in found if row.text("network") == network.text("network")]
        own.sort(key=lambda row: (row.integer("d"), row.text("solver")))
        breaks.add(len(rows))
        rows.append(heading(_COLUMNS, escape(network.text("network"))))
        rows += [(escape(row.text("molecule")), str(row.integer("d")), *ceiling_cells(row)) for row in own]
    caption = (
        r"The same networks and settings on several molecules, layers read by default. $dL$: predicted boundary; "
        r"f, e: measured by \texttt{free} or by \texttt{equivariant}, which has no path (--) above $dL$; 95\% "
        r"intervals over test frames. " + in_words(result)
    )
    return Table(label(result.path.stem), caption, _COLUMNS, tuple(rows), frozenset(breaks), small=True)
