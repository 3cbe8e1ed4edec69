"""What the diagnostic needs: the least dose that finds a frequency, and the least that is enough."""

from __future__ import annotations

from span_theorem.errors import InputError
from span_theorem.latex import Column, Table, escape, label
from span_theorem.results import Record
from span_theorem.tables.estimate import recovered

_COLUMNS = (
    Column("dose", "l"),
    Column("measured by", "l"),
    Column("solver", "l"),
    Column("$d$"),
    Column("$l$"),
    Column("found"),
    Column("enough"),
    Column("largest"),
    Column(r"$\rho$ there", "l"),
)


def dose_table(result: Record) -> Table:
    """The table of a file written by ``controls dose``.

    Raises:
        InputError: a field is missing or not what it should be.
    """
    needed = list(result.records("needed"))
    settings = result.record("settings")
    if not needed or settings is None:
        raise InputError(f"{result.path}: expected settings and at least one entry in needed")
    settled = settings.number("settled")
    if settled is None:
        raise InputError(f"{result.path}: field settings.settled is null, expected a number")
    rows = []
    breaks = set()
    for index, entry in enumerate(needed):
        if index and entry.text("varied") != needed[index - 1].text("varied"):
            breaks.add(index)
        rows.append(
            (
                escape(entry.text("varied")),
                escape(entry.text("network")),
                escape(entry.text("solver")),
                str(entry.integer("d")),
                str(entry.integer("l")),
                _at_most(entry) + dose(entry.number("found")),
                *(dose(entry.number(name)) for name in ("enough", "most")),
                recovered(entry),
            )
        )
    threshold, tests = result.number("threshold"), result.record("tests")
    if threshold is None or tests is None:
        raise InputError(f"{result.path}: threshold or tests is null, expected a number and an object")
    caption = (
        rf"The least dose that finds a frequency: the 95\% interval of $\rho(l)$ lies above {threshold:g} there and at "
        rf"every larger dose; enough: $\rho$ is within {100 * settled:.0f}\% of that at the largest dose as well. "
        r"Amplitude: in units of what the network leaves of the energies (root mean square). Planted: share of signal "
        rf"in a channel appended to the features; its bounds hold together ({tests.integer('number')} comparisons)."
    )
    return Table(label(result.path.stem), caption, _COLUMNS, tuple(rows), frozenset(breaks), small=True)


def _at_most(entry: Record) -> str:
    """A sign where the smallest dose of all is enough to find a frequency: less may be."""
    found = entry.number("found")
    return r"$\leq$ " if found is not None and found == entry.number("least") else ""


def dose(value: float | None) -> str:
    """A dose with three digits, a dash where there is none.

    >>> dose(300), dose(0.03), dose(12.68), dose(None)
    ('300', '0.03', '12.7', '--')
    """
    return "--" if value is None else f"{value:.3g}" if value < 1000 else f"{value:.0f}"
