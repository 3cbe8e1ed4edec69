"""What can be measured of a cell, by name: a new kind of measurement is one function and one line here."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from experiments.lab import angle_training, angles, body_frame, leakage, polygons, potential, recovering
from experiments.lab.cell import Cell
from experiments.lab.measurement import Measurement
from experiments.lab.sources import Sources

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Measure:
    """One kind of measurement.

    Attributes:
        run: measures cells that share their inputs, all at once.
        shared: what cells have to have in common to be measured together.
        figures: figures by name, one column a frequency, from sums over structures and the number of structures.
        identity: what identifies the content of all that the cell names; ``None`` if nothing does.
    """

    run: Callable[[Sequence[Cell], Sources], list[Measurement]]
    figures: Callable[[Mapping[str, Array], Array], dict[str, Array]]
    shared: Callable[[Cell], Hashable] = field(default=lambda cell: cell)
    identity: Callable[[Cell, Sources], dict[str, Any] | None] = field(
        default=lambda cell, sources: sources.contents(cell)
    )


MEASURES: dict[str, Measure] = {
    "recovery": Measure(recovering.measure, recovering.figures, recovering.shared),
    "polygon": Measure(polygons.measure, polygons.figures, polygons.shared, polygons.identity),
    "body frame": Measure(
        body_frame.measure,
        recovering.figures,
        identity=lambda cell, sources: sources.structures_contents(cell),
    ),
    "leakage": Measure(leakage.measure, leakage.figures),
    "angles": Measure(angles.measure, angles.figures, angles.shared, angles.identity),
    "angle energy": Measure(
        angles.energy_measure, angles.energy_figures, angles.energy_shared, angles.identity
    ),
    "angle training": Measure(
        angle_training.measure, angle_training.figures, identity=angle_training.identity
    ),
    "force error": Measure(potential.force_error, potential.mean_figures),
    "energy residual": Measure(potential.energy_residual, potential.root_mean_square),
}
