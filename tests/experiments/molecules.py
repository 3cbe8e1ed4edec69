"""Free molecules of one kind, shown to backbones as arrays of frames."""

import torch

from experiments.backbones import site as of_sites
from experiments.backbones.batch import Batch
from experiments.backbones.free_molecule import of_batches


def features_of(backbone, numbers, positions):
    """(n, n_atoms, dim) from numbers (n_atoms,) and positions (n, n_atoms, 3)."""
    found = of_batches(backbone).features(Batch.of_molecule(numbers, positions))
    return found.unflatten(0, positions.shape[:2])


def predictions_of(backbone, numbers, positions):
    """(n,) and (n, n_atoms, 3)."""
    energies, forces = of_batches(backbone).energy_forces(Batch.of_molecule(numbers, positions))
    return energies, forces.unflatten(0, positions.shape[:2])


def site_features_of(backbone, numbers, positions, site):
    """(n, dim) of one atom."""
    batch = Batch.of_molecule(numbers, positions)
    return of_sites.site_features(of_batches(backbone), batch, batch.first[:-1] + site)


def site_jacobian_of(backbone, numbers, positions, site):
    """(n, dim) of one atom, and (n, dim, n_atoms, 3)."""
    batch = Batch.of_molecule(numbers, positions)
    values, derivative = of_sites.site_jacobian(of_batches(backbone), batch, batch.first[:-1] + site)
    return values, derivative.unflatten(0, positions.shape[:2]).transpose(1, 2)


def tensors(structures):
    """Numbers (n_atoms,) and positions (n, n_atoms, 3)."""
    return tuple(torch.tensor(array) for array in structures.stacked())
