"""How often every l occurs in the symmetric powers of the features."""

from __future__ import annotations

from span_theorem.errors import InputError
from span_theorem.latex import Column, Table, escape, label
from span_theorem.results import Record

LINE = 74
"""Digits that a line of LaTeX's article class holds, the gap between columns counted as three."""


def multiplicity_table(result: Record) -> Table:
    """The table of a file written by ``multiplicity --json``.

    Raises:
        InputError: a field is missing or not what it should be.
    """
    L, d, boundary = (result.integer(name) for name in ("L", "d", "boundary"))
    total = result.integers("total")
    powers = [power.integers("multiplicities") for power in result.records("powers")]
    if len(total) != boundary + 1 or len(powers) != d + 1:
        raise InputError(
            f"{result.path}: total has {len(total)} entries and powers {len(powers)}, "
            f"expected {boundary + 1} and {d + 1}"
        )
    dims = [power.integer("dim") for power in result.records("powers")]
    # every power has a column as long as they fit a line; dimensions are the longest cells
    width = sum(max(len("Sym^k"), len(str(dim))) + 3 for dim in (*dims, result.integer("total_dim"), 0))
    shown = powers if width <= LINE else []
    rows = [
        (str(l), *(str(power[l]) if l < len(power) else "--" for power in shown), str(total[l]))
        for l in range(boundary + 1)
    ]
    rows.append(("dim", *map(str, dims[: len(shown)]), str(result.integer("total_dim"))))
    columns = (
        Column("$l$"),
        *(Column(rf"$\mathrm{{Sym}}^{{{k}}}$") for k in range(len(shown))),
        Column(rf"all $k \le {d}$"),
    )
    space = rf"\bigoplus_{{l \le {L}}} V_l" if result.text("features") == "upto" else f"V_{{{L}}}"
    dimensions = "agree" if result.boolean("dims_agree") else "DO NOT AGREE"
    caption = (
        rf"Multiplicity of $l$ in $\mathrm{{Sym}}^k({space})$, $k \le {d}$, from characters. "
        rf"{_saturation(result, boundary, total[-1])} "
        rf"$\sum_l m_l (2l+1)$ and $\dim \mathrm{{Sym}}^k$ {dimensions}. {escape(result.text('scope'))}"
    )
    return Table(label(result.path.stem), caption, columns, tuple(rows), frozenset({boundary + 1}))


def _saturation(result: Record, boundary: int, times: int) -> str:
    if result.integer("L") == 0:
        return r"$L = 0$ is degenerate: one constant, once in every power."
    if result.boolean("multiplicity_one_at_boundary"):
        return rf"The boundary $l = dL = {boundary}$ occurs exactly once."
    return rf"The boundary $l = dL = {boundary}$ occurs {times} times, NOT ONCE."
