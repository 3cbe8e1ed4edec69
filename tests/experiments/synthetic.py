"""Synthetic backbones of known spectrum and frames to show them, through the public adapter protocol."""

import numpy as np
import torch
from e3nn.o3 import Irreps, spherical_harmonics

from experiments.structures import Structures

CARBON = 6


def random_frames(n_frames: int, seed: int, n_atoms: int = 3, source: str = "synthetic") -> Structures:
    """Atoms whose directions from one to the next are isotropic and independent, at distances of 1 to 2 Å.

    Energies are normal; forces are too, of 1 eV/Å a component, and belong to no potential.
    """
    generator = np.random.default_rng(seed)
    steps = generator.normal(size=(n_frames, n_atoms, 3))
    steps *= generator.uniform(1, 2, size=(n_frames, n_atoms, 1)) / np.linalg.norm(
        steps, axis=2, keepdims=True
    )
    return Structures.of_molecule(
        np.full(n_atoms, CARBON),
        np.cumsum(steps, axis=1),
        0.01 * generator.normal(size=n_frames),
        generator.normal(size=(n_frames, n_atoms, 3)),
        source,
    )


class Blank:
    """Predicts no energy and no force, so that all of the labels is left."""

    def energy_forces(self, numbers, positions):
        return torch.zeros(len(positions), dtype=positions.dtype), torch.zeros_like(positions)


class Spectrum(Blank):
    """Features of atom a: Y_l of the direction from a to the next atom, for the listed orders l and nothing else.

    Args:
        orders: which l the features carry, one channel each.
        claimed: irreps to declare instead of the true ones.
    """

    def __init__(self, orders, claimed: str | None = None):
        self.name = f"synthetic:{'+'.join(map(str, orders))}"
        self.orders = list(orders)
        true = Irreps([(1, (l, (-1) ** l)) for l in self.orders])
        self.irreps = Irreps(claimed) if claimed else true

    def features(self, numbers, positions):
        direction = positions.roll(-1, dims=1) - positions
        return spherical_harmonics(self.orders, direction, normalize=True, normalization="component")


class FeaturesOnly:
    """A :class:`Spectrum` that predicts nothing, as a user may hand in."""

    def __init__(self, orders):
        whole = Spectrum(orders)
        self.name, self.irreps, self.features = whole.name, whole.irreps, whole.features


class Noise(Blank):
    """Features of the declared irreps that know nothing of the marked direction: harmonics of two other atoms."""

    name = "synthetic:noise"
    irreps = Irreps("1x0e+1x1o+1x2e")

    def features(self, numbers, positions):
        # atoms 2 and 3 move independently of atoms 0 and 1, which are the marked pair
        direction = (positions[:, 3] - positions[:, 2])[:, None].expand_as(positions)
        return spherical_harmonics([0, 1, 2], direction, normalize=True, normalization="component")


class Silent(Blank):
    """Features that are all zero."""

    name = "synthetic:zero"
    irreps = Irreps("2x0e+1x1o")

    def features(self, numbers, positions):
        return 0 * positions.sum() * torch.ones(*positions.shape[:2], self.irreps.dim, dtype=positions.dtype)
