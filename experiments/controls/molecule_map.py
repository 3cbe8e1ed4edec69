"""A molecule drawn flat, each half of a bond in a colour of its own."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes

NOTHING_READ = "0.85"


def draw_bonds(axes: "Axes", molecule: Mapping[str, Any], colours: Mapping[tuple[int, int], Any]) -> None:
    """Draw bonds, and atoms with their symbol and number.

    Args:
        axes: drawn on.
        molecule: ``drawing``, a place (x, y) for every atom; ``bonds``, pairs of atoms; ``symbols``.
        colours: of the half of bond (a, b) that belongs to a; grey where there is none.
    """
    places = np.array(molecule["drawing"])
    for a, b in molecule["bonds"]:
        for near, far in ((a, b), (b, a)):
            middle = (places[near] + places[far]) / 2
            axes.plot(
                *np.stack([places[near], middle]).T,
                color=colours.get((near, far), NOTHING_READ),
                linewidth=3.5,
                solid_capstyle="butt",
                zorder=1,
            )
    for atom, (x, y) in enumerate(places):
        axes.text(
            x,
            y,
            f"{molecule['symbols'][atom]}{atom}",
            fontsize=5,
            ha="center",
            va="center",
            zorder=2,
            bbox={"boxstyle": "circle,pad=0.15", "facecolor": "white", "edgecolor": "0.6", "linewidth": 0.4},
        )
    axes.set_aspect("equal")
    axes.margins(0.08)
    axes.set_axis_off()
