"""The figure of a study: ρ and R²_inj against frequency, one column a degree, bands of confidence."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from experiments.report.save import drawing, save

COLOURS = {"free": "#0072b2", "mlp": "#d55e00", "equivariant": "#009e73"}
MARKERS = {"free": "o", "mlp": "s", "equivariant": "^"}
FIGURES = (("rho", r"$\rho(l)$"), ("r2_injected", r"$R^2_{\mathrm{inj}}(l)$"))


def draw_study(study: dict[str, Any], paths: Sequence[Path]) -> None:
    """Draw the replicated networks of a study; frequencies to which a solver has no path are hollow.

    Args:
        study: as its JSON file holds it.
        paths: files whose suffixes name the formats.

    Raises:
        InputError: matplotlib is missing, or a file cannot be written.
    """
    if not paths:
        return
    first = study["groups"][0]["label"]
    groups = [group for group in study["groups"] if group["label"] == first]
    degrees = sorted({group["d"] for group in groups})
    with drawing():
        from matplotlib import pyplot as plt

        figure, axes = plt.subplots(
            len(FIGURES), len(degrees), figsize=(2.3 * len(degrees) + 0.6, 4.2),
            sharex=True, sharey=True, layout="constrained", squeeze=False,
        )  # fmt: skip
        for row, (name, label) in zip(axes, FIGURES, strict=True):
            row[0].set_ylabel(label)
            for panel, d in zip(row, degrees, strict=True):
                for group in groups:
                    if group["d"] == d:
                        _curve(panel, group, name)
                boundary = next(group["predicted_boundary"] for group in groups if group["d"] == d)
                panel.axvline(boundary + 0.5, color="0.3", linestyle="--", linewidth=1)
                panel.axhline(0, color="0.7", linewidth=0.8, zorder=0)
                panel.spines[["top", "right"]].set_visible(False)
                panel.set_ylim(-0.08, 1.08)
                if panel in axes[0]:
                    panel.set_title(f"$d = {d}$, $dL = {boundary}$", fontsize=9)
                if panel in axes[-1]:
                    panel.set_xlabel("angular frequency $l$")
        handles = {
            line.get_label(): line
            for panel in axes.flat
            for line in panel.lines
            if line.get_label()[0] != "_"
        }
        axes[-1, 0].legend(handles.values(), handles.keys(), frameon=False, fontsize=7)
        figure.suptitle(
            f"{study['molecule']}, {study['data']}: {len(groups[0]['backbones'])} networks, {first}",
            fontsize=9,
        )
        figure.supxlabel(
            "degree-bounded probes of one direction, random orientations; bands: 95%; hollow: no path",
            fontsize=6,
            color="0.4",
        )
        save(figure, paths)


def _curve(axes: Any, group: dict[str, Any], name: str) -> None:
    degrees = [degree for degree in group["degrees"] if degree[name] is not None]
    if not degrees:
        return
    solver = group["solver"]
    colour, marker = COLOURS[solver], MARKERS[solver]
    l = [degree["l"] for degree in degrees]
    low, high = zip(*(degree[f"{name}_ci"] for degree in degrees), strict=True)
    axes.fill_between(l, low, high, color=colour, alpha=0.2, linewidth=0)
    axes.plot(
        l,
        [degree[name] for degree in degrees],
        color=colour,
        linewidth=1.2,
        marker=marker,
        markersize=3.5,
        markevery=[i for i, degree in enumerate(degrees) if degree["path"]],
        label=solver,
    )
    for degree in degrees:
        if not degree["path"]:
            axes.plot(degree["l"], 0, marker, color=colour, markerfacecolor="white", markersize=3.5)
    axes.set_xticks(l)
