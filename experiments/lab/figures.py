"""Figures from tidy tables: curves with intervals, panels of them, a map on the drawing of a molecule, one of numbers.

One palette for the whole project (Okabe and Ito, safe for colour-blind readers), and markers beside it: a solver, a
number and a network of every study look the same in every figure.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from experiments.lab.drawing import plain, tips

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.cm import ScalarMappable
    from matplotlib.figure import Figure
    from pandas import DataFrame

PALETTE = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000", "#f0e442")
NOTHING_READ = "0.85"
INK = "#111111"
"""Black on a shade, whatever the page behind the figure."""
SYMBOLS = {"rho": "ρ", "r2_injected": "R²_inj"}
NAMED = "point"
"""Column that names a point where x does not, for its tip."""
Molecule = tuple[NDArray[np.float64], Sequence[str], Sequence[tuple[int, int]]]
"""Places of the atoms in a drawing (n_atoms, 2), their symbols, and bonds as pairs of atoms."""


MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
RECOVERED = "recovered share ρ(l)"
"""What the axis of ρ is called."""


@dataclass(frozen=True)
class Look:
    """How a curve is drawn.

    Attributes:
        colour: of line, markers and bars.
        marker: matplotlib's.
        line: matplotlib's line style; nothing between markers if empty.
        fill: how a marker is filled, in matplotlib's words.
    """

    colour: str
    marker: str = "o"
    line: str = "-"
    fill: str = "full"


SOLVERS = {
    "free": Look(PALETTE[0], "o", "-"),
    "mlp": Look(PALETTE[1], "s", ":"),
    "equivariant": Look(PALETTE[2], "^", "--"),
}
FILLS = {1: "none", 2: "full", 3: "bottom"}
"""By the degree of an SPN."""
RESERVED = {"nequip:aspirin-gfn2-0": 0, "trained": 0, "nequip:aspirin-random": 6, "initial": 6}
"""Places in the palette of networks that stand in several figures."""


def looks(values: Sequence[Any], line: str = "-") -> dict[Any, Look]:
    """A look for each of several values: of a number its own, of anything else by its place among them.

    Those for which no colour is left repeat the first ones with open markers and dashes.
    """
    distinct = list(dict.fromkeys(values))
    reserved = {value: RESERVED[value] for value in distinct if value in RESERVED}
    free = [place for place in range(len(PALETTE)) if place not in reserved.values()]
    places, again = dict(reserved), set()
    for index, value in enumerate(value for value in distinct if value not in reserved):
        number = isinstance(value, int | np.integer)
        places[value] = (int(value) - 1) % (len(PALETTE) - 1) if number else free[index % len(free)]
        if not number and index >= len(free):
            again.add(value)
    return {
        value: Look(
            PALETTE[places[value]],
            MARKERS[places[value] % len(MARKERS)],
            "--" if value in again else line,
            "none" if value in again else "full",
        )
        for value in distinct
    }


def solver_looks(pairs: Sequence[tuple[str, int]]) -> dict[str, Look]:
    """A look for every solver and degree, by `free, d = 2`: the solver's, filled by the degree."""
    return {f"{solver}, d = {d}": replace(SOLVERS[solver], fill=FILLS[d]) for solver, d in pairs}


def curve(
    axes: "Axes", table: "DataFrame", x: str, y: str, look: Look, label: str | None = None, shift: float = 0.0
) -> None:
    """One curve with a bar for every interval; where there is no path there is no marker, and no line across.

    Args:
        axes: drawn on.
        table: with columns ``x``, ``y``, and the ends of y's interval.
        x, y: columns.
        look: see :class:`Look`.
        label: for the legend.
        shift: along x, so that curves do not hide one another; of decades, if that axis is logarithmic.
    """
    path = table["path"].to_numpy(dtype=bool) if "path" in table else np.ones(len(table), dtype=bool)
    if not path.any():
        return
    places = table[x].to_numpy(dtype=float)
    places = places * 10**shift if axes.get_xscale() == "log" else places + shift
    (line,) = axes.plot(
        places,
        np.where(path, table[y], np.nan),
        marker=look.marker,
        linestyle=look.line or "none",
        color=look.colour,
        fillstyle=look.fill,
        markerfacecoloralt="white",
        markersize=3.5,
        linewidth=1.1,
        label=label,
    )
    rows = [row for _, row in table[path].iterrows()]
    where = [str(row[NAMED]) if NAMED in row else f"{x} = {row[x]:.4g}" for row in rows]
    words = [
        figure_words(SYMBOLS.get(y, y), row[y], row.get(f"{y}_low"), row.get(f"{y}_high")) for row in rows
    ]
    tips(line, [f"{label or ''}, {at}: {what}".lstrip(", ") for at, what in zip(where, words, strict=True)])
    if f"{y}_low" in table:
        ends = (table[f"{y}{end}"].to_numpy()[path] for end in ("_low", "_high"))
        axes.vlines(places[path], *ends, color=look.colour, linewidth=0.9)


def figure_words(symbol: str, value: float, low: float | None = None, high: float | None = None) -> str:
    """A figure with its interval in words.

    >>> figure_words("ρ", 0.8391, 0.8142, 0.861)
    'ρ = 0.839 [0.814, 0.861]'
    """
    return f"{symbol} = {value:.3f}" + ("" if low is None or high is None else f" [{low:.3f}, {high:.3f}]")


def curves(
    axes: "Axes",
    table: "DataFrame",
    by: str,
    styles: Mapping[Any, Look],
    x: str = "l",
    y: str = "rho",
    names: Callable[[Any], str] | None = None,
    spread: float = 0.06,
) -> None:
    """A curve for every value of a column, in the order of ``styles``.

    Args:
        axes: drawn on.
        table: tidy.
        by: the column.
        styles: looks by value.
        x, y: columns drawn.
        names: labels of values; by default the values as they are, which are no formulas.
        spread: distance along x between neighbouring curves; of decades, if that axis is logarithmic.
    """
    present = [value for value in styles if (table[by] == value).any()]
    for index, value in enumerate(present):
        shift = spread * (index - (len(present) - 1) / 2)
        curve(
            axes,
            table[table[by] == value],
            x,
            y,
            styles[value],
            names(value) if names else plain(str(value)),
            shift,
        )


def learning_curves(axes: "Axes", table: "DataFrame", by: str, x: str = "level", y: str = "rho") -> None:
    """Curves over a factor: a colour for every value of a column, line and marker those of the solver.

    A value that names solver and degree looks as they do everywhere.
    """
    from matplotlib.ticker import NullFormatter

    axes.set_xscale("log")
    axes.xaxis.set_major_formatter("{x:g}")
    axes.xaxis.set_minor_formatter(NullFormatter())
    shown = table[table["path"]]
    colours, pairs = (
        looks(shown[by].unique()),
        solver_looks(list(zip(shown["solver"], shown["d"], strict=True))),
    )
    groups = list(shown.groupby([by, "solver"], sort=False))
    for index, ((value, solver), rows) in enumerate(groups):
        look = pairs.get(value) or replace(SOLVERS[solver], colour=colours[value].colour)
        shift = 0.02 * (index - (len(groups) - 1) / 2)
        curve(
            axes,
            rows.sort_values(x),
            x,
            y,
            look,
            f"{value}, {solver}" if value not in pairs else value,
            shift,
        )


def tidy(
    axes: "Axes", threshold: float | None = None, boundary: int | None = None, l_max: int | None = None
) -> None:
    """The look that all panels of shares have in common.

    Args:
        axes: drawn on.
        threshold: share above which a frequency counts as recovered, dotted; named in the legend.
        boundary: dL, after which a dashed line is drawn; named in the legend.
        l_max: highest frequency, where x is one.
    """
    axes.axhline(0, color="0.7", linewidth=0.8, zorder=0)
    if threshold is not None:
        label = f"recovered above {threshold:g}"
        axes.axhline(threshold, color="0.5", linewidth=0.8, linestyle=":", zorder=0, label=label)
    if boundary is not None:
        axes.axvline(boundary + 0.5, color="0.3", linestyle="--", linewidth=0.9, zorder=0, label="after dL")
    if l_max is not None:
        axes.set_xticks(range(1, l_max + 1))
        axes.set_xlabel("angular frequency l", fontsize=8)
    axes.set_ylim(-0.25, 1.05)
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(labelsize=7)


def panels(
    number: int, columns: int, width: float = 2.3, height: float = 2.1, **settings: Any
) -> "tuple[Figure, list[Axes]]":
    """A figure of equal panels, those beyond ``number`` hidden."""
    from matplotlib import pyplot as plt

    rows = -(-number // columns)
    figure, grid = plt.subplots(
        rows, columns, figsize=(width * columns + 0.4, height * rows + 0.4), layout="constrained",
        squeeze=False, **settings,
    )  # fmt: skip
    axes = list(grid.ravel())
    for panel in axes[number:]:
        panel.set_visible(False)
    return figure, axes[:number]


def legend_below(figure: "Figure", columns: int = 4) -> None:
    """One legend for all panels, below them."""
    handles: dict[Any, Any] = {}
    for axes in figure.axes:
        for handle, label in zip(*axes.get_legend_handles_labels(), strict=True):
            handles.setdefault(label, handle)
    if handles:
        figure.legend(
            list(handles.values()),
            list(handles),
            loc="outside lower center",
            ncols=columns,
            fontsize=7,
            frameon=False,
        )


def molecule_map(
    axes: "Axes", molecule: Molecule, shares: Mapping[tuple[int, int], float], shades: "ScalarMappable"
) -> None:
    """A molecule drawn flat, each half of a bond in a colour of its own.

    Args:
        axes: drawn on.
        molecule: see :data:`Molecule`.
        shares: of the half of bond (a, b) that belongs to a; grey where there is none.
        shades: makes colours of them.
    """
    drawing, symbols, bonds = molecule
    for a, b in bonds:
        for near, far in ((a, b), (b, a)):
            share = shares.get((near, far))
            (half,) = axes.plot(
                *np.stack([drawing[near], (drawing[near] + drawing[far]) / 2]).T,
                color=NOTHING_READ if share is None else shades.to_rgba(np.array(share)),
                linewidth=3.5,
                solid_capstyle="butt",
                zorder=1,
            )
            if share is not None:
                tips(half, [f"{symbols[near]}{near}→{symbols[far]}{far}: {figure_words('ρ', share)}"])
    for atom, (x, y) in enumerate(drawing):
        axes.text(
            x, y, f"{symbols[atom]}{atom}", fontsize=5, ha="center", va="center", zorder=2, color=INK,
            bbox={"boxstyle": "circle,pad=0.15", "facecolor": "#fefefe", "edgecolor": "0.6", "linewidth": 0.4},
        )  # fmt: skip
    axes.set_aspect("equal")
    axes.margins(0.08)
    axes.set_axis_off()


def molecule_maps(
    figure: "Figure",
    places: Any,
    table: "DataFrame",
    columns: Mapping[str, str],
    molecule: Molecule,
    label: str,
) -> None:
    """Shares from 0 to 1 on drawings of one molecule, a row a layer and a column a reading, with their colour bar.

    Args:
        figure: drawn on.
        places: grid with a row for every layer.
        table: one row a share, ``rho`` of the half of bond (site, toward) at site, with ``layer`` and ``reading``; the
            mean where several share a half.
        columns: what readings are called.
        molecule: see :data:`Molecule`.
        label: of the bar.
    """
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Normalize

    shades = ScalarMappable(Normalize(0, 1), "viridis")
    for row, layer in enumerate(table["layer"].unique()):
        for column, (reading, name) in enumerate(columns.items()):
            axes = figure.add_subplot(places[row, column])
            panel = table[(table["layer"] == layer) & (table["reading"] == reading)]
            halves = panel.groupby(["site", "toward"])["rho"].mean().to_dict()
            molecule_map(axes, molecule, halves, shades)
            axes.set_title(f"layer {layer}, {name}", fontsize=7)
    bar = figure.colorbar(shades, ax=figure.axes, shrink=0.7, aspect=30)
    bar.set_label(label, fontsize=8)
    bar.ax.tick_params(labelsize=7)


def categories(
    axes: "Axes", table: "DataFrame", x: str, by: str, styles: Mapping[Any, Look], y: str = "rho"
) -> None:
    """Points over the values of a column that is no number, in the order of the table; a colour for those of ``by``."""
    order = list(dict.fromkeys(table[x]))
    placed = table.assign(place=[order.index(value) for value in table[x]], **{NAMED: table[x]})
    curves(axes, placed, by, styles, "place", y, names=lambda value: f"{by} {value}", spread=0.2)
    axes.set_xticks(range(len(order)), order, rotation=60, ha="right")


def number_map(axes: "Axes", table: "DataFrame", x: str, y: str, value: str, framed: str) -> None:
    """Numbers from 0 to 1 on a grid, shaded; framed where column ``framed`` holds."""
    from matplotlib.patches import Rectangle

    for _, row in table.iterrows():
        shade = min(max(row[value], 0.0), 1.0)
        axes.add_patch(
            Rectangle(
                (row[x] - 0.44, row[y] - 0.44),
                0.88,
                0.88,
                facecolor=(1 - 0.7 * shade, 1 - 0.4 * shade, 1),
                edgecolor="black" if row[framed] else "white",
                linewidth=0.9,
            )
        )
        # adding zero turns -0.0 into 0.0
        axes.text(
            row[x],
            row[y],
            f"{round(row[value], 2) + 0:.2f}",
            ha="center",
            va="center",
            fontsize=5.5,
            color=INK,
        )
    axes.set_xticks(sorted(table[x].unique()))
    axes.set_yticks(sorted(table[y].unique()))
    axes.set_xlim(table[x].min() - 0.6, table[x].max() + 0.6)
    axes.set_ylim(table[y].min() - 0.6, table[y].max() + 0.6)
    axes.tick_params(labelsize=7)
    axes.spines[["top", "right"]].set_visible(False)
