"""One instance (L, d), degree by degree."""

from span_theorem.latex import Column, Table, escape, label
from span_theorem.law import SCOPE
from span_theorem.results import Record
from span_theorem.tables.verdict import exact_verdict, numeric_verdict

_COLUMNS = (
    Column("$l$"),
    Column("rank"),
    Column("$2l+1$"),
    Column("multiplicity"),
    Column("by the law", "l"),
    Column("found", "l"),
)


def degrees_table(result: Record) -> Table:
    """The table of a file written by ``check --json``.

    Raises:
        InputError: a field is missing or not what it should be.
    """
    L, d, boundary = (result.integer(name) for name in ("L", "d", "boundary"))
    rows = []
    breaks = set()
    for index, degree in enumerate(result.records("degrees")):
        l, rank, full_rank = (degree.integer(name) for name in ("l", "rank", "full_rank"))
        expected = "spanned" if degree.boolean("expected") else "absent"
        found = "spanned" if rank == full_rank else "absent" if rank == 0 else "in part"
        rows.append((str(l), str(rank), str(full_rank), str(degree.integer("multiplicity")), expected, found))
        if l == boundary + 1:
            breaks.add(index)
    functions = rf"$Y_{{lm}}$, $l \le {L}$" if result.text("features") == "upto" else f"$Y_{{{L},m}}$"
    verdicts = [("exact", exact_verdict(result)), ("numeric", numeric_verdict(result))]
    verdict = ", ".join(f"{route}: {outcome}" for route, outcome in verdicts if outcome != "--")
    caption = (
        rf"Polynomials of degree at most {d} in {functions}: rank of the projection onto every $H_l$ and "
        rf"multiplicity of $l$ in $\mathrm{{Sym}}^{{\le {d}}}$. "
        rf"Whole span: dimension {result.integer('span_dim')}, by the law {result.integer('expected_dim')}; "
        rf"boundary $dL = {boundary}$; {verdict}. {escape(SCOPE)}"
    )
    return Table(label(result.path.stem), caption, _COLUMNS, tuple(rows), frozenset(breaks))
