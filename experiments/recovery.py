"""Reading a frequency off: how much of the injected field an SPN recovers on structures it never saw.

ρ(l) = (G_E(l) - G_E(null)) / mean δE², G_E the drop in mean squared energy residual, null that of the same SPN fitted
with nothing injected. R²_inj(l) = 1 - Σ|δF - δF̂|² / Σ|δF|². The raw gain is the drop in mean squared force residual
per component. Every figure is a ratio of sums over structures, and these sums are made here; nothing here knows L, d or
a boundary.
"""

import numpy as np
from numpy.typing import NDArray

from experiments.samples import Inputs, Targets
from experiments.spn.protocol import Prediction

Array = NDArray[np.float64]


def energy_sums(inputs: Inputs, targets: Targets, prediction: Prediction) -> Array:
    """Mean over orientations of δE², of the drop in squared residual, and of that drop with nothing injected, eV².

    Returns:
        (n_frames, n_frequencies, 3).
    """
    columns = []
    for l in targets.frequencies:
        field, base, null, injected = _parts(l, inputs, targets, prediction)
        columns.append(
            np.stack(
                [
                    np.mean(field**2, axis=1),
                    np.mean((base + field) ** 2 - (base + field - null - injected) ** 2, axis=1),
                    np.mean(base**2 - (base - null) ** 2, axis=1),
                ],
                axis=1,
            )
        )
    return np.stack(columns, axis=1)


def force_sums(inputs: Inputs, targets: Targets, prediction: Prediction) -> Array:
    """The same of forces per component, with |δF - δF̂|² second: (n_frames, n_frequencies, 4), (eV/Å)²."""
    columns = []
    for l in targets.frequencies:
        field, base, null, injected = _parts(l, inputs, targets, prediction)
        columns.append(
            np.stack(
                [
                    np.mean(field**2, axis=(1, 2)),
                    np.mean((field - injected) ** 2, axis=(1, 2)),
                    np.mean((base + field) ** 2 - (base + field - null - injected) ** 2, axis=(1, 2)),
                    np.mean(base**2 - (base - null) ** 2, axis=(1, 2)),
                ],
                axis=1,
            )
        )
    return np.stack(columns, axis=1)


def _parts(
    l: int, inputs: Inputs, targets: Targets, prediction: Prediction
) -> tuple[Array, Array, Array, Array]:
    """The injected field, the network's own residual, and what is predicted of the two."""
    field = targets.oriented(l, inputs.rotations)
    base = np.broadcast_to(targets.base[:, None], field.shape)
    return field, base, prediction.null[l], prediction.injected.get(l, np.zeros(()))
