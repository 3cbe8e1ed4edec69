"""Squared errors on structures that were not fitted, summed by cluster."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from experiments.choose.fits import Fits, Progress, Task, nothing

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class SquaredErrors:
    """Sums over clusters; along the sizes the first is that of no polynomial at all, constants alone.

    Attributes:
        energies: (clusters, 1 + sizes) of energies per atom, eV², or None.
        energy_counts: (clusters,) structures.
        forces: (clusters, elements, 1 + sizes) of force components on atoms of each element, (eV/Å)², or None.
        force_counts: (clusters, elements) components.
    """

    energies: Array | None
    energy_counts: Array
    forces: Array | None
    force_counts: Array


def squared_errors(
    task: Task, fits: Fits, tested: NDArray[np.bool_], progress: Progress = nothing
) -> SquaredErrors:
    """Errors of every size on every structure that is ``tested`` (n,), from the fits without its fold."""
    structures, labels, elements = task.structures, task.labels, task.expansion.elements
    names, cluster = np.unique(structures.clusters, return_inverse=True)
    shape = len(names), len(elements), 1 + len(task.sizes)
    energies, forces = np.zeros((shape[0], shape[2])), np.zeros(shape)
    energy_counts, force_counts = np.zeros(shape[0]), np.zeros(shape[:2])
    for fold in range(task.folds):
        weights = fits.weights[fold]
        for block, rows in task.blocks(fold):
            if labels.energies is not None:
                residual = labels.energies[block][:, None] - rows.energies @ weights
                residual /= structures.sizes[block][:, None]
                np.add.at(energies, cluster[block], residual**2 * tested[block, None])
                np.add.at(energy_counts, cluster[block], tested[block])
            if labels.forces is not None and rows.forces is not None:
                atoms = np.flatnonzero(np.isin(structures.structure_of, block))
                residual = labels.forces[atoms].reshape(-1, 1) - rows.forces @ weights
                of = structures.structure_of[atoms]
                place = cluster[of], np.searchsorted(elements, structures.numbers[atoms])
                squares = (residual**2).reshape(len(atoms), 3, -1).sum(axis=1)
                np.add.at(forces, place, squares * tested[of, None])
                np.add.at(force_counts, place, 3 * tested[of])
        progress()
    return SquaredErrors(
        None if labels.energies is None else energies,
        energy_counts,
        None if labels.forces is None else forces,
        force_counts,
    )
