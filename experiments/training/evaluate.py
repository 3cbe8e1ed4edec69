"""Background: an error on a model card is worth as much as the command that recomputes it. Question: how far
are a backbone's energies and forces from the reference on frames it never saw? Provides: `errors`.
"""

from collections.abc import Callable
from dataclasses import asdict

import numpy as np

from experiments.backbones.batch import Batch
from experiments.backbones.protocol import Potential
from experiments.backbones.shipped import Errors
from experiments.structures import Structures
from span_theorem.errors import InputError

# Batches and threads reorder float32 sums: about 1e-7 of a force, and 1e-6 of an error, which is a small
# difference of forces.
RELATIVE_TOLERANCE = 1e-4


def disagreement(found: Errors, stated: Errors) -> str | None:
    """Which figure differs from the ``stated`` one by more than ``RELATIVE_TOLERANCE``; None if none does."""
    for key, value in asdict(found).items():
        other = getattr(stated, key)
        if not np.isclose(value, other, rtol=RELATIVE_TOLERANCE, atol=0):
            return f"{key} is {value:.6g}, the card says {other:.6g}"
    return None


def errors(
    potential: Potential,
    structures: Structures,
    at_once: int = 50,
    progress: Callable[[int], None] = lambda done: None,
) -> Errors:
    """Errors of ``potential`` on ``structures``.

    Args:
        potential: predicts energies in eV and forces in eV/Å.
        structures: with energies and forces of reference.
        at_once: structures predicted at once.
        progress: called with the number of structures done.

    Raises:
        InputError: the structures have no energies or no forces.
    """
    if structures.energies is None or structures.forces is None:
        raise InputError(
            f"{structures.source} has no energies and forces, expected reference values to test on"
        )
    energy, force = [], []
    for start in range(0, len(structures), at_once):
        some = structures.subset(range(start, min(start + at_once, len(structures))))
        energies, forces = potential.energy_forces(Batch.of(some))
        energy.append(energies.cpu().double().numpy() - some.energies)
        force.append(forces.cpu().double().numpy() - some.forces)
        progress(start + len(some))
    missed = np.abs(np.concatenate(energy))
    residual = np.concatenate(force)
    return Errors(
        n_frames=len(structures),
        energy_mae=float(missed.mean()),
        energy_mae_per_atom=float((missed / structures.sizes).mean()),
        force_mae=1e3 * float(np.abs(residual).mean()),
        force_rmse=1e3 * float(np.sqrt((residual**2).mean())),
    )
