"""Background: an error on a model card is worth as much as the command that recomputes it. Question: how far
are a backbone's energies and forces from the reference on frames it never saw? Provides: `errors`.
"""

from collections.abc import Callable
from dataclasses import asdict

import numpy as np

from experiments.backbones.batch import Batch
from experiments.backbones.protocol import Potential
from experiments.backbones.shipped import Errors
from experiments.data import Frames
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
    frames: Frames,
    at_once: int = 50,
    progress: Callable[[int], None] = lambda done: None,
) -> Errors:
    """Errors of ``potential`` on ``frames``.

    Args:
        potential: predicts energies in eV and forces in eV/Å.
        frames: reference frames with energies and forces.
        at_once: frames predicted at once.
        progress: called with the number of frames done.

    Raises:
        InputError: the frames have no energies or no forces.
    """
    import torch

    if frames.energies is None or frames.forces is None:
        raise InputError(f"{frames.source} has no energies and forces, expected reference values to test on")
    numbers = torch.tensor(frames.numbers)
    energy, force = [], []
    for start in range(0, len(frames), at_once):
        chunk = slice(start, start + at_once)
        batch = Batch.of_molecule(numbers, torch.tensor(frames.positions[chunk]))
        energies, forces = potential.energy_forces(batch)
        energy.append(energies.cpu().double().numpy() - frames.energies[chunk])
        force.append(forces.cpu().double().numpy() - frames.forces[chunk].reshape(-1, 3))
        progress(min(start + at_once, len(frames)))
    energy_mae = float(np.abs(np.concatenate(energy)).mean())
    residual = np.concatenate(force)
    return Errors(
        n_frames=len(frames),
        energy_mae=energy_mae,
        energy_mae_per_atom=energy_mae / frames.n_atoms,
        force_mae=1e3 * float(np.abs(residual).mean()),
        force_rmse=1e3 * float(np.sqrt((residual**2).mean())),
    )
