"""Labels as the fit sees them: rows of mean power one, energies per atom and relative to a constant per element."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from experiments.structures import Structures

Array = NDArray[np.float64]

ROUNDING = 1e-12
"""Of energies, relative."""


@dataclass(frozen=True, eq=False)
class Labels:
    """What is fitted, and in which units.

    Attributes:
        energies: (n,) eV, less the least-squares constant of every element, or None: also where nothing is left.
        forces: (N, 3), eV/Å, or None.
        energy_rms: of ``energies`` per atom, eV.
        force_rms: of force components, eV/Å.
    """

    energies: Array | None
    forces: Array | None
    energy_rms: float
    force_rms: float

    @classmethod
    def of(cls, structures: Structures, elements: tuple[int, ...]) -> "Labels":
        """Labels of some structures. The constants are for rounding's sake: every fit has free ones of its own."""
        energies, energy_rms, force_rms = None, 0.0, 0.0
        if structures.energies is not None:
            counts = structures.element_counts(elements)
            constants = np.linalg.lstsq(counts, structures.energies, rcond=None)[0]
            energies = structures.energies - counts @ constants
            energy_rms = float(np.sqrt(np.mean((energies / structures.sizes) ** 2)))
            if energy_rms <= ROUNDING * np.abs(structures.energies / structures.sizes).max():
                energies, energy_rms = None, 0.0
        if structures.forces is not None:
            force_rms = float(np.sqrt(np.mean(structures.forces**2)))
        return cls(energies, structures.forces, energy_rms, force_rms)
