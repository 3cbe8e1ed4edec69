"""How good a potential a backbone is: the errors of its forces, and what it leaves of the energies."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from experiments.backbones.protocol import Potential, card_of
from experiments.lab.cell import Cell
from experiments.lab.measurement import Measurement
from experiments.lab.sources import Sources
from experiments.residuals import residuals
from span_theorem.errors import InputError

Array = NDArray[np.float64]


def force_error(cells: Sequence[Cell], sources: Sources) -> list[Measurement]:
    """Mean absolute error of a force component, structure by structure, meV/Å.

    Raises:
        InputError: a backbone that predicts no forces, or structures without them.
    """
    (cell,) = cells
    backbone = sources.backbone(cell)
    _, test = sources.structures(cell)
    if not isinstance(backbone, Potential) or test.forces is None:
        raise InputError(
            f"backbone {backbone.name} on {test.source}: expected predicted forces and reference forces"
        )
    _, forces = sources.reader.predict(backbone, test)
    every = 1e3 * np.abs(forces - test.forces).mean(axis=1)
    errors = np.array([own.mean() for own in np.split(every, test.first[1:-1])])
    card = card_of(backbone)
    facts = {
        "name": backbone.name,
        "L": backbone.irreps.lmax,
        "layer": card.layer,
        "card": card.to_dict(),
        "test": test.to_dict(),
    }
    return [Measurement((0,), {"force_mae": errors[:, None]}, test.checksum, facts, test.places)]


def energy_residual(cells: Sequence[Cell], sources: Sources) -> list[Measurement]:
    """Square of what the backbone leaves of the energy, structure by structure, eV²."""
    (cell,) = cells
    backbone = sources.backbone(cell)
    training, test = sources.structures(cell)
    left = residuals(backbone, training, test, sources.reader, forces=False)
    facts = {"name": backbone.name, "test": test.to_dict()}
    return [
        Measurement((0,), {"energy_rms": left.energies[1][:, None] ** 2}, test.checksum, facts, test.places)
    ]


def mean_figures(sums: Mapping[str, Array], number: Array) -> dict[str, Array]:
    """Means over structures."""
    return {name: total / number for name, total in sums.items()}


def root_mean_square(sums: Mapping[str, Array], number: Array) -> dict[str, Array]:
    """Roots of means over structures."""
    return {name: np.sqrt(total / number) for name, total in sums.items()}
