"""The orientation of a regular n-gon: two rows for every L, one vertex against the sum, a column for every d."""

from span_theorem.errors import InputError
from span_theorem.latex import Column, Table, escape, label
from span_theorem.results import Record

RECOVERED, LOST = r"$\bullet$", "--"

_NAMES = {"marked": "one vertex", "density": "density"}


def polygon_table(result: Record) -> Table:
    """The table of a file written by ``polygon --json``.

    Raises:
        InputError: a field is missing or not what it should be, or an instance is.
    """
    n, k, max_L, max_d = (result.integer(name) for name in ("n", "k", "max_L", "max_d"))
    cells: dict[tuple[int, str, int], str] = {}
    for instance in result.records("instances"):
        key = (instance.integer("L"), instance.text("features"), instance.integer("d"))
        mark = RECOVERED if instance.boolean("recovered") else LOST
        cells[key] = mark if instance.boolean("verified") else f"{mark} FAILS"
    rows = []
    for L in range(1, max_L + 1):
        for features, name in _NAMES.items():
            missing = [d for d in range(1, max_d + 1) if (L, features, d) not in cells]
            if missing:
                raise InputError(
                    f"{result.path}: field instances has no {features} entry for L = {L}, d = {missing[0]}"
                )
            rows.append((str(L), name, *(cells[L, features, d] for d in range(1, max_d + 1))))
    columns = (
        Column("$L$"),
        Column("features", "l"),
        *(Column(f"$d={d}$", "c") for d in range(1, max_d + 1)),
    )
    verdict = "every instance proved" if result.boolean("verified") else "NOT every instance proved"
    seen = rf"$L \ge {n}$" if n == k else rf"${n}$ divides ${k}$ and ${k} \le {n}d\lfloor L/{n}\rfloor$"
    caption = (
        rf"Regular {n}-gon turned by $\alpha$ in its plane: are $\cos {k}\alpha$ and $\sin {k}\alpha$ "
        r"polynomials of degree at most $d$ in the harmonics up to $L$ of one marked vertex "
        rf"({RECOVERED} yes, {LOST} no; by the law yes iff $dL \ge {k}$), and in their sums over the {n} "
        rf"vertices (density; by the law yes iff {seen})? Exact arithmetic, {verdict}. "
        + escape(result.text("scope"))
    )
    return Table(label(result.path.stem), caption, columns, tuple(rows), frozenset(range(2, len(rows), 2)))
