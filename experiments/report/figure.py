"""The figure of a diagnosis: recovery against angular frequency, with the theorem's boundary marked."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from span_theorem.errors import InputError
from span_theorem.output import replacing

FORMATS = (".png", ".svg")
MARKERS = ("o", "s", "^", "D", "v", "P")


def draw_recoveries(results: Sequence[dict[str, Any]], stem: Path) -> tuple[Path, ...]:
    """Write ``stem``.png and ``stem``.svg.

    Args:
        results: diagnoses as their JSON files hold them, one curve each; the boundary of the first is marked.
        stem: path without suffix.

    Raises:
        InputError: matplotlib is missing, or the file cannot be written.
    """
    try:
        import matplotlib
    except ImportError as error:
        raise InputError("figures need matplotlib: pip install 'span-theorem[report]'") from error
    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    with plt.rc_context({"font.size": 9, "svg.hashsalt": "span-theorem", "svg.fonttype": "none"}):
        figure, axes = plt.subplots(figsize=(4.2, 2.8), layout="constrained")
        for index, (result, marker) in enumerate(zip(results, MARKERS, strict=False)):
            _curve(axes, result, marker, offset=0.08 * (index - (len(results) - 1) / 2))
        boundary = results[0]["predicted_boundary"]
        axes.axvline(boundary + 0.5, color="0.3", linestyle="--", linewidth=1)
        axes.annotate(
            f"$dL = {boundary}$",
            (boundary + 0.5, 1.02),
            xycoords=("data", "axes fraction"),
            ha="center",
            va="bottom",
            fontsize=8,
        )
        axes.axhline(0, color="0.7", linewidth=0.8, zorder=0)
        axes.set_xlabel("angular frequency $l$")
        axes.set_ylabel("recovered power $R^2(l)$")
        lowest = min(degree["r2_ci"][0] for result in results for degree in result["degrees"])
        axes.set_ylim(min(-0.08, lowest * 1.1), 1.08)
        axes.legend(frameon=False, fontsize=7, loc="center left")
        axes.spines[["top", "right"]].set_visible(False)
        paths = tuple(stem.with_name(stem.name + suffix) for suffix in FORMATS)
        try:
            for path in paths:
                with replacing(path) as temporary:
                    metadata = {"Date": None} if path.suffix == ".svg" else None
                    figure.savefig(temporary, dpi=200, metadata=metadata)
        finally:
            plt.close(figure)
    return paths


def _curve(axes: Any, result: dict[str, Any], marker: str, offset: float) -> None:
    degrees = result["degrees"]
    low = [degree["r2"] - degree["r2_ci"][0] for degree in degrees]
    high = [degree["r2_ci"][1] - degree["r2"] for degree in degrees]
    axes.errorbar(
        [degree["l"] + offset for degree in degrees],
        [degree["r2"] for degree in degrees],
        yerr=[[max(value, 0) for value in low], [max(value, 0) for value in high]],
        marker=marker,
        markersize=4,
        linewidth=1.2,
        capsize=2,
        label=f"{result['backbone']} (L={result['L']}), {result['solver']}, d={result['d']}",
    )
    axes.set_xticks([degree["l"] for degree in degrees])
