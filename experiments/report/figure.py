"""The figure of diagnoses: recovery against angular frequency, with the theorem's boundary marked."""

from collections.abc import Mapping, Sequence
from itertools import cycle
from pathlib import Path
from typing import TYPE_CHECKING, Any

from experiments.lab.drawing import drawing, plain, require_matplotlib, save, tips
from experiments.lab.figures import PALETTE, figure_words

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["draw_recoveries", "require_matplotlib"]

MARKERS = ("o", "s", "^", "D", "v", "P", "X", "<", ">", "*")


def draw_recoveries(results: Sequence[Mapping[str, Any]], paths: Sequence[Path]) -> None:
    """Write one figure to every path.

    Args:
        results: see :func:`recovery_figure`.
        paths: files whose suffixes name the formats.

    Raises:
        InputError: matplotlib is missing, or a file cannot be written.
    """
    if paths:
        with drawing():
            save(recovery_figure(results), paths)


def recovery_figure(results: Sequence[Mapping[str, Any]]) -> "Figure":
    """Curves of recovery by frequency; frequencies to which a solver has no path are drawn hollow.

    Args:
        results: diagnoses as their JSON files hold them, one curve each.
    """
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(figsize=(4.4, 3.0), layout="constrained")
    for index, (result, marker, colour) in enumerate(
        zip(results, cycle(MARKERS), cycle(PALETTE), strict=False)
    ):
        _curve(axes, result, marker, colour, offset=0.08 * (index - (len(results) - 1) / 2))
    for boundary in sorted({result["predicted_boundary"] for result in results}):
        _mark_boundary(axes, boundary)
    axes.axhline(0, color="0.7", linewidth=0.8, zorder=0)
    axes.set_xlabel("angular frequency l")
    axes.set_ylabel("injected power recovered ρ(l)")
    lowest = min(degree["rho_ci"][0] for result in results for degree in result["degrees"])
    axes.set_ylim(min(-0.08, lowest * 1.1), 1.08)
    axes.legend(frameon=False, fontsize=7, loc="lower left", bbox_to_anchor=(0, 0.1))
    axes.spines[["top", "right"]].set_visible(False)
    figure.supxlabel(
        "degree-bounded probe of one direction, random orientations; hollow: no path",
        fontsize=6,
        color="0.4",
    )
    return figure


def _mark_boundary(axes: Any, boundary: int) -> None:
    axes.axvline(boundary + 0.5, color="0.3", linestyle="--", linewidth=1)
    axes.annotate(
        f"dL = {boundary}",
        (boundary + 0.5, 1.02),
        xycoords=("data", "axes fraction"),
        ha="center",
        va="bottom",
        fontsize=8,
    )


def _curve(axes: Any, result: Mapping[str, Any], marker: str, colour: str, offset: float) -> None:
    degrees = result["degrees"]
    name = f"{plain(result['backbone'])} (L={result['L']}), {result['solver']}, d={result['d']}"
    axes.plot(
        [degree["l"] + offset for degree in degrees],
        [degree["rho"] for degree in degrees],
        color=colour,
        linewidth=1.2,
        label=name,
    )
    for degree in degrees:
        x, (low, high) = degree["l"] + offset, degree["rho_ci"]
        path = degree["path"]
        (point,) = axes.plot(
            x, degree["rho"] if path else 0, marker, color=colour, markersize=4,
            markerfacecolor=colour if path else "white",
        )  # fmt: skip
        words = figure_words("ρ", degree["rho"], low, high) if path else "no path"
        tips(point, [f"{result['backbone']}, {result['solver']}, l = {degree['l']}: {words}"])
        if path:
            axes.plot([x, x], [low, high], color=colour, linewidth=1.2)
    axes.set_xticks([degree["l"] for degree in degrees])
