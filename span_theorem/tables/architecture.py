"""The ceilings of networks: predicted and measured boundary, ρ at and above it, layer by layer."""

from __future__ import annotations

from span_theorem.errors import InputError
from span_theorem.latex import Column, Table, escape, heading, label
from span_theorem.results import Record
from span_theorem.tables.ceiling import CEILING_COLUMNS, ceiling_cells
from span_theorem.tables.estimate import in_words, thousands

_COLUMNS = (
    Column("layer", "l"),
    Column("$L$"),
    Column("$d$"),
    *CEILING_COLUMNS,
)


def architecture_table(result: Record) -> Table:
    """The table of a file written by ``controls architecture``: for every layer and degree a probe that could have
    crossed the boundary if one was asked, `mlp` before `free`, otherwise `equivariant`.

    Raises:
        InputError: a field is missing or not what it should be.
    """
    rows: list[tuple[str, ...]] = []
    breaks = set()
    for network in result.records("networks"):
        name = escape(network.text("network"))
        if network.text("weights") == "random" and "random" not in name:
            name += ", random weights"
        breaks.add(len(rows))
        rows.append(heading(_COLUMNS, f"{name}, {thousands(network.integer('parameters'))} parameters"))
        for row in _chosen(result, network.text("network")):
            rows.append(
                (
                    escape(row.text("layer")) + ("*" if row.boolean("default") else ""),
                    str(row.integer("L")),
                    str(row.integer("d")),
                    *ceiling_cells(row),
                )
            )
    if not rows:
        raise InputError(f"{result.path}: field networks is empty, expected at least one network")
    caption = (
        r"Ceilings of networks on the same aspirin frames. $dL$: predicted boundary; f, m, e: measured by "
        r"\texttt{free} or \texttt{mlp}, which know neither $L$ nor the theorem, or by \texttt{equivariant}, which "
        r"has no path (--) above $dL$; 95\% intervals over test frames; *: the layer read by default. "
        + in_words(result)
    )
    return Table(label(result.path.stem), caption, _COLUMNS, tuple(rows), frozenset(breaks), small=True)


_PREFERRED = ("mlp", "free", "equivariant")


def _rank(row: Record) -> int:
    solver = row.text("solver")
    return _PREFERRED.index(solver) if solver in _PREFERRED else len(_PREFERRED)


def _chosen(result: Record, network: str) -> list[Record]:
    """One row for every layer and degree of a network: that of the solver that comes first in :data:`_PREFERRED`."""
    found: dict[tuple[str, int], Record] = {}
    for row in result.records("rows"):
        if row.text("network") == network:
            key = row.text("layer"), row.integer("d")
            if key not in found or _rank(row) < _rank(found[key]):
                found[key] = row
    return list(found.values())
