"""What the invariants of a site, or outputs of another degree, see of one neighbour's direction."""

from span_theorem.latex import Column, Table, escape, label
from span_theorem.results import Record

_COLUMNS = (
    Column("$l$"),
    Column("rank"),
    Column("$2l+1$"),
    Column("true"),
    Column("pseudo"),
    Column("by the law", "l"),
    Column("found", "l"),
)


def invariants_table(result: Record) -> tuple[Table, ...]:
    """The tables of a file written by ``invariants --json``: degree by degree, and how much is enough.

    Raises:
        InputError: a field is missing or not what it should be.
    """
    names = ("L", "d", "output_degree", "channels", "neighbours", "boundary")
    L, d, output, channels, neighbours, boundary = (result.integer(name) for name in names)
    rows = []
    breaks = set()
    for index, degree in enumerate(result.records("degrees")):
        l, rank, full_rank = (degree.integer(name) for name in ("l", "rank", "full_rank"))
        parity = [
            "--" if degree.number(name) is None else str(degree.integer(name)) for name in ("true", "pseudo")
        ]
        expected = "occurs" if degree.boolean("expected") else "absent"
        found = "spanned" if rank == full_rank else "absent" if rank == 0 else "in part"
        rows.append((str(l), str(rank), str(full_rank), *parity, expected, found))
        if l == boundary + 1:
            breaks.add(index)
    what = f"Outputs of degree $\\lambda = {output}$, polynomials" if output else "Invariants"
    verdict = "proved" if result.boolean("proved") else "NOT proved"
    caption = (
        rf"{what} of degree at most {d} in $A_{{nlm}}$, $l \le {L}$, {channels} channels: rank onto every $H_l$ of "
        rf"the direction of one neighbour, {neighbours} others in general position; by the law up to "
        rf"$l = {boundary}$, {verdict}. {escape(result.text('scope'))}"
    )
    tables = [Table(label(result.path.stem), caption, _COLUMNS, tuple(rows), frozenset(breaks))]
    enough = list(result.records("enough"))
    if enough:
        cells = []
        for row in enough:
            least = row.number("neighbours")
            cells.append(
                (str(row.integer("channels")), "never" if least is None else str(row.integer("neighbours")))
            )
        caption = rf"From how many other neighbours on the span is full, $L = {L}$, $d = {d}$, $\lambda = {output}$."
        columns = (Column("channels"), Column("other neighbours"))
        tables.append(Table(label(f"{result.path.stem}-enough"), caption, columns, tuple(cells)))
    return tuple(tables)
