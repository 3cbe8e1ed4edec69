"""What a frozen backbone leaves of the labels: E - E_0 and F - F_0.

Background: with a field δ injected, a network trained before leaves (E - E_0) + δE and (F - F_0) + δF. Its own part is
the same for every frequency, and the null gain says how much of it an SPN takes. Where a backbone predicts nothing, or
structures have no labels, nothing but the injection is left; this module says so in words.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from experiments.backbones.protocol import Backbone, Potential
from experiments.elements import symbol
from experiments.features import FeatureReader
from experiments.structures import Structures
from span_theorem.errors import InputError

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Residuals:
    """Residuals of training and test frames with nothing injected.

    Attributes:
        energies: (n,) of either set, eV, less a constant for every element, fitted to training structures by least
            squares; of one composition that is their mean.
        forces: (n, 3 n_atoms) of either set, eV/Å, zero behind the atoms of a smaller structure; ``None`` where there
            are no force figures.
        notes: what is missing, and what was done about it, one sentence each.
    """

    energies: tuple[Array, Array]
    forces: tuple[Array, Array] | None
    notes: tuple[str, ...]


def residuals(
    backbone: Backbone, training: Structures, test: Structures, reader: FeatureReader, forces: bool
) -> Residuals:
    """Residuals of both sets.

    Args:
        backbone: frozen.
        training, test: structures.
        reader: computes predictions, or reads them back.
        forces: whether force figures are wanted.

    Raises:
        InputError: an element that training structures lack.
    """
    both = (training, test)
    labelled = {name: all(getattr(one, name) is not None for one in both) for name in ("energies", "forces")}
    notes = []
    predicted = []
    if isinstance(backbone, Potential) and any(labelled.values()):
        predicted = [reader.predict(backbone, one) for one in both]
    energies = np.zeros(len(training)), np.zeros(len(test))
    if predicted and labelled["energies"]:
        left = [np.asarray(one.energies) - own for one, (own, _) in zip(both, predicted, strict=True)]
        constants = _constants(left[0], both)
        energies = left[0] - constants[0], left[1] - constants[1]
    else:
        notes.append(f"energy residuals are the injection alone: {_lacking(backbone, labelled, 'energies')}")
    if not forces:
        return Residuals(energies, None, tuple(notes))
    if not (predicted and labelled["forces"]):
        notes.append(f"no force figures: {_lacking(backbone, labelled, 'forces')}")
        return Residuals(energies, None, tuple(notes))
    remaining = [
        one.padded(np.asarray(one.forces) - own).reshape(len(one), -1)
        for one, (_, own) in zip(both, predicted, strict=True)
    ]
    return Residuals(energies, (remaining[0], remaining[1]), tuple(notes))


def _lacking(backbone: Backbone, labelled: Mapping[str, bool], name: str) -> str:
    """Why there are no residuals of energies, or of forces."""
    if not labelled[name]:
        return f"the structures have no {name}"
    return f"backbone {backbone.name} predicts " + ("none" if name == "energies" else "no forces")


def _constants(energies: Array, both: tuple[Structures, Structures]) -> list[Array]:
    """What is taken out of the energies of either set: the sum over atoms of a constant for every element.

    The constants are those of least squares on training structures (the smallest, where several sets fit alike).
    """
    elements = np.unique(both[0].numbers).tolist()
    unknown = np.setdiff1d(both[1].numbers, elements)
    if len(unknown):
        raise InputError(
            f"{both[1].source} holds {symbol(int(unknown[0]))}, which training structures lack: expected the "
            "elements of training structures"
        )
    counts = [one.element_counts(elements) for one in both]
    if all((one == counts[0][0]).all() for one in counts):
        return [np.full(len(one), energies.mean()) for one in counts]
    constants, *_ = np.linalg.lstsq(counts[0], energies, rcond=None)
    return [one @ constants for one in counts]
