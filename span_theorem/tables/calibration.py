"""The calibration on regular n-gons: from which order on the orientation is recovered, measured beside exact."""

from span_theorem.errors import InputError
from span_theorem.latex import Column, Table, escape, label
from span_theorem.results import Record
from span_theorem.tables.estimate import in_words

_NAMES = {"marked": "vertex", "density": "density"}


def calibration_table(result: Record) -> Table:
    """The table of a file written by ``controls calibration``.

    Raises:
        InputError: a field is missing or not what it should be.
    """
    rows: dict[tuple[str, int], dict[int, str]] = {}
    for fold in result.records("folds"):
        features = fold.text("features")
        if features not in _NAMES:
            raise InputError(
                f"{result.path}: field {fold.place}.features is {features}, expected {' or '.join(_NAMES)}"
            )
        key = f"{fold.text('source')}, {_NAMES[features]}", fold.integer("d")
        rows.setdefault(key, {})[fold.integer("n")] = least_order(fold)
    if not rows:
        raise InputError(f"{result.path}: field folds is empty, expected at least one polygon")
    polygons = sorted({n for cells in rows.values() for n in cells})
    keys = sorted(rows)
    columns = (
        Column("features", "l"),
        Column("$d$"),
        *(Column(f"{n}" if index else f"$n={n}$", "c") for index, n in enumerate(polygons)),
    )
    cells = tuple((escape(what), str(d), *(rows[what, d].get(n, "") for n in polygons)) for what, d in keys)
    breaks = frozenset(index for index in range(1, len(keys)) if keys[index][0] != keys[index - 1][0])
    caption = (
        r"Least order $L$ at which $\cos n\alpha$ and $\sin n\alpha$, $\alpha$ the in-plane orientation of a regular "
        r"$n$-gon, are recovered on unseen angles by a polynomial of degree at most $d$ in the features of one marked "
        r"vertex, or of all vertices summed (density). Exact arithmetic gives the same, or what stands in parentheses; "
        r"$>$: not up to that order. " + in_words(result)
    )
    return Table(label(result.path.stem), caption, columns, cells, breaks)


def least_order(fold: Record) -> str:
    """Measured order, marked where any instance behind it disagrees with exact arithmetic."""
    measured, exact = (_order(fold, name) for name in ("least_L", "least_L_exact"))
    return measured if fold.boolean("agrees") else f"{measured} ({exact}) FAILS"


def _order(fold: Record, name: str) -> str:
    order = fold.number(name)
    return f"$>{fold.integer('max_L')}$" if order is None else f"{order:.0f}"
