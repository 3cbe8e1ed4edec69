"""The figure of diagnoses: recovery against angular frequency, with the theorem's boundary marked."""

from collections.abc import Sequence
from itertools import cycle
from pathlib import Path
from typing import Any

from experiments.report.save import drawing, plain, require_matplotlib, save

__all__ = ["draw_recoveries", "require_matplotlib"]

MARKERS = ("o", "s", "^", "D", "v", "P", "X", "<", ">", "*")


def draw_recoveries(results: Sequence[dict[str, Any]], paths: Sequence[Path]) -> None:
    """Write one figure to every path; frequencies to which a solver has no path are drawn hollow.

    Args:
        results: diagnoses as their JSON files hold them, one curve each.
        paths: files whose suffixes name the formats.

    Raises:
        InputError: matplotlib is missing, or a file cannot be written.
    """
    if not paths:
        return
    with drawing():
        from matplotlib import pyplot as plt

        figure, axes = plt.subplots(figsize=(4.4, 3.0), layout="constrained")
        for index, (result, marker) in enumerate(zip(results, cycle(MARKERS), strict=False)):
            _curve(axes, result, marker, offset=0.08 * (index - (len(results) - 1) / 2))
        for boundary in sorted({result["predicted_boundary"] for result in results}):
            _mark_boundary(axes, boundary)
        axes.axhline(0, color="0.7", linewidth=0.8, zorder=0)
        axes.set_xlabel("angular frequency $l$")
        axes.set_ylabel(r"injected power recovered $\rho(l)$")
        lowest = min(degree["rho_ci"][0] for result in results for degree in result["degrees"])
        axes.set_ylim(min(-0.08, lowest * 1.1), 1.08)
        axes.legend(frameon=False, fontsize=7, loc="lower left", bbox_to_anchor=(0, 0.1))
        axes.spines[["top", "right"]].set_visible(False)
        figure.supxlabel(
            "degree-bounded probe of one direction, random orientations; hollow: no path",
            fontsize=6,
            color="0.4",
        )
        save(figure, paths)


def _mark_boundary(axes: Any, boundary: int) -> None:
    axes.axvline(boundary + 0.5, color="0.3", linestyle="--", linewidth=1)
    axes.annotate(
        f"$dL = {boundary}$",
        (boundary + 0.5, 1.02),
        xycoords=("data", "axes fraction"),
        ha="center",
        va="bottom",
        fontsize=8,
    )


def _curve(axes: Any, result: dict[str, Any], marker: str, offset: float) -> None:
    degrees = result["degrees"]
    (line,) = axes.plot(
        [degree["l"] + offset for degree in degrees],
        [degree["rho"] for degree in degrees],
        linewidth=1.2,
        label=f"{plain(result['backbone'])} (L={result['L']}), {result['solver']}, d={result['d']}",
        marker=marker,
        markersize=4,
        markevery=[index for index, degree in enumerate(degrees) if degree["path"]],
    )
    for degree in degrees:
        x, (low, high) = degree["l"] + offset, degree["rho_ci"]
        if degree["path"]:
            axes.plot([x, x], [low, high], color=line.get_color(), linewidth=1.2)
        else:
            axes.plot(x, 0, marker, color=line.get_color(), markerfacecolor="white", markersize=4)
    axes.set_xticks([degree["l"] for degree in degrees])
