"""Figures with intervals, drawn one way by every control."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def curve(
    axes: "Axes", x: Sequence[float], figures: Sequence[dict[str, Any]], look: str = "o-", **style: Any
) -> None:
    """ρ against ``x`` with a bar for every 95% interval.

    Args:
        figures: objects with ``rho`` and ``rho_ci``.
        look: marker and line, as matplotlib takes them.
        style: colour and label; ``markerfacecolor`` for hollow markers.
    """
    style = {"markersize": 3.5, "linewidth": 1.1} | style
    (line,) = axes.plot(x, [found["rho"] for found in figures], look, **style)
    low, high = zip(*(found["rho_ci"] for found in figures), strict=True)
    axes.vlines(x, low, high, color=line.get_color(), linewidth=0.9)


def tidy(axes: "Axes", threshold: float) -> None:
    """The look all panels share: zero, the threshold, and no more frame than needed."""
    axes.axhline(0, color="0.7", linewidth=0.8, zorder=0)
    axes.axhline(threshold, color="0.7", linewidth=0.8, linestyle=":", zorder=0)
    axes.set_ylim(-0.25, 1.05)
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(labelsize=7)
