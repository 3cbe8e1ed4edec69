"""Rattled crystals: a cube, a cell smaller than any cutoff, a slab with two periods, a molecule without any."""

import numpy as np
from ase.build import bulk, fcc111, molecule

from experiments.structures import Structures


def images(seed=0, size=0.08):
    """ASE's `Atoms`, every one with displacements of its own."""
    slab = fcc111("Cu", (1, 2, 3), vacuum=6.0)
    slab.pbc = (True, True, False)
    perfect = [bulk("NaCl", "rocksalt", 5.64, cubic=True), bulk("Si"), slab, molecule("H2O")]
    for index, atoms in enumerate(perfect):
        atoms.rattle(size, seed=4 * seed + index)
    return perfect


def crystals(seed=0):
    """The same as structures."""
    return Structures.from_ase(images(seed), "crystals")


def model_of_metals():
    """nequip's own model with the weights of `nequip:metals-emt`, and its configuration."""
    from experiments.backbones.nequip import build
    from experiments.backbones.nequip_framework import load_parameters
    from experiments.backbones.shipped import read

    files = read("metals-emt")
    model = build(files.config).eval()
    load_parameters(model, files.parameters, files.name)
    return model, files.config


def neighbours(atoms, cutoff):
    """Pairs (i, j, shift) by going through images, as many as are in reach: an independent way."""
    heights = np.linalg.norm(np.linalg.pinv(np.where(atoms.pbc[:, None], atoms.cell.array, 0)), axis=0)
    reach = np.ceil(cutoff * heights + np.ptp(atoms.positions, axis=0).max() * heights).astype(int)
    ranges = [np.arange(-n, n + 1) if periodic else [0] for n, periodic in zip(reach, atoms.pbc, strict=True)]
    shifts = np.array(np.meshgrid(*ranges, indexing="ij")).reshape(3, -1).T
    found = set()
    for i, origin in enumerate(atoms.positions):
        for j, end in enumerate(atoms.positions):
            distance = np.linalg.norm(end - origin + shifts @ atoms.cell.array, axis=1)
            near = shifts[(distance < cutoff) & (distance > 1e-9)]
            found |= {(i, j, *shift.tolist()) for shift in near}
    return found
