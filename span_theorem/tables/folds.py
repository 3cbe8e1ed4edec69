"""The orientation of n-fold structures: one row for every n, a column for every degree L."""

from span_theorem.errors import InputError
from span_theorem.latex import Column, Table, escape, label
from span_theorem.results import Record
from span_theorem.tables.polygon import LOST, RECOVERED


def folds_table(result: Record) -> Table:
    """The table of a file written by ``folds --json``.

    Raises:
        InputError: a field is missing or not what it should be, or an instance is.
    """
    max_n, max_L, max_d = (result.integer(name) for name in ("max_n", "max_L", "max_d"))
    cells: dict[tuple[int, int], str] = {}
    for instance in result.records("instances"):
        mark = RECOVERED if instance.boolean("identified") else LOST
        key = (instance.integer("n"), instance.integer("L"))
        cells[key] = mark if instance.boolean("verified") else f"{mark} FAILS"
    wanted = [(n, L) for n in range(2, max_n + 1) for L in range(1, max_L + 1)]
    for n, L in wanted:
        if (n, L) not in cells:
            raise InputError(f"{result.path}: field instances has no entry for n = {n}, L = {L}")
    rows = tuple((str(n), *(cells[n, L] for L in range(1, max_L + 1))) for n in range(2, max_n + 1))
    columns = (Column(r"$n \backslash L$"), *(Column(str(L), "c") for L in range(1, max_L + 1)))
    verdict = "every instance proved" if result.boolean("verified") else "NOT every instance proved"
    caption = (
        r"Is the in-plane orientation of a structure with $n$-fold rotation symmetry, a centre and a regular "
        rf"$n$-gon, seen by the harmonics up to $L$ summed over the neighbours ({RECOVERED} yes, at every degree up to "
        rf"{max_d}; {LOST} no, by no function of them)? By the law iff $L \ge n$. Exact arithmetic, {verdict}. "
        + escape(result.text("scope"))
    )
    return Table(label(result.path.stem), caption, columns, rows)
