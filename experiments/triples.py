"""Triples of atoms whose energy is P_l of one angle and nothing else: what a force field would have to learn.

A carbon at the origin and two hydrogens around it, directions uniform on the sphere and independent, so that cos θ of
the angle at the carbon is uniform too; distances uniform as well, independent of everything.
"""

import numpy as np
from numpy.polynomial.legendre import legder, legval
from numpy.typing import NDArray

Array = NDArray[np.float64]

NUMBERS = (6, 1, 1)
NEAREST, FURTHEST = 1.0, 1.5
"""Å, of a hydrogen."""


def triples(number: int, rng: np.random.Generator) -> Array:
    """Positions (number, 3, 3), Å, the carbon first."""
    directions = rng.normal(size=(number, 2, 3))
    directions /= np.linalg.norm(directions, axis=2, keepdims=True)
    arms = rng.uniform(NEAREST, FURTHEST, (number, 2, 1)) * directions
    return np.concatenate([np.zeros((number, 1, 3)), arms], axis=1)


def labels(positions: Array, l: int) -> tuple[Array, Array]:
    """Energies a P_l(cos θ) exp(-(r_1 + r_2)/Å) and minus their gradients; a makes the mean square force component 1.

    Args:
        positions: (n, 3, 3), Å.
        l: degree, at least 1.

    Returns:
        Energies (n,), eV, and forces (n, 3, 3), eV/Å.
    """
    arms = positions[:, 1:] - positions[:, :1]
    distances = np.linalg.norm(arms, axis=2)
    units = arms / distances[..., None]
    cosine = np.sum(units[:, 0] * units[:, 1], axis=1)
    series = np.eye(l + 1)[l]
    radial = np.exp(-distances.sum(axis=1))
    energies = legval(cosine, series) * radial
    slope = (legval(cosine, legder(series)) * radial)[:, None, None]
    # ∂cos θ/∂r_1 = (u_2 - cos θ u_1)/r_1, and the same with 1 and 2 exchanged
    turning = (units[:, ::-1] - cosine[:, None, None] * units) / distances[..., None]
    outer = energies[:, None, None] * units - slope * turning
    forces = np.concatenate([-outer.sum(axis=1, keepdims=True), outer], axis=1)
    size = np.sqrt(np.mean(forces**2))
    return energies / size, forces / size
