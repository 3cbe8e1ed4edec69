"""The verification grid: one row for every (L, d)."""

from span_theorem.errors import InputError
from span_theorem.latex import Column, Table, escape, label
from span_theorem.law import SCOPE
from span_theorem.results import Record
from span_theorem.tables.verdict import exact_verdict, numeric_verdict

_COLUMNS = (
    Column("$L$"),
    Column("$d$"),
    Column("$dL$"),
    Column("dim span"),
    Column("by the law"),
    Column("mult.\\ of $dL$"),
    Column("exact", "l"),
    Column("numeric", "l"),
)


def grid_table(result: Record) -> Table:
    """The table of a file written by ``grid --json``.

    Raises:
        InputError: a field is missing or not what it should be.
    """
    instances = list(result.records("instances"))
    if not instances:
        raise InputError(f"{result.path}: field instances is empty, expected at least one (L, d)")
    features = result.text("features")
    rows: list[tuple[str, ...]] = []
    breaks = set()
    for index, instance in enumerate(instances):
        L, d, boundary = (instance.integer(name) for name in ("L", "d", "boundary"))
        numbers = (L, d, boundary, instance.integer("span_dim"), instance.integer("expected_dim"))
        if rows and rows[-1][0] != str(L):
            breaks.add(index)
        figures = (*numbers, _multiplicity_at(instance, boundary))
        rows.append((*map(str, figures), exact_verdict(instance), numeric_verdict(instance)))
    functions = "$Y_{Lm}$" if features == "exact" else r"$Y_{lm}$, $l \le L$"
    caption = (
        rf"Polynomials of degree at most $d$ in {functions}: dimension of their span on the sphere, found "
        r"and by the law, and multiplicity of the boundary $l = dL$ in $\mathrm{Sym}^{\le d}$. "
        + escape(SCOPE)
    )
    return Table(label(result.path.stem), caption, _COLUMNS, tuple(rows), frozenset(breaks))


def _multiplicity_at(instance: Record, l: int) -> int:
    for degree in instance.records("degrees"):
        if degree.integer("l") == l:
            return degree.integer("multiplicity")
    raise InputError(f"{instance.path}: {instance.place}.degrees has no entry for the boundary l = {l}")
