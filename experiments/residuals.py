"""What a frozen backbone leaves of the labels: E - E_0 and F - F_0.

Background: with a field δ injected, a network trained before leaves (E - E_0) + δE and (F - F_0) + δF. Its own part is
the same for every frequency, and the null gain says how much of it an SPN takes. Where a backbone predicts nothing, or
frames have no labels, nothing but the injection is left; this module says so in words.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from experiments.backbones.protocol import Backbone, Potential
from experiments.data.frames import Frames
from experiments.features import FeatureReader

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Residuals:
    """Residuals of training and test frames with nothing injected.

    Attributes:
        energies: (n_frames,) of either set, eV, less the mean over training frames.
        forces: (n_frames, 3 n_atoms) of either set, eV/Å; ``None`` where there are no force figures.
        notes: what is missing, and what was done about it, one sentence each.
    """

    energies: tuple[Array, Array]
    forces: tuple[Array, Array] | None
    notes: tuple[str, ...]


def residuals(
    backbone: Backbone, training: Frames, test: Frames, reader: FeatureReader, forces: bool
) -> Residuals:
    """Residuals of both sets.

    Args:
        backbone: frozen.
        training, test: frames.
        reader: computes predictions, or reads them back.
        forces: whether force figures are wanted.
    """
    both = (training, test)
    labelled = all(frames.energies is not None for frames in both)
    if not (isinstance(backbone, Potential) and labelled):
        lacking = "the frames have no energies" if not labelled else f"backbone {backbone.name} predicts none"
        notes = [f"energy residuals are the injection alone: {lacking}"]
        if forces:
            notes.append(f"no force figures: {_why_no_forces(backbone, both)}")
        return Residuals((np.zeros(len(training)), np.zeros(len(test))), None, tuple(notes))
    predicted = [reader.predict(backbone, frames) for frames in both]
    left = [
        np.asarray(frames.energies) - energies for frames, (energies, _) in zip(both, predicted, strict=True)
    ]
    energies = (left[0] - left[0].mean(), left[1] - left[0].mean())
    if not forces:
        return Residuals(energies, None, ())
    if not all(frames.forces is not None for frames in both):
        return Residuals(energies, None, ("no force figures: the frames have no forces",))
    remaining = [
        (np.asarray(frames.forces) - own).reshape(len(frames), -1)
        for frames, (_, own) in zip(both, predicted, strict=True)
    ]
    return Residuals(energies, (remaining[0], remaining[1]), ())


def _why_no_forces(backbone: Backbone, both: tuple[Frames, Frames]) -> str:
    if not isinstance(backbone, Potential):
        return f"backbone {backbone.name} predicts no forces"
    return "the frames have no " + ("forces" if any(frames.forces is None for frames in both) else "energies")
