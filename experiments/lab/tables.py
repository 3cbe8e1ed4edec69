"""One table, rendered to the terminal, LaTeX (booktabs alone), Markdown and HTML."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from experiments.lab.interval import FEW_CLUSTERS
from span_theorem import html, latex

if TYPE_CHECKING:
    from pandas import DataFrame, Series
    from rich.table import Table as RichTable

NO_PATH = "no path"
FEW = "*"
"""Marks figures whose interval rests on few clusters."""

Cell = Callable[["Series"], str]

_MATHEMATICS = {
    "R²_inj": r"$R^2_{\mathrm{inj}}$",
    "ρ": r"$\rho$",
    "Δ": r"$\Delta$",
    "→": r"$\to$",
    "≥": r"$\geq$",
    "≤": r"$\leq$",
    "±": r"$\pm$",
    "·": r"$\cdot$",
    "×": r"$\times$",
    "²": r"$^2$",
    "⁻³": r"$^{-3}$",
    "⁻": r"$^{-}$",
    "α": r"$\alpha$",
    "θ": r"$\theta$",
    "φ": r"$\varphi$",
    "⌊": r"$\lfloor$",
    "⌋": r"$\rfloor$",
    "Å": r"\AA{}",
    "…": r"\dots{}",
    "−": r"$-$",
    "–": "--",
    "Σ": r"$\Sigma$",
    "∞": r"$\infty$",
}

_NUMBER = r"(-?\d+\.?\d*)"
_WITH_INTERVAL = re.compile(rf"{_NUMBER} \[{_NUMBER}, {_NUMBER}\]")


@dataclass(frozen=True)
class Column:
    """A heading, and whether what stands below is aligned left."""

    heading: str
    left: bool = False


@dataclass(frozen=True)
class Table:
    """A table in plain text, which every renderer turns into its own.

    Attributes:
        name: file stem and label.
        caption: what the table shows.
        columns: see :class:`Column`.
        rows: cells, one for each column.
        breaks: indices of the rows before which a group ends.
    """

    name: str
    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]
    breaks: tuple[int, ...] = ()

    @classmethod
    def of(
        cls,
        name: str,
        caption: str,
        table: "DataFrame",
        columns: Mapping[str, str | Cell],
        group: str | None = None,
    ) -> "Table":
        """A table of a data frame.

        Args:
            name, caption: see the class.
            table: one row a row.
            columns: by heading, which begins with `<` where cells are aligned left: a column's name, or a function
                that makes the cell from a row.
            group: column at whose changes a group ends.

        The caption ends with the number of clusters of structures that intervals rest on, where the table has it.
        """
        rows = tuple(
            tuple(make(row) if callable(make) else str(row[make]) for make in columns.values())
            for _, row in table.iterrows()
        )
        values = [] if group is None else list(table[group])
        return cls(
            name,
            caption + _clusters(table),
            tuple(Column(heading.removeprefix("<"), heading.startswith("<")) for heading in columns),
            rows,
            tuple(index for index in range(1, len(values)) if values[index] != values[index - 1]),
        )

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "Table":
        """What :meth:`to_dict` gave."""
        return cls(
            values["name"],
            values["caption"],
            tuple(Column(**column) for column in values["columns"]),
            tuple(tuple(row) for row in values["rows"]),
            tuple(values["breaks"]),
        )

    def to_dict(self) -> dict[str, Any]:
        """For a result file."""
        return asdict(self)

    def terminal(self) -> "RichTable":
        """For a terminal."""
        from span_theorem.console import table

        shown = table(self.caption, [f"{'<' * column.left}{column.heading}" for column in self.columns])
        for index, row in enumerate(self.rows):
            shown.add_row(*row, end_section=index + 1 in self.breaks)
        return shown

    def latex(self, source: str, command: str) -> str:
        """Floats that need the booktabs package and nothing else.

        Args:
            source: file that the figures come from.
            command: that makes the table.
        """
        return latex.Table(
            latex.label(self.name),
            tex(self.caption) + self._ends(),
            tuple(latex.Column(tex(column.heading), "l" if column.left else "r") for column in self.columns),
            tuple(tuple(tex(cell) for cell in row) for row in self.rows),
            frozenset(self.breaks),
            small=len(self.columns) > 5 or len(self.rows) > 20,
        ).render(source, command)

    def _ends(self) -> str:
        cells = (cell for row in self.rows for cell in row)
        return "; ends of intervals below and above the figures" * any(map(_WITH_INTERVAL.search, cells))

    def markdown(self) -> str:
        """A pipe table."""
        lines = [
            [column.heading for column in self.columns],
            ["---" if column.left else "---:" for column in self.columns],
            *self.rows,
        ]
        return "\n".join(
            f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in lines
        )

    def html(self) -> str:
        """A ``table`` element with its caption; the look is the page's."""

        return html.table(
            self.caption,
            [column.heading for column in self.columns],
            self.rows,
            [index for index, column in enumerate(self.columns) if column.left],
            [index - 1 for index in self.breaks],
        )

    def _repr_html_(self) -> str:
        return self.html()


def _clusters(table: "DataFrame") -> str:
    """What an interval rests on, in words."""
    if "n_clusters" not in table or table.empty:
        return ""
    low, high = int(table["n_clusters"].min()), int(table["n_clusters"].max())
    number = f"{low}" if low == high else f"{low} to {high}"
    few = f"; {FEW}: fewer than {FEW_CLUSTERS}, a t interval" if low < FEW_CLUSTERS else ""
    return f"; {number} clusters of test structures{few}"


def tex(text: str) -> str:
    r"""Plain text with the signs that tables use, as LaTeX.

    >>> tex("ρ(4) ≥ 5%")
    '$\\rho$(4) $\\geq$ 5\\%'
    >>> tex("0.916 [0.893, 0.933]")
    '$0.916_{0.893}^{0.933}$'
    """
    marks = {sign: f"\x00{index}\x00" for index, sign in enumerate(_MATHEMATICS)}
    for sign, mark in marks.items():
        text = text.replace(sign, mark)
    text = latex.escape(text)
    for sign, mark in marks.items():
        text = text.replace(mark, _MATHEMATICS[sign])
    # an interval beside its figure would make wide tables wider than a page
    return _WITH_INTERVAL.sub(r"$\1_{\2}^{\3}$", text)


def spread(table: "DataFrame", by: Sequence[str], across: str, cell: Cell) -> "DataFrame":
    """Texts in columns: one row for every value of ``by``, one column for every value of ``across``, in their order.

    Columns are named by the values as text; where there is no row the text is empty.
    """
    import pandas

    rows: dict[tuple[Any, ...], dict[str, Any]] = {}
    for _, row in table.iterrows():
        key = tuple(row[list(by)])
        rows.setdefault(key, dict(zip(by, key, strict=True)))[str(row[across])] = cell(row)
    columns = [str(value) for value in table[across].unique()]
    found = pandas.DataFrame(list(rows.values()), columns=[*by, *columns])
    return found.fillna(dict.fromkeys(columns, ""))


def number(value: float | None, digits: int = 3) -> str:
    """A figure, without a minus sign before a zero; nothing where there is none."""
    if value is None or value != value:
        return ""
    return f"{round(value, digits) + 0.0:.{digits}f}"


def estimate(name: str, digits: int = 3, path: str = "path") -> Cell:
    """Makes the cell of a figure with its interval, from a row with NAME, NAME_low and NAME_high.

    Args:
        name: of the figure.
        digits: decimals.
        path: column that says whether there is a path at all, where the row has it.
    """

    def cell(row: "Series") -> str:
        if not row.get(path, True):
            return NO_PATH
        value, low, high = (row.get(f"{name}{end}") for end in ("", "_low", "_high"))
        if value is None or value != value:
            return ""
        few = row.get("n_clusters", FEW_CLUSTERS) < FEW_CLUSTERS
        return f"{number(value, digits)} [{number(low, digits)}, {number(high, digits)}]{FEW * few}"

    return cell


def across(table: "DataFrame", by: Sequence[str], figure: str = "rho") -> "DataFrame":
    """One row a group: a figure at every frequency side by side, as rho_4, rho_4_low, rho_4_high, path_4.

    Args:
        table: one row a group and frequency, as :meth:`experiments.lab.estimate.Results.estimate` gives it; its bounds,
            where it has them, become lower_4 and upper_4.
        by: columns that tell groups apart.
        figure: column.
    """
    import pandas

    ends = ("", "_low", "_high")
    beside = [name for name in ("path", "lower", "upper") if name in table]
    rows = []
    for key, group in table.groupby(list(by), sort=False, dropna=False):
        row = dict(zip(by, key, strict=True))
        row |= {"n_clusters": group["n_clusters"].min()} if "n_clusters" in group else {}
        for _, one in group.iterrows():
            row |= {f"{figure}_{one['l']}{end}": one[f"{figure}{end}"] for end in ends}
            row |= {f"{name}_{one['l']}": one[name] for name in beside}
        rows.append(row)
    return pandas.DataFrame(rows)


def percent(value: float, least: float = 0.0, lacking: str = "") -> str:
    """A share in per cent; 0 below ``least``, and ``lacking`` where there is none."""
    return lacking if value != value else "0" if abs(value) < least else number(100 * value, 1)


def percents(name: str, least: float = 0.0, lacking: str = "") -> Cell:
    """Makes the cell of a share in per cent with its interval, from a row as :func:`estimate` takes it."""

    def cell(row: "Series") -> str:
        value, low, high = (percent(row[f"{name}{end}"], least, lacking) for end in ("", "_low", "_high"))
        return value if value in ("0", lacking) else f"{value} [{low}, {high}]"

    return cell


def ratio(value: float | None) -> str:
    """A lower bound of a ratio; none beyond a thousand, where it says no more than that."""
    if value is None or value != value:
        return ""
    return "> 1000" if value > 1000 else f"{value:.3g}"
