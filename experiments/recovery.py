"""Reading a frequency off: how much of the injected field an SPN recovers on structures it never saw.

ρ(l) = (G_E(l) - G_E(null)) / mean δE², G_E the drop in mean squared energy residual, null that of the same SPN fitted
with nothing injected. R²_inj(l) = 1 - Σ|δF - δF̂|² / Σ|δF|², and the same of energies, which has no cross terms with the
network's own residual. The raw gain is the drop in mean squared force residual, in units of the injected power. Every
figure is a ratio of sums over structures, and these sums are made here; nothing here knows L, d or a boundary.

An SPN that predicts every component of the field in the molecule's axes is averaged over all orientations and all c
exactly: D(R) is orthogonal, so the mean of |c·D(R)Y_l|² is |Y_l|²/(2l+1), and what does not turn does not mix with it.
"""

import numpy as np
from numpy.typing import NDArray

from experiments.samples import Inputs, Targets
from experiments.spn.protocol import Prediction

Array = NDArray[np.float64]


def sums(inputs: Inputs, targets: Targets, prediction: Prediction) -> Array:
    """Means over orientations and components, by structure and frequency.

    Returns:
        (n_frames, n_frequencies, 4), eV² or (eV/Å)²: the injected power δ², what is missed of it (δ - δ̂)², the drop in
        squared residual, and that drop with nothing injected.
    """
    columns = []
    for l in targets.frequencies:
        base, null = targets.base[:, None], prediction.null[l]
        null_gain = _mean(base**2 - (base - null) ** 2)
        if l in prediction.components:
            field = targets.components(l)
            power, missed = _mean(field**2), _mean((field - prediction.components[l]) ** 2)
            gain = power - missed + null_gain
        else:
            field = targets.oriented(l, inputs.rotations)
            injected = prediction.injected.get(l, np.zeros(()))
            power, missed = _mean(field**2), _mean((field - injected) ** 2)
            gain = _mean((base + field) ** 2 - (base + field - null - injected) ** 2)
        columns.append(np.stack([power, missed, gain, null_gain], axis=1))
    return np.stack(columns, axis=1)


def _mean(values: Array) -> Array:
    return values.reshape(len(values), -1).mean(axis=1)
