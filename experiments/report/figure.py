"""The figure of diagnoses: recovery against angular frequency, with the theorem's boundary marked."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from experiments.lab import figures
from experiments.lab.drawing import drawing, plain, require_matplotlib, save

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["draw_recoveries", "plot_recoveries", "recovery_figure", "require_matplotlib"]

SCOPE = "degree-bounded probe of one direction, random orientations"


def draw_recoveries(
    results: Sequence[Mapping[str, Any]], paths: Sequence[Path], title: str | None = None
) -> None:
    """Write one figure to every path.

    Args:
        results: see :func:`plot_recoveries`.
        paths: files whose suffixes name the formats.
        title: above the figure.

    Raises:
        InputError: matplotlib is missing, or a file cannot be written.
    """
    if paths:
        with drawing():
            save(recovery_figure(results, title), paths)


def recovery_figure(results: Sequence[Mapping[str, Any]], title: str | None = None) -> "Figure":
    """A figure of its own for :func:`plot_recoveries`."""
    figure, (axes,) = figures.panels(1, 1, width=4.4, height=3.2)
    plot_recoveries(results, axes)
    if title is not None:
        axes.set_title(plain(title), fontsize=9)
    figures.legend_below(figure, columns=1)
    figure.supxlabel(SCOPE, fontsize=6, color="0.4")
    return figure


def plot_recoveries(results: Sequence[Mapping[str, Any]], axes: "Axes") -> None:
    """ρ(l) with its intervals, a curve a diagnosis; a frequency to which a solver has no path has no marker.

    Args:
        results: diagnoses as their JSON files hold them.
        axes: drawn on.
    """
    from pandas import DataFrame

    solvers = [result["solver"] for result in results]
    own = figures.looks(range(1, len(results) + 1))
    for index, result in enumerate(results):
        look = figures.SOLVERS[result["solver"]] if len(set(solvers)) == len(results) else own[index + 1]
        rows = [
            {"l": one["l"], "rho": one["rho"], "rho_low": one["rho_ci"][0], "rho_high": one["rho_ci"][1]}
            | {"path": one["path"]}
            for one in result["degrees"]
        ]
        label = f"{plain(result['backbone'])} (L = {result['L']}), {result['solver']}, d = {result['d']}"
        figures.curve(axes, DataFrame(rows), "l", "rho", look, label, 0.06 * (index - (len(results) - 1) / 2))
    frequencies = [degree["l"] for result in results for degree in result["degrees"]]
    for boundary in sorted({result["predicted_boundary"] for result in results}):
        figures.tidy(axes, boundary=boundary, l_max=max(frequencies))
    lowest = min(degree["rho_ci"][0] for result in results for degree in result["degrees"])
    axes.set_ylim(min(-0.08, lowest * 1.1), 1.08)
    axes.set_ylabel(figures.RECOVERED)
